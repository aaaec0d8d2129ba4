/* Rates, latencies and the line that they are printed in. */
#include "bench.h"

/* Part of the measured time that goes before it unmeasured. */
static const double warm_up = 0.15;

void meter_start (struct meter *meter)
{
    long step = (long) (1000000 / (job.size + 1));

    memset (meter, 0, sizeof *meter);
    /* Between two looks at the clock: no more than 64 messages, or a megabyte. */
    meter->step = step < 1 ? 1 : step > 64 ? 64 : step;
    meter->until_look = meter->step;
    meter->begun = now ();
    meter->marked = meter->begun;
}

int meter_tick (struct meter *meter)
{
    double time;

    meter->total++;
    if (meter->ended > 0)
        return 1;
    if (job.count > 0 || --meter->until_look > 0)
        return 0;

    meter->until_look = meter->step;
    time = now ();
    if (meter->at_mark == 0 && time - meter->begun >= warm_up * job.seconds) {
        meter->marked = time;
        meter->at_mark = meter->total;
    } else if (meter->at_mark > 0 && time - meter->marked >= job.seconds) {
        meter->ended = time;
        meter->at_end = meter->total;
        return 1;
    }
    return 0;
}

void meter_stop (struct meter *meter)
{
    if (meter->ended > 0)
        return;
    meter->ended = now ();
    meter->at_end = meter->total;
}

double meter_rate (const struct meter *meter)
{
    return (double) (meter->at_end - meter->at_mark) / (meter->ended - meter->marked);
}

void report_begin (void)
{
    printf ("mode=%s transport=%s size=%lu curve=%d", job.mode, job.transport,
            (unsigned long) job.size, job.curve);
}

void report_number (const char *key, double value)
{
    printf (" %s=%.6g", key, value);
}

void report_end (void)
{
    printf ("\n");
    fflush (stdout);
}

static int compare (const void *left, const void *right)
{
    uint64_t a, b;

    memcpy (&a, left, sizeof a);
    memcpy (&b, right, sizeof b);
    return (a > b) - (a < b);
}

void report_latency (uint64_t *round_trips_ns, long count)
{
    double sum = 0;
    long i;

    for (i = 0; i < count; i++)
        sum += (double) round_trips_ns[i];
    qsort (round_trips_ns, (size_t) count, sizeof *round_trips_ns, compare);
    report_number ("mean_us", sum / (double) count / 2000.0);
    report_number ("p50_us", (double) round_trips_ns[count / 2] / 2000.0);
    report_number ("p99_us", (double) round_trips_ns[count * 99 / 100] / 2000.0);
}
