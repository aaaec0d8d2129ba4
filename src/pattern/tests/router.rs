//! ROUTER: routing ids, unreachable peers, options.

use super::*;
use SocketType::{Dealer, Router};

const POLLOUT: i32 = 2;

fn named(ty: SocketType, name: &[u8]) -> Socket {
    let mut socket = Socket::new(ty);
    socket.options.set(option::ROUTING_ID, name).unwrap();
    socket
}

#[test]
fn peers_are_named_by_themselves_or_by_the_router() {
    let mut router = Socket::new(Router);
    let (mut x, mut anonymous) = (named(Dealer, b"X"), Socket::new(Dealer));
    join(&mut x, &mut router);
    join(&mut anonymous, &mut router);
    x.send(&[b"a", b"b"]).unwrap();
    router.expect(&[b"X", b"a", b"b"]);
    anonymous.send(&[b""]).unwrap();
    let message = router.recv().unwrap();
    assert_eq!(
        (message[0].len(), message[0][0], &message[1][..]),
        (5, 0, &b""[..])
    );
    router.send(&[&message[0], b"", b"1"]).unwrap();
    router.send(&[b"X", b"2"]).unwrap();
    anonymous.expect(&[b"", b"1"]);
    x.expect(&[b"2"]);
    router.expect_nothing();
}

#[test]
fn all_frames_carry_the_metadata_of_their_pipe() {
    let mut router = Socket::new(Router);
    let mut x = named(Dealer, b"X");
    join(&mut x, &mut router);
    for prefetch in [false, true] {
        x.send(&[b"a"]).unwrap();
        if prefetch {
            assert!(router.can_recv());
        }
        for data in [b"X", b"a"] {
            let frame = router.recv_msg().unwrap();
            assert_eq!((frame.data(), name_of(&frame)), (&data[..], "a"));
        }
    }
}

#[test]
fn unreachable_peers_are_silent_or_errors() {
    let mut router = Socket::new(Router);
    let mut x = named(Dealer, b"X");
    join_hwm(&mut x, &mut router, 1);
    assert!(router.can_send());
    router.send(&[b"nobody", b"a", b"b"]).unwrap();
    router.send(&[b"X", b"1"]).unwrap();
    router.send(&[b"X", b"dropped", b"whole"]).unwrap();
    x.expect(&[b"1"]);
    x.expect_nothing();

    router.set_number(option::ROUTER_MANDATORY, 1);
    assert_eq!(router.send_frame(b"nobody", true), Err(Errno::EHOSTUNREACH));
    router.send_frame(b"nobody", false).unwrap();
    assert!(router.can_send());
    router.send_frame(b"X", true).unwrap();
    assert!(router.can_send());
    router.send_frame(b"2", false).unwrap();
    assert_eq!(router.send_frame(b"X", true), Err(Errno::EAGAIN));
    assert!(!router.can_send());
    let peer_state =
        |router: &mut Socket, id: &[u8]| router.pattern.peer_state(&mut router.pipes, id);
    assert_eq!(peer_state(&mut router, b"X"), Ok(0));
    assert_eq!(peer_state(&mut router, b"nobody"), Err(Errno::EHOSTUNREACH));
    x.expect(&[b"2"]);
    assert!(router.can_send());
    assert_eq!(peer_state(&mut router, b"X"), Ok(POLLOUT));
    router.send(&[b"X", b"3"]).unwrap();
    x.expect(&[b"3"]);
    x.send(&[b"last words"]).unwrap();
    x.close();
    assert_eq!(router.send_frame(b"X", true), Err(Errno::EHOSTUNREACH));
    router.expect(&[b"X", b"last words"]);
    router.expect_nothing();
    assert_eq!(router.send_frame(b"X", true), Err(Errno::EHOSTUNREACH));
    assert!(router.pipes.is_empty());
    assert!(!router.can_send());
}

#[test]
fn a_routing_id_in_use_is_kept_or_handed_over() {
    for handover in [0, 1] {
        let mut router = Socket::with(Router, &[(option::ROUTER_HANDOVER, handover)]);
        let (mut first, mut second) = (named(Dealer, b"X"), named(Dealer, b"X"));
        join(&mut first, &mut router);
        first.send(&[b"1a", b"1b"]).unwrap();
        let frames: Vec<_> = (0..2)
            .map(|_| router.recv_msg().unwrap().data().to_vec())
            .collect();
        assert_eq!(frames, [b"X".to_vec(), b"1a".to_vec()]);
        join(&mut second, &mut router);
        second.send(&[b"2"]).unwrap();
        router.expect(&[b"1b"]);
        if handover == 0 {
            router.expect_nothing();
            router.send(&[b"X", b"!"]).unwrap();
            first.expect(&[b"!"]);
            second.expect_nothing();
            second.close();
            router.pump();
            assert_eq!(router.pipes.len(), 1);
        } else {
            router.expect(&[b"X", b"2"]);
            router.send(&[b"X", b"!"]).unwrap();
            second.expect(&[b"!"]);
            first.pump();
            assert!(first.pipes.is_empty());
        }
    }
}

#[test]
fn a_pipe_is_used_once_its_peer_is_known() {
    let (mut router, mut x) = (Socket::new(Router), Socket::new(Dealer));
    let (router_end, x_end) = ends(&router, &x, 10);
    let id = router.pipes.insert(router_end);
    router
        .pattern
        .attach(&mut router.pipes, id, Origin::Connected, None);
    let x_id = x.pipes.insert(x_end);
    x.pattern.attach(
        &mut x.pipes,
        x_id,
        Origin::Accepted,
        Some(&Identity::default()),
    );
    x.send(&[b"early"]).unwrap();
    router.expect_nothing();
    let identity = Identity {
        routing_id: b"X".to_vec(),
    };
    router.pattern.identify(&mut router.pipes, id, &identity);
    router.expect(&[b"X", b"early"]);
    // After a reconnect the name stays.
    let identity = Identity {
        routing_id: b"Y".to_vec(),
    };
    router.pattern.identify(&mut router.pipes, id, &identity);
    x.send(&[b"late"]).unwrap();
    router.expect(&[b"X", b"late"]);
}

#[test]
fn a_pipe_that_ends_unnamed_is_noticed() {
    let (mut router, mut x) = (Socket::new(Router), Socket::new(Dealer));
    let (router_end, x_end) = ends(&router, &x, 10);
    let id = router.pipes.insert(router_end);
    router
        .pattern
        .attach(&mut router.pipes, id, Origin::Connected, None);
    let x_id = x.pipes.insert(x_end);
    x.pattern.attach(&mut x.pipes, x_id, Origin::Accepted, None);
    x.send(&[b"unheard"]).unwrap();
    router.pump();
    x.close();
    router.pump();
    assert!(router.pipes.is_empty());
}

#[test]
fn connect_routing_id_names_the_next_connection() {
    let (mut router, mut peer) = (Socket::new(Router), named(Router, b"own"));
    router.pattern.next_connect_routing_id(b"conn1".to_vec());
    let (router_end, peer_end) = ends(&router, &peer, 10);
    let id = router.pipes.insert(router_end);
    router
        .pattern
        .attach(&mut router.pipes, id, Origin::Connected, None);
    router.send(&[b"conn1", b"queued"]).unwrap();
    let identity = peer.identity();
    router.pattern.identify(&mut router.pipes, id, &identity);
    let peer_id = peer.pipes.insert(peer_end);
    peer.pattern.attach(
        &mut peer.pipes,
        peer_id,
        Origin::Accepted,
        Some(&router.identity()),
    );
    let message = peer.recv().unwrap();
    assert_eq!(message[1], b"queued");
    peer.send(&[&message[0], b"answer"]).unwrap();
    router.expect(&[b"conn1", b"answer"]);

    // It is used once, not for accepted pipes, and not if the name is taken.
    router.pattern.next_connect_routing_id(b"conn1".to_vec());
    let mut accepted = named(Dealer, b"A");
    join(&mut accepted, &mut router);
    let mut connected = named(Dealer, b"C");
    join(&mut router, &mut connected);
    accepted.send(&[b"1"]).unwrap();
    connected.send(&[b"2"]).unwrap();
    let mut messages = [router.recv().unwrap(), router.recv().unwrap()];
    messages.sort();
    assert_eq!(
        messages,
        [
            [b"A".to_vec(), b"1".to_vec()],
            [b"C".to_vec(), b"2".to_vec()]
        ]
    );
}

#[test]
fn comings_and_goings_are_told_if_wanted() {
    let mut router = Socket::with(
        Router,
        &[(option::ROUTER_NOTIFY, 3), (option::PROBE_ROUTER, 1)],
    );
    router.set(option::DISCONNECT_MSG, b"bye").unwrap();
    let mut x = named(Dealer, b"X");
    join(&mut x, &mut router);
    x.expect(&[b""]);
    x.send(&[b"1"]).unwrap();
    x.close();
    router.expect(&[b"X", b""]);
    router.expect(&[b"X", b"1"]);
    router.expect(&[b"X", b""]);
    assert!(router.can_recv());
    router.expect(&[b"X", b"bye"]);
    router.expect_nothing();
}

#[test]
fn raw_routers_close_by_an_empty_frame() {
    let mut router = Socket::with(Router, &[(option::ROUTER_RAW, 1)]);
    let mut x = named(Dealer, b"X");
    join(&mut x, &mut router);
    x.send(&[b"bytes"]).unwrap();
    let notice = router.recv().unwrap();
    assert_eq!((notice[0].len(), &notice[1][..]), (5, &b""[..]));
    let message = router.recv().unwrap();
    assert_eq!(message[0], notice[0]);
    assert_eq!((message[0].len(), &message[1][..]), (5, &b"bytes"[..]));
    router.send_frame(&message[0], true).unwrap();
    router.send_frame(b"more is ignored", true).unwrap();
    x.expect(&[b"more is ignored"]);
    router.send(&[&message[0], b""]).unwrap();
    router.pump();
    assert!(router.pipes.is_empty());
}

#[test]
fn a_peer_that_goes_within_a_message_loses_all_of_it() {
    let mut router = Socket::new(Router);
    let (mut x, mut y) = (named(Dealer, b"X"), named(Dealer, b"Y"));
    join(&mut x, &mut router);
    router.send_frame(b"X", true).unwrap();
    router.send_frame(b"1", true).unwrap();
    x.close();
    join(&mut y, &mut router);
    router.send_frame(b"Y", true).unwrap();
    router.send_frame(b"2", false).unwrap();
    router.send(&[b"Y", b"3"]).unwrap();
    y.expect(&[b"3"]);
    y.expect_nothing();
}
