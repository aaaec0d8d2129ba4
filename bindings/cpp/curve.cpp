// CURVE with a ZAP handler: a known client gets in and its user id comes with the message; a stranger does not.
#include "common.hpp"
#include <utility>

static std::pair<std::string, std::string> keys ()
{
    char open[41], secret[41];
    if (zmq_curve_keypair (open, secret) != 0)
        std::exit (1);
    return {open, secret};
}

static zmq::socket_t client (zmq::context_t &context, const std::string &server, const std::pair<std::string, std::string> &own)
{
    auto socket = make (context, zmq::socket_type::dealer);
    socket.set (zmq::sockopt::curve_serverkey, server);
    socket.set (zmq::sockopt::curve_publickey, own.first);
    socket.set (zmq::sockopt::curve_secretkey, own.second);
    return socket;
}

int main ()
{
    zmq::context_t context;
    const auto server = keys (), known = keys (), stranger = keys ();
    auto zap = make (context, zmq::socket_type::rep);
    zap.bind ("inproc://zeromq.zap.01");
    int asked = 0;
    std::thread handler ([&] {
        for (; asked < 2; ++asked) {
            zmq::multipart_t request (zap);
            char key[41];
            zmq_z85_encode (key, request[6].data<uint8_t> (), request[6].size ());
            const bool good = known.first == key;
            zmq::multipart_t reply;
            reply.addstr (request.peekstr (0));
            reply.addstr (request.peekstr (1));
            reply.addstr (good ? "200" : "400");
            reply.addstr (good ? "" : "no");
            reply.addstr (good ? "alice" : "");
            reply.addmem ("", 0);
            reply.send (zap);
        }
    });

    auto pull = make (context, zmq::socket_type::dealer);
    pull.set (zmq::sockopt::curve_server, true);
    pull.set (zmq::sockopt::curve_secretkey, server.second);
    pull.set (zmq::sockopt::zap_domain, "test");
    const auto endpoint = bind (pull);

    auto friendly = client (context, server.first, known);
    friendly.connect (endpoint);
    send (friendly, "secret");
    zmq::message_t message;
    if (pull.recv (message))
        std::cout << message.to_string () << " from " << message.gets ("User-Id") << "\n";

    // A denied client is told, and does not try again by itself: waiting for that event ends the case.
    auto foreign = client (context, server.first, stranger);
    foreign.set (zmq::sockopt::reconnect_ivl, -1);
    if (zmq_socket_monitor (foreign.handle (), "inproc://denied", ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0)
        return 1;
    auto denied = make (context, zmq::socket_type::pair);
    denied.connect ("inproc://denied");
    foreign.connect (endpoint);
    zmq::multipart_t event (denied);
    std::cout << "denied with " << event[0].data<uint8_t> ()[2] + 256 * event[0].data<uint8_t> ()[3] << "\n";
    handler.join ();
    pull.set (zmq::sockopt::rcvtimeo, 50);
    std::cout << "then " << (pull.recv (message) ? "something" : "nothing") << "\n";
}
