// Publish and subscribe: XPUB tells of subscriptions, prefixes choose, unsubscribing works; options as types.
#include "common.hpp"

static void show (const std::string &event)
{
    std::cout << (event[0] ? "subscribed " : "unsubscribed ") << '\'' << event.substr (1) << "'\n";
}

int main ()
{
    zmq::context_t context;
    auto pub = make (context, zmq::socket_type::xpub), sub = make (context, zmq::socket_type::sub);
    pub.set (zmq::sockopt::xpub_verbose, true);
    sub.connect (bind (pub));
    sub.set (zmq::sockopt::subscribe, "news.");
    show (receive (pub));
    sub.set (zmq::sockopt::subscribe, "weather");
    show (receive (pub));
    for (const char *text : {"news", "news.1", "sport", "weather in Bern", "Weather", "news.2"})
        send (pub, text);
    for (int i = 0; i < 3; ++i)
        std::cout << receive (sub) << "\n";
    sub.set (zmq::sockopt::unsubscribe, "news.");
    show (receive (pub));
    send (pub, "news.3");
    send (pub, "weather in Rome");
    std::cout << receive (sub) << "\n";

    // Multipart: the first frame decides, the rest comes with it.
    sub.set (zmq::sockopt::subscribe, "");
    show (receive (pub));
    send (pub, "a", zmq::send_flags::sndmore);
    send (pub, "b");
    std::cout << receive (sub) << " more " << sub.get (zmq::sockopt::rcvmore) << "\n";
    std::cout << receive (sub) << " more " << sub.get (zmq::sockopt::rcvmore) << "\n";
    std::cout << "type " << sub.get (zmq::sockopt::type) << " hwm " << sub.get (zmq::sockopt::rcvhwm) << "\n";
    sub.set (zmq::sockopt::rcvtimeo, 50);
    zmq::message_t none;
    std::cout << "then " << (sub.recv (none) ? "something" : "nothing") << "\n";
}
