// zmq::poll on sockets and a descriptor, the steerable proxy of cppzmq, and, where the header has the draft API,
// zmq::poller_t and zmq::active_poller_t. Standard output is the same without them.
#include "common.hpp"
#include <chrono>
#include <unistd.h>
#include <vector>

using std::chrono::milliseconds;

static void with_poll (zmq::context_t &context)
{
    auto pull = make (context, zmq::socket_type::pull), push = make (context, zmq::socket_type::push);
    auto other = make (context, zmq::socket_type::pull);
    int fds[2];
    if (pipe (fds) != 0)
        std::exit (1);
    push.connect (bind (pull));
    std::vector<zmq::pollitem_t> items = {{pull, 0, ZMQ_POLLIN, 0}, {other, 0, ZMQ_POLLIN, 0}, {nullptr, fds[0], ZMQ_POLLIN, 0}};
    std::cout << "quiet: " << zmq::poll (items, milliseconds (20)) << "\n";
    send (push, "x");
    std::cout << "message: " << zmq::poll (items, milliseconds (10000));
    std::cout << " " << items[0].revents << items[1].revents << items[2].revents << "\n";
    receive (pull);
    if (write (fds[1], "x", 1) != 1)
        std::exit (1);
    std::cout << "descriptor: " << zmq::poll (items, milliseconds (10000));
    std::cout << " " << items[0].revents << items[1].revents << items[2].revents << "\n";
    close (fds[0]);
    close (fds[1]);
}

static void with_proxy (zmq::context_t &context)
{
    auto front = make (context, zmq::socket_type::router), back = make (context, zmq::socket_type::dealer);
    auto control = make (context, zmq::socket_type::pair), steering = make (context, zmq::socket_type::pair);
    const auto to_front = bind (front), to_back = bind (back);
    control.bind ("inproc://control");
    steering.connect ("inproc://control");
    std::thread proxy ([&] { zmq::proxy_steerable (front, back, zmq::socket_ref (), control); });
    auto req = make (context, zmq::socket_type::req), rep = make (context, zmq::socket_type::rep);
    req.connect (to_front);
    rep.connect (to_back);
    for (int i = 0; i < 100; ++i) {
        send (req, "q" + std::to_string (i));
        send (rep, receive (rep) + "a");
        const auto reply = receive (req);
        if (i == 99)
            std::cout << "through the proxy: " << reply << "\n";
    }
    send (steering, "TERMINATE");
    proxy.join ();
    std::cout << "proxy ended\n";
}

#if defined(ZMQ_BUILD_DRAFT_API) && defined(ZMQ_HAVE_POLLER)
static void expect (bool right, const char *what)
{
    if (!right) {
        std::cout << "WRONG: " << what << std::endl;
        std::exit (1);
    }
}

static void with_pollers (zmq::context_t &context)
{
    auto pull = make (context, zmq::socket_type::pull), push = make (context, zmq::socket_type::push);
    push.connect (bind (pull));
    int user = 7;
    zmq::poller_t<int> poller;
    poller.add (pull, zmq::event_flags::pollin, &user);
    std::vector<zmq::poller_event<int>> events (2);
    expect (poller.wait_all (events, milliseconds (20)) == 0, "a quiet poller");
    send (push, "1");
    expect (poller.wait_all (events, milliseconds (10000)) == 1, "one event");
    expect (events[0].user_data == &user && events[0].events == zmq::event_flags::pollin, "its data");
    poller.modify (pull, zmq::event_flags::none);
    expect (poller.wait_all (events, milliseconds (20)) == 0, "nothing asked for");
    poller.remove (pull);

    zmq::active_poller_t active;
    int calls = 0;
    active.add (pull, zmq::event_flags::pollin, [&] (zmq::event_flags) {
        receive (pull);
        ++calls;
    });
    expect (active.wait (milliseconds (10000)) == 1 && calls == 1, "the handler is called");
    expect (active.wait (milliseconds (20)) == 0 && calls == 1, "and only then");
    send (push, "2");
    expect (active.wait (milliseconds (10000)) == 1 && calls == 2, "and again");
    active.remove (pull);
    expect (active.empty (), "removed");
    std::cerr << "pollers of the draft API: passed\n";
}
#endif

int main ()
{
    zmq::context_t context;
    with_poll (context);
    with_proxy (context);
#if defined(ZMQ_BUILD_DRAFT_API) && defined(ZMQ_HAVE_POLLER)
    with_pollers (context);
#endif
}
