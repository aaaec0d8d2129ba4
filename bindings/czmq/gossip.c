/*
 * CZMQ's gossip service on this library: names published at two nodes reach each other by a third, over inproc and tcp.
 * CZMQ has a self test of it, which ci/bindings.sh leaves out: it starts two nodes at once and takes for granted that the
 * first is done before the second begins. Here each step is waited for. Prints the same on every libzmq.
 */
#include <czmq.h>

static zactor_t *node (const char *name, const char *base)
{
    zactor_t *self = zactor_new (zgossip, (void *) name);
    if (!self)
        exit (1);
    zsock_set_rcvtimeo (self, 20000);
    if (base)
        zstr_sendx (self, "CONNECT", base, NULL);
    return self;
}

static void publish (zactor_t *self, const char *key, const char *value)
{
    zstr_sendx (self, "PUBLISH", key, value, NULL);
}

/* Waits for what `self` is told next, which must be of this name and value. */
static void expect (zactor_t *self, const char *who, const char *key, const char *value)
{
    char *command = NULL, *got_key = NULL, *got_value = NULL;
    zstr_recvx (self, &command, &got_key, &got_value, NULL);
    printf ("%s: %s %s %s\n", who, command ? command : "nothing", got_key ? got_key : "", got_value ? got_value : "");
    if (!command || strcmp (command, "DELIVER") || !got_key || strcmp (got_key, key) || !got_value || strcmp (got_value, value)) {
        printf ("%s: expected %s %s\n", who, key, value);
        exit (1);
    }
    zstr_free (&command);
    zstr_free (&got_key);
    zstr_free (&got_value);
}

/* The answer to a command that has one, which the caller frees. */
static char *ask (zactor_t *self, const char *command)
{
    char *name = NULL, *answer = NULL;
    zstr_send (self, command);
    zstr_recvx (self, &name, &answer, NULL);
    if (!name || strcmp (name, command) || !answer) {
        printf ("%s is answered by %s\n", command, name ? name : "nothing");
        exit (1);
    }
    zstr_free (&name);
    return answer;
}

static void three_nodes (const char *endpoint)
{
    char place[100];
    zactor_t *base = node ("base", NULL);
    zstr_sendx (base, "BIND", endpoint, NULL);
    char *port = ask (base, "PORT");
    const char *star = strrchr (endpoint, '*');
    if (star)
        snprintf (place, sizeof place, "%.*s%s", (int) (star - endpoint), endpoint, port);
    else
        snprintf (place, sizeof place, "%s", endpoint);
    zstr_free (&port);

    zactor_t *alpha = node ("alpha", place);
    publish (alpha, "printer", "1st floor");
    expect (alpha, "alpha", "printer", "1st floor");
    expect (base, "base", "printer", "1st floor");

    /* One that comes later is told what is known. */
    zactor_t *beta = node ("beta", place);
    expect (beta, "beta", "printer", "1st floor");
    publish (beta, "scanner", "attic");
    expect (beta, "beta", "scanner", "attic");
    expect (base, "base", "scanner", "attic");
    expect (alpha, "alpha", "scanner", "attic");

    /* A value that changes is told, one that does not is not: what comes next is the name after it. */
    publish (alpha, "printer", "cellar");
    expect (alpha, "alpha", "printer", "cellar");
    expect (beta, "beta", "printer", "cellar");
    publish (beta, "scanner", "attic");
    publish (beta, "coffee", "kitchen");
    expect (beta, "beta", "coffee", "kitchen");
    expect (alpha, "alpha", "coffee", "kitchen");
    char *count = ask (alpha, "STATUS");
    printf ("alpha knows %s names\n", count);
    zstr_free (&count);

    zactor_destroy (&alpha);
    zactor_destroy (&beta);
    zactor_destroy (&base);
}

int main (void)
{
    setvbuf (stdout, NULL, _IOLBF, 0);
    three_nodes ("inproc://gossip");
    three_nodes ("tcp://127.0.0.1:*");
    return 0;
}
