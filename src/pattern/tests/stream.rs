//! STREAM: notices, chunks, closing by an empty one.

use super::*;
use SocketType::{Dealer, Stream};

/// A STREAM that accepted a peer, which a DEALER plays: a message of its is a chunk.
fn accepted(stream: &mut Socket) -> (Socket, Vec<u8>) {
    let mut peer = Socket::new(Dealer);
    join(&mut peer, stream);
    let notice = stream.recv().unwrap();
    assert_eq!((notice.len(), notice[0].len(), notice[0][0]), (2, 5, 0));
    assert!(notice[1].is_empty());
    (peer, notice[0].clone())
}

#[test]
fn chunks_pass_both_ways_and_the_end_is_told() {
    let mut stream = Socket::new(Stream);
    let (mut peer, id) = accepted(&mut stream);
    peer.send(&[b"GET /"]).unwrap();
    assert!(stream.can_recv());
    for data in [&id[..], b"GET /"] {
        let frame = stream.recv_msg().unwrap();
        assert_eq!((frame.data(), name_of(&frame)), (data, "a"));
    }
    stream.send_frame(&id, true).unwrap();
    stream.send_frame(b"more is ignored", true).unwrap();
    peer.expect(&[b"more is ignored"]);
    peer.send(&[b"bye"]).unwrap();
    peer.close();
    stream.expect(&[&id, b"bye"]);
    stream.expect(&[&id, b""]);
    stream.expect_nothing();
    assert_eq!(stream.send_frame(&id, true), Err(Errno::EHOSTUNREACH));
}

#[test]
fn an_empty_chunk_closes_and_that_is_no_news() {
    let mut stream = Socket::new(Stream);
    let (mut peer, id) = accepted(&mut stream);
    stream.send(&[&id, b"last"]).unwrap();
    stream.send(&[&id, b""]).unwrap();
    stream.expect_nothing();
    peer.expect(&[b"last"]);
    assert!(stream.pipes.is_empty());
    assert_eq!(stream.send_frame(&id, true), Err(Errno::EHOSTUNREACH));
    // Neither is an end that the runtime has brought about.
    let (_peer, _) = accepted(&mut stream);
    let pipe = stream.pipes.ids().next().unwrap();
    stream.end(pipe);
    stream.expect_nothing();
}

#[test]
fn a_routing_id_alone_swallows_the_next_frame() {
    let mut stream = Socket::new(Stream);
    let (mut peer, id) = accepted(&mut stream);
    stream.send(&[&id]).unwrap();
    stream.send(&[b"lost"]).unwrap();
    stream.send(&[&id, b"there"]).unwrap();
    peer.expect(&[b"there"]);
    peer.expect_nothing();
}

#[test]
fn a_full_pipe_is_eagain() {
    let (mut stream, mut peer) = (Socket::new(Stream), Socket::new(Dealer));
    join_hwm(&mut peer, &mut stream, 1);
    let id = stream.recv().unwrap().remove(0);
    stream.send(&[&id, b"1"]).unwrap();
    assert_eq!(stream.send_frame(&id, true), Err(Errno::EAGAIN));
    peer.expect(&[b"1"]);
    stream.send(&[&id, b"2"]).unwrap();
    peer.expect(&[b"2"]);
}

#[test]
fn notices_can_be_turned_off() {
    let mut stream = Socket::with(Stream, &[(option::STREAM_NOTIFY, 0)]);
    let mut peer = Socket::new(Dealer);
    join(&mut peer, &mut stream);
    peer.send(&[b"x"]).unwrap();
    peer.send(&[b""]).unwrap();
    peer.close();
    assert_eq!(stream.recv().unwrap()[1], b"x");
    stream.expect_nothing();
}

#[test]
fn connections_have_a_name_at_once_and_notices_follow_reconnects() {
    let mut stream = Socket::new(Stream);
    assert_eq!(stream.pattern.option(option::ROUTING_ID), None);
    stream.pattern.next_connect_routing_id(b"conn1".to_vec());
    let mut peer = Socket::new(Dealer);
    let (stream_end, peer_end) = ends(&stream, &peer, 10);
    let id = stream.pipes.insert(stream_end);
    stream
        .pattern
        .attach(&mut stream.pipes, id, Origin::Connected, None);
    assert_eq!(
        stream.pattern.option(option::ROUTING_ID),
        Some(b"conn1".to_vec())
    );
    stream.send(&[b"conn1", b"queued"]).unwrap();
    stream.expect_nothing();
    let peer_id = peer.pipes.insert(peer_end);
    peer.pattern
        .attach(&mut peer.pipes, peer_id, Origin::Accepted, None);
    let identify = |stream: &mut Socket| {
        stream
            .pattern
            .identify(&mut stream.pipes, id, &Identity::default());
    };
    identify(&mut stream);
    stream.expect(&[b"conn1", b""]);
    peer.expect(&[b"queued"]);

    // Down, told by an empty frame, and up again, with that read before and after.
    peer.send(&[b""]).unwrap();
    stream.expect(&[b"conn1", b""]);
    stream.expect_nothing();
    identify(&mut stream);
    stream.expect(&[b"conn1", b""]);
    stream.expect_nothing();
    peer.send(&[b"data"]).unwrap();
    peer.send(&[b""]).unwrap();
    identify(&mut stream);
    stream.expect(&[b"conn1", b"data"]);
    stream.expect(&[b"conn1", b""]);
    stream.expect(&[b"conn1", b""]);
    stream.expect_nothing();

    // A second one without a chosen name gets one made up.
    let mut other = Socket::new(Dealer);
    join(&mut stream, &mut other);
    let name = stream.pattern.option(option::ROUTING_ID).unwrap();
    assert_eq!((name.len(), name[0]), (5, 0));
}
