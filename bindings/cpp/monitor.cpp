// zmq::monitor_t: the events of a listener and of a connection, from its own thread of reading.
#include "common.hpp"
#include <vector>

class Events : public zmq::monitor_t
{
  public:
    std::vector<std::string> seen;
    void on_event_listening (const zmq_event_t &, const char *) override { seen.push_back ("listening"); }
    void on_event_accepted (const zmq_event_t &, const char *) override { seen.push_back ("accepted"); }
    void on_event_handshake_succeeded (const zmq_event_t &, const char *) override { seen.push_back ("handshake"); }
    void on_event_disconnected (const zmq_event_t &, const char *) override { seen.push_back ("disconnected"); }
    void on_event_closed (const zmq_event_t &, const char *) override { seen.push_back ("closed"); }

    // Reads events until this one was seen; false after ten seconds.
    bool until (const std::string &event)
    {
        for (int i = 0; i < 100; ++i) {
            if (!seen.empty () && seen.back () == event)
                return true;
            check_event (100);
        }
        return false;
    }
};

int main ()
{
    zmq::context_t context;
    auto rep = make (context, zmq::socket_type::rep);
    Events events;
    events.init (rep, "inproc://events", ZMQ_EVENT_ALL);
    const auto endpoint = bind (rep);
    {
        auto req = make (context, zmq::socket_type::req);
        req.connect (endpoint);
        send (req, "x");
        send (rep, receive (rep));
        receive (req);
    }
    std::cout << "disconnected: " << events.until ("disconnected") << "\n";
    rep.unbind (endpoint);
    std::cout << "closed: " << events.until ("closed") << "\n";
    for (const auto &event : events.seen)
        std::cout << event << "\n";
    events.abort ();
}
