// What the C++ programs share. Each runs on this library and on libzmq and must print the same there,
// so nothing may be printed that differs from run to run: no ports, no times, no addresses.
#pragma once

#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

#include <zmq.hpp>
#include <zmq_addon.hpp>

// A socket whose calls end after ten seconds and that drops at its end what nobody took.
inline zmq::socket_t make (zmq::context_t &context, zmq::socket_type type)
{
    zmq::socket_t socket (context, type);
    socket.set (zmq::sockopt::linger, 0);
    socket.set (zmq::sockopt::rcvtimeo, 10000);
    socket.set (zmq::sockopt::sndtimeo, 10000);
    return socket;
}

// Binds to a free port of the loopback; the endpoint to connect to.
inline std::string bind (zmq::socket_t &socket)
{
    socket.bind ("tcp://127.0.0.1:*");
    return socket.get (zmq::sockopt::last_endpoint);
}

inline void send (zmq::socket_t &socket, const std::string &text, zmq::send_flags flags = zmq::send_flags::none)
{
    if (!socket.send (zmq::buffer (text), flags)) {
        std::cout << "send timed out" << std::endl;
        std::exit (1);
    }
}

inline std::string receive (zmq::socket_t &socket)
{
    zmq::message_t message;
    if (!socket.recv (message, zmq::recv_flags::none)) {
        std::cout << "receive timed out" << std::endl;
        std::exit (1);
    }
    return message.to_string ();
}
