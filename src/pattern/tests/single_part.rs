//! The draft types whose messages have one frame.

use super::*;
use SocketType::{Channel, Client, Dealer, Gather, Peer, Scatter, Server};

#[test]
fn a_server_answers_by_number() {
    for (ty, peer_ty) in [(Server, Client), (Peer, Peer)] {
        let mut server = Socket::new(ty);
        let mut clients: Vec<_> = (0..2).map(|_| Socket::new(peer_ty)).collect();
        let mut numbers = Vec::new();
        for (i, client) in (0_u8..).zip(&mut clients) {
            join(client, &mut server);
            let mut request = Msg::copy_of(&[i]).unwrap();
            if peer_ty == Peer {
                request.set_routing_id(1);
                assert_eq!(
                    client.send_msg(&mut request).unwrap_err(),
                    Errno::EHOSTUNREACH
                );
                continue;
            }
            client.send_msg(&mut request).unwrap();
            assert!(server.can_recv());
            let request = server.recv_msg().unwrap();
            assert_eq!((request.data(), name_of(&request)), (&[i][..], "a"));
            numbers.push(request.routing_id());
        }
        for (number, client) in numbers.iter().zip(&mut clients) {
            assert_ne!(*number, 0);
            let mut answer = Msg::copy_of(b"answer").unwrap();
            answer.set_routing_id(*number);
            server.send_msg(&mut answer).unwrap();
            let answer = client.recv_msg().unwrap();
            assert_eq!((answer.data(), answer.routing_id()), (&b"answer"[..], 0));
        }
        assert_eq!(server.send_frame(b"whom?", false), Err(Errno::EHOSTUNREACH));
        assert_eq!(server.send_frame(b"more", true), Err(Errno::EINVAL));
    }
}

#[test]
fn messages_of_more_frames_are_neither_sent_nor_received() {
    for ty in [Gather, Channel, Client] {
        let (mut socket, mut peer) = (Socket::new(ty), Socket::new(Dealer));
        join(&mut peer, &mut socket);
        peer.send(&[b"1", b"2"]).unwrap();
        socket.expect_nothing();
        peer.send(&[b"1", b"2", b"3"]).unwrap();
        peer.send(&[b"4"]).unwrap();
        assert!(socket.can_recv());
        socket.expect(&[b"4"]);
        socket.expect_nothing();
    }
    let (mut scatter, mut gather) = (Socket::new(Scatter), Socket::new(Gather));
    join(&mut scatter, &mut gather);
    assert_eq!(scatter.send_frame(b"1", true), Err(Errno::EINVAL));
    scatter.send(&[b"2"]).unwrap();
    gather.expect(&[b"2"]);
}

#[test]
fn what_was_taken_out_to_look_at_it_is_not_overtaken() {
    for ty in [Gather, Channel, Client] {
        let (mut socket, mut peer) = (Socket::new(ty), Socket::new(Dealer));
        join(&mut peer, &mut socket);
        for body in [b"1", b"2", b"3"] {
            peer.send(&[body]).unwrap();
        }
        socket.expect(&[b"1"]);
        assert!(socket.can_recv());
        assert!(socket.recv_express_msg().is_none());
        assert_eq!(socket.pipes.recv_express(&mut [0]), None);
        socket.expect(&[b"2"]);
        socket.expect(&[b"3"]);
    }
}
