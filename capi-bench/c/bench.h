/*
 * What the modes of the benchmark share: a clock, sides that run in processes or
 * threads of their own, a board in shared memory between them, sockets that are
 * set up alike everywhere, and the one line that a run prints.
 *
 * Only zmq.h is used, so that the same binary runs on any libzmq.so.5.
 */
#ifndef BENCH_H
#define BENCH_H

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

/* --- the job: the command line, set before any side starts, then only read -------------------- */

struct job {
    const char *mode;
    const char *transport; /* "tcp", "ipc", "inproc" or "ws" */
    size_t size;           /* bytes in a message */
    long count;            /* messages or rounds; 0: `seconds` rules */
    double seconds;        /* measured time, after the warm-up */
    long number;           /* clients, subscribers, connections: whatever the mode counts */
    long idle_us;          /* pause before each round trip */
    int hwm;               /* -1: the library's default */
    int curve;             /* 1: CURVE on every connection */
    int io_threads;        /* 0: the library's default */
    int parts;             /* frames in a message */
    int senders;           /* threads that send, each from a socket of its own */
    int busy;              /* 1: every processor has other work all the time */
    int limit;             /* seconds until the whole run is given up */
};
extern struct job job;

/* --- failing ---------------------------------------------------------------------------------- */

/* Exit code of a run that this library or machine cannot do. */
enum { EXIT_SKIP = 77 };

void die (const char *what);
void skip (const char *why);
/* Goes on when CONDITION holds, otherwise ends the run with errno's reason. */
void require (int condition, const char *what);

/* --- clock, processor time, memory ------------------------------------------------------------ */

uint64_t now_ns (void);
double now (void);
void nap (double seconds);
/* User and system seconds of this process, and of its children that were waited for. */
double cpu_self (void);
double cpu_children (void);
/* Voluntary context switches of all threads of this process. */
long switches_self (void);
/* Resident memory of this process, in bytes. */
double resident (void);
/* Makes room for COUNT descriptors or skips the run, where that is not allowed. */
void need_descriptors (long count);

/* --- the board: shared by all sides, processes or not ----------------------------------------- */

struct place {
    int bound;
    char endpoint[256];
    char server_key[41];
};

struct board {
    int stop;  /* measuring is over: send nothing more */
    int ready; /* how many sides, or subscribers, are ready */
    int done;  /* everything has arrived: close */
    int leave; /* the run is over: no more work for the processors */
    long sent; /* messages, of all senders */
    struct place places[2];
    double numbers[8]; /* what one side has to tell the other */
};
extern struct board *board;

/* Once, before any side starts; also sets the time limit of the run. */
void board_open (void);
void flag_add (int *flag);
int flag_read (int *flag);
void count_add (long *count, long more);
long count_read (long *count);
void flag_await (int *flag, int value);

/* --- sides ------------------------------------------------------------------------------------ */

typedef void (*side_fn) (void);

/* Runs SIDE beside the caller: a thread on a shared context for inproc, else a new process. */
void side_start (side_fn side);
/* Waits for all sides that were started. */
void sides_join (void);
/* The context for this side, and its end. */
void *side_context (void);
void side_end (void *context);
/* A process for each processor that does nothing but use it, until load_end. */
void load_start (void);
void load_end (void);

/* --- sockets ---------------------------------------------------------------------------------- */

void *socket_open (void *context, int type);
void socket_set (void *socket, int option, int value);
/* Binds at the job's transport and writes the endpoint on the board. */
void socket_bind (void *socket, int place);
/* Waits for the endpoint on the board and connects. */
void socket_connect (void *socket, int place);
void socket_close (void *socket);

/* One frame of at most SIZE bytes; the length. Blocks, or waits on ZMQ_FD as an event loop does. */
int receive (void *socket, char *buffer, size_t size);
int receive_by_fd (void *socket, char *buffer, size_t size);
/* Waits for a message that zmq_recv would take now, through ZMQ_FD and ZMQ_EVENTS alone. */
void wait_by_fd (void *socket);
/* 0 when the socket's ZMQ_SNDTIMEO has passed. */
int send_frame (void *socket, const void *data, size_t size, int flags);

/* --- measuring a stream of messages ----------------------------------------------------------- */

/* Counts messages: all of them, and those between the warm-up's end and the time that is up. */
struct meter {
    double begun, marked, ended;
    long total, at_mark, at_end;
    long step, until_look;
};
void meter_start (struct meter *meter);
/* One more message; 1 from the moment that the measured time is over. */
int meter_tick (struct meter *meter);
/* Nothing more comes: ends a measurement that was to go on for a number of messages. */
void meter_stop (struct meter *meter);
double meter_rate (const struct meter *meter);

/* --- the line --------------------------------------------------------------------------------- */

void report_begin (void);
void report_number (const char *key, double value);
void report_end (void);
/* Mean, median and 99th percentile of COUNT round trips, halved, in microseconds. */
void report_latency (uint64_t *round_trips_ns, long count);

/* --- the modes -------------------------------------------------------------------------------- */

void mode_throughput (void);
void mode_proxy (void);
void mode_latency (void);
void mode_pubsub (void);
void mode_subs (void);
void mode_router (void);
void mode_idlemem (void);
void mode_connrate (void);
void mode_handshakes (void);
void mode_teardown (void);
void mode_poll (void);
void mode_idle (void);
void mode_raw_stream (void);
void mode_raw_latency (void);

/* A ZMTP 3.0 DEALER without a library behind it: connects, sends its half of the handshake. */
int zmtp_dial (const char *endpoint);
/* Reads the other half; returns when the peer's READY has come. */
void zmtp_finish (int descriptor);

#endif
