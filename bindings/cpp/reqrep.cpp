// Request and reply through zmq.hpp: types of messages, metadata, errors as exceptions, a context's end.
#include "common.hpp"

static void serve (zmq::context_t &context, std::string *endpoint, zmq::socket_t &ready)
{
    auto rep = make (context, zmq::socket_type::rep);
    *endpoint = bind (rep);
    send (ready, "bound");
    for (std::string question; question != "end";) {
        zmq::message_t request;
        if (!rep.recv (request))
            return;
        question = request.to_string ();
        if (question == "type")
            question = request.gets ("Socket-Type");
        send (rep, "re " + question, zmq::send_flags::none);
        if (question == "end")
            return;
    }
}

int main ()
{
    zmq::context_t context (1);
    auto ready = make (context, zmq::socket_type::pair), told = make (context, zmq::socket_type::pair);
    ready.bind ("inproc://ready");
    told.connect ("inproc://ready");
    std::string endpoint;
    std::thread server (serve, std::ref (context), &endpoint, std::ref (told));
    receive (ready);

    auto req = make (context, zmq::socket_type::req);
    req.connect (endpoint);
    for (int i = 0; i < 1000; ++i) {
        send (req, std::to_string (i));
        if (receive (req) != "re " + std::to_string (i))
            std::cout << "wrong reply to " << i << "\n";
    }
    send (req, "type");
    std::cout << receive (req) << "\n";
    try {
        receive (req);
        std::cout << "a second receive passed\n";
    } catch (const zmq::error_t &error) {
        std::cout << "second receive: " << (error.num () == EFSM ? "EFSM" : error.what ()) << "\n";
    }

    // A large message without a copy: its memory is given back once.
    static int freed = 0;
    std::string large (3000000, 'x');
    {
        zmq::message_t message (&large[0], large.size (), [] (void *, void *hint) { ++*static_cast<int *> (hint); }, &freed);
        req.send (std::move (message), zmq::send_flags::none);
    }
    std::cout << "reply of " << receive (req).size () << " bytes\n";
    send (req, "end");
    std::cout << receive (req) << "\n";
    server.join ();
    req.close ();
    std::cout << "closed socket: " << (req ? "open" : "no handle") << "\n";
    ready.close ();
    told.close ();
    context.close ();
    std::cout << "freed " << freed << " time\n";
    try {
        zmq::socket_t none (context, zmq::socket_type::req);
        std::cout << "a socket of a closed context\n";
    } catch (const zmq::error_t &error) {
        std::cout << "no socket: " << (error.num () == EFAULT ? "EFAULT" : error.what ()) << "\n";
    }
}
