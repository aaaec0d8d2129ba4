//! REQ and REP: their states, envelopes, what is skipped.

use super::*;
use SocketType::{Dealer, Rep, Req, Router};

#[test]
fn requests_take_turns_and_are_answered() {
    let mut req = Socket::new(Req);
    let mut reps: Vec<_> = (0..3).map(|_| Socket::new(Rep)).collect();
    for rep in &mut reps {
        join(&mut req, rep);
    }
    for round in 0..2_u8 {
        for rep in &mut reps {
            assert!(req.can_send() && !req.can_recv());
            assert_eq!(req.recv_msg().unwrap_err(), Errno::EFSM);
            req.send_frame(&[round], true).unwrap();
            assert_eq!(req.recv_msg().unwrap_err(), Errno::EFSM);
            assert!(req.can_send());
            req.send_frame(b"?", false).unwrap();
            assert_eq!(req.send_frame(b"", false), Err(Errno::EFSM));
            assert!(!req.can_send() && !req.can_recv());
            assert_eq!(req.recv_msg().unwrap_err(), Errno::EAGAIN);

            assert!(rep.can_recv() && !rep.can_send());
            assert_eq!(rep.send_frame(b"", false), Err(Errno::EFSM));
            assert_eq!(rep.recv_msg().unwrap().data(), [round]);
            assert_eq!(rep.send_frame(b"", false), Err(Errno::EFSM));
            rep.expect(&[b"?"]);
            assert!(rep.can_send() && !rep.can_recv());
            assert_eq!(rep.recv_msg().unwrap_err(), Errno::EFSM);
            rep.send_frame(b"!", true).unwrap();
            assert_eq!(rep.recv_msg().unwrap_err(), Errno::EFSM);
            rep.send_frame(&[round], false).unwrap();

            assert!(req.can_recv());
            assert_eq!(req.recv_msg().unwrap().data(), b"!");
            assert_eq!(req.send_frame(b"", false), Err(Errno::EFSM));
            req.expect(&[&[round]]);
        }
    }
}

#[test]
fn a_request_waits_for_a_peer() {
    let (mut req, mut rep) = (Socket::new(Req), Socket::new(Rep));
    assert!(!req.can_send());
    assert_eq!(req.send_frame(b"x", false), Err(Errno::EAGAIN));
    join(&mut req, &mut rep);
    req.send(&[b"x"]).unwrap();
    rep.expect(&[b"x"]);
}

#[test]
fn what_is_no_reply_is_skipped() {
    let (mut req, mut peer, mut other) =
        (Socket::new(Req), Socket::new(Dealer), Socket::new(Dealer));
    join(&mut req, &mut peer);
    req.send(&[b"?"]).unwrap();
    join(&mut req, &mut other);
    peer.expect(&[b"", b"?"]);
    other.send(&[b"", b"not asked"]).unwrap();
    for malformed in [&[&b""[..]][..], &[b"x"], &[b"x", b"y"], &[b"x", b"", b"y"]] {
        peer.send(malformed).unwrap();
    }
    req.expect_nothing();
    peer.send(&[b"", b"a", b"b"]).unwrap();
    assert!(req.can_recv());
    req.expect(&[b"a", b"b"]);
}

#[test]
fn replies_bear_the_number_of_the_request() {
    let mut req = Socket::with(Req, &[(option::REQ_CORRELATE, 1), (option::REQ_RELAXED, 1)]);
    let mut peers: Vec<_> = (0..2).map(|_| Socket::new(Dealer)).collect();
    for peer in &mut peers {
        join(&mut req, peer);
    }
    let mut numbers = Vec::new();
    for round in 0..4 {
        assert!(req.can_send() && !req.can_recv());
        req.send(&[b"?"]).unwrap();
        let request = peers[round % 2].recv().unwrap();
        assert_eq!(request.len(), 3);
        assert_eq!(
            (request[0].len(), &request[1][..], &request[2][..]),
            (4, &b""[..], &b"?"[..])
        );
        numbers.push(request[0].clone());
    }
    let number = &numbers[3];
    peers[1].send(&[&numbers[1], b"", b"late"]).unwrap();
    peers[1].send(&[b"", b"no number"]).unwrap();
    peers[1].send(&[number]).unwrap();
    peers[1].send(&[number, b""]).unwrap();
    peers[1].send(&[number, b"no delimiter", b"x"]).unwrap();
    peers[0].send(&[number, b"", b"wrong peer"]).unwrap();
    req.expect_nothing();
    peers[1].send(&[number, b"", b"a", b"b"]).unwrap();
    assert!(req.can_recv());
    req.expect(&[b"a", b"b"]);
    assert!(!req.can_recv());
}

#[test]
fn a_relaxed_request_gives_up_a_reply_half_received() {
    let mut req = Socket::with(Req, &[(option::REQ_RELAXED, 1)]);
    let mut peer = Socket::new(Dealer);
    join(&mut req, &mut peer);
    for early in [false, true] {
        req.send(&[b"1"]).unwrap();
        peer.send(&[b"", b"1a", b"1b"]).unwrap();
        if early {
            assert!(req.can_recv());
        } else {
            assert_eq!(req.recv_msg().unwrap().data(), b"1a");
        }
        req.send(&[b"2"]).unwrap();
        req.expect_nothing();
        peer.send(&[b"", b"2a"]).unwrap();
        req.expect(&[b"2a"]);
    }
}

#[test]
fn envelopes_go_back_and_malformed_requests_are_skipped() {
    let (mut rep, mut peer) = (Socket::new(Rep), Socket::new(Dealer));
    join(&mut peer, &mut rep);
    for malformed in [&[&b""[..]][..], &[b"x"], &[b"x", b"y"], &[b"x", b""]] {
        peer.send(malformed).unwrap();
    }
    rep.expect_nothing();
    peer.send(&[b"A", b"B", b"", b"1", b"", b"2"]).unwrap();
    peer.send(&[b"", b""]).unwrap();
    assert!(rep.can_recv());
    rep.expect(&[b"1", b"", b"2"]);
    rep.send(&[b"yes", b"no"]).unwrap();
    peer.expect(&[b"A", b"B", b"", b"yes", b"no"]);
    rep.expect(&[b""]);
    rep.send(&[b""]).unwrap();
    peer.expect(&[b"", b""]);
}

#[test]
fn replies_to_peers_that_are_gone_or_full_are_dropped() {
    let (mut rep, mut gone, mut full) = (Socket::new(Rep), Socket::new(Req), Socket::new(Dealer));
    join(&mut gone, &mut rep);
    gone.send(&[b"?"]).unwrap();
    rep.expect(&[b"?"]);
    gone.close();
    rep.send(&[b"!", b"!"]).unwrap();
    rep.pump();
    assert!(rep.pipes.is_empty());

    join_hwm(&mut full, &mut rep, 1);
    for _ in 0..2 {
        assert!(full.can_send());
        full.send(&[b"", b"?"]).unwrap();
        rep.expect(&[b"?"]);
        rep.send(&[b"!", b"!"]).unwrap();
    }
    full.expect(&[b"", b"!", b"!"]);
    full.expect_nothing();
}

#[test]
fn requests_are_served_in_turn() {
    let mut rep = Socket::new(Rep);
    let mut reqs: Vec<_> = (0..5).map(|_| Socket::new(Dealer)).collect();
    for (i, req) in (0_u8..).zip(&mut reqs) {
        join(req, &mut rep);
        for _ in 0..2 {
            req.send(&[b"", &[i]]).unwrap();
        }
    }
    for _ in 0..2 {
        let mut round: Vec<_> = (0..5)
            .map(|_| {
                let request = rep.recv().unwrap();
                rep.send(&[&request[0]]).unwrap();
                request[0][0]
            })
            .collect();
        round.sort_unstable();
        assert_eq!(round, [0, 1, 2, 3, 4]);
    }
    for (i, req) in (0_u8..).zip(&mut reqs) {
        req.expect(&[b"", &[i]]);
    }
}

#[test]
fn requests_pass_a_router() {
    let (mut req, mut router) = (Socket::new(Req), Socket::new(Router));
    join(&mut req, &mut router);
    req.send(&[b"?"]).unwrap();
    let request = router.recv().unwrap();
    assert_eq!(&request[1..], [b"".to_vec(), b"?".to_vec()]);
    // A routing id alone is a message of nothing; then the reply.
    router.send(&[&request[0]]).unwrap();
    router.send(&[&request[0], b"", b"!"]).unwrap();
    req.expect(&[b"!"]);
}
