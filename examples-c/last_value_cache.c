/*
 * last_value_cache [FRONT [BACK]]
 *
 * Stands between publishers and subscribers like a forwarder, and keeps the last message
 * of each topic. A subscriber that comes late would otherwise know nothing until the next
 * message; here it gets the last one at once. The XPUB socket receives the subscriptions,
 * with ZMQ_XPUB_VERBOSE also those for topics that others have already; each is answered
 * by sending the topic's last message again. Others on that topic get it a second time: a
 * value that is no news to them.
 *
 * By hand: start it, then price_publisher, and price_subscriber afterwards.
 */
#include "until_signal.h"

#include "frames.h"

enum { MOST_TOPICS = 100, LONGEST = 64 };

struct value {
    char topic[LONGEST];
    char text[LONGEST];
};

struct cache {
    int count;
    struct value values[MOST_TOPICS];
};

static struct value *lookup (struct cache *cache, const char *topic)
{
    int i;

    for (i = 0; i < cache->count; i++)
        if (strcmp (cache->values[i].topic, topic) == 0)
            return &cache->values[i];
    return NULL;
}

static int publish (void *back, const struct value *value)
{
    struct frames message;

    frames_start (&message);
    frames_add_text (&message, value->topic);
    frames_add_text (&message, value->text);
    return frames_send (back, &message);
}

/* A message of a publisher: keep it, pass it on. */
static int take_in (struct cache *cache, void *front, void *back)
{
    struct frames message;
    struct value *value, passing;

    if (frames_receive (front, &message, ZMQ_DONTWAIT) < 0)
        return -1;
    frame_text (&message, 0, passing.topic, sizeof passing.topic);
    frame_text (&message, 1, passing.text, sizeof passing.text);
    frames_clear (&message);

    value = lookup (cache, passing.topic);
    if (!value && cache->count < MOST_TOPICS)
        value = &cache->values[cache->count++];
    if (value)
        *value = passing;
    printf ("%s is %s%s\n", passing.topic, passing.text, value ? "" : ", too much to remember");
    fflush (stdout);
    return publish (back, &passing);
}

/* A subscription, or its end: whoever subscribes gets what there is. */
static int answer (struct cache *cache, void *back)
{
    struct frames message;
    struct value *value;
    char event[LONGEST];

    if (frames_receive (back, &message, ZMQ_DONTWAIT) < 0)
        return -1;
    frame_text (&message, 0, event, sizeof event);
    frames_clear (&message);
    value = event[0] == 1 ? lookup (cache, event + 1) : NULL;
    return value ? publish (back, value) : 0;
}

int main (int argc, char **argv)
{
    static struct cache cache;
    void *waiter, *context, *front, *back;

    context = begin_context (&waiter);
    front = open_socket (context, ZMQ_SUB, "creating a SUB socket");
    back = open_socket (context, ZMQ_XPUB, "creating an XPUB socket");
    require (zmq_setsockopt (front, ZMQ_SUBSCRIBE, "", 0) == 0, "subscribing");
    set_number (back, ZMQ_XPUB_VERBOSE, 1);
    bind_and_tell (front, argument (argc, argv, 1, "tcp://127.0.0.1:5565"), "publishers");
    bind_and_tell (back, argument (argc, argv, 2, "tcp://127.0.0.1:5566"), "subscribers");

    for (;;) {
        zmq_pollitem_t items[] = {{front, 0, ZMQ_POLLIN, 0}, {back, 0, ZMQ_POLLIN, 0}};

        if (zmq_poll (items, 2, -1) < 0 && ending ("waiting"))
            break;
        if (items[0].revents & ZMQ_POLLIN && take_in (&cache, front, back) < 0
            && ending ("passing a value on"))
            break;
        if (items[1].revents & ZMQ_POLLIN && answer (&cache, back) < 0
            && ending ("answering a subscription"))
            break;
    }

    require (zmq_close (front) == 0, "closing the front");
    require (zmq_close (back) == 0, "closing the back");
    end_context (waiter, context);
    return EXIT_SUCCESS;
}
