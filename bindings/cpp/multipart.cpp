// zmq_addon.hpp: multipart_t, send_multipart, recv_multipart over ROUTER and DEALER, encode and decode.
#include "common.hpp"
#include <vector>

int main ()
{
    zmq::context_t context;
    auto router = make (context, zmq::socket_type::router), dealer = make (context, zmq::socket_type::dealer);
    dealer.set (zmq::sockopt::routing_id, "me");
    dealer.connect (bind (router));

    zmq::multipart_t out;
    out.addstr ("first");
    out.addtyp<int> (4711);
    out.addmem ("", 0);
    out.addstr (std::string (100000, 'y'));
    out.send (dealer);

    zmq::multipart_t in (router);
    std::cout << in.size () << " frames from " << in.popstr () << ": " << in.popstr () << ", " << in.poptyp<int> () << ", "
              << in.pop ().size () << " and " << in.popstr ().size () << " bytes\n";

    // Back, with an envelope; and parts given as a range.
    const std::vector<zmq::const_buffer> parts = {zmq::str_buffer ("me"), zmq::str_buffer ("back"), zmq::str_buffer ("")};
    std::cout << "sent " << *zmq::send_multipart (router, parts) << " frames\n";
    std::vector<zmq::message_t> got;
    std::cout << "got " << *zmq::recv_multipart (dealer, std::back_inserter (got)) << ": " << got[0].to_string_view () << " and "
              << got[1].size () << " bytes\n";

    zmq::multipart_t copy;
    copy.addstr ("a");
    copy.addstr ("bc");
    zmq::multipart_t decoded = zmq::multipart_t::decode (copy.encode ());
    std::cout << "decoded " << decoded.size () << " " << decoded.peekstr (1) << ", equal " << decoded.equal (&copy) << "\n";

    // Moved and copied messages stay what they were.
    zmq::message_t one ("hello", 5), two;
    two.copy (one);
    zmq::message_t three (std::move (one));
    std::cout << two.to_string () << " " << three.to_string () << " " << one.size () << " " << (two == three) << "\n";

    // Nobody has this name, and the router is told to say so.
    router.set (zmq::sockopt::router_mandatory, true);
    try {
        send (router, "nobody", zmq::send_flags::sndmore);
        std::cout << "sent to nobody\n";
    } catch (const zmq::error_t &error) {
        std::cout << "to nobody: " << (error.num () == EHOSTUNREACH ? "EHOSTUNREACH" : error.what ()) << "\n";
    }
}
