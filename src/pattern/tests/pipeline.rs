//! PUSH, PULL, PAIR, DEALER: turns, room, whole messages over broken pipes.

use super::*;
use SocketType::{Dealer, Pair, Pull, Push};

#[test]
fn push_takes_turns_and_pull_is_fair() {
    let mut push = Socket::new(Push);
    let mut pulls: Vec<_> = (0..3).map(|_| Socket::new(Pull)).collect();
    for pull in &mut pulls {
        join(&mut push, pull);
    }
    for i in 0..6_u8 {
        push.send(&[&[i]]).unwrap();
    }
    for (i, pull) in (0..).zip(&mut pulls) {
        pull.expect(&[&[i]]);
        pull.expect(&[&[i + 3]]);
        pull.expect_nothing();
    }

    let mut pull = Socket::new(Pull);
    let mut pushes: Vec<_> = (0..3).map(|_| Socket::new(Push)).collect();
    for (i, push) in (0_u8..).zip(&mut pushes) {
        join(push, &mut pull);
        push.send(&[&[i], b"x"]).unwrap();
        push.send(&[&[i]]).unwrap();
    }
    let mut first: Vec<_> = (0..3).map(|_| pull.recv().unwrap()).collect();
    first.sort();
    assert_eq!(
        first,
        (0..3_u8)
            .map(|i| vec![vec![i], b"x".to_vec()])
            .collect::<Vec<_>>()
    );
    let mut second: Vec<_> = (0..3).map(|_| pull.recv().unwrap()[0][0]).collect();
    second.sort_unstable();
    assert_eq!(second, [0, 1, 2]);
    pull.expect_nothing();
}

#[test]
fn one_way_sockets_refuse_the_other_way() {
    let (mut push, mut pull) = (Socket::new(Push), Socket::new(Pull));
    assert_eq!(push.send_frame(b"x", false), Err(Errno::EAGAIN));
    assert!(!push.can_send());
    assert_eq!(push.recv_msg().unwrap_err(), Errno::ENOTSUP);
    assert_eq!(pull.send_frame(b"x", false), Err(Errno::ENOTSUP));
    assert!(!push.can_recv() && !pull.can_send());
    join(&mut push, &mut pull);
    assert!(push.can_send());
}

#[test]
fn a_full_pipe_is_eagain_first_and_comes_back() {
    let (mut push, mut pull) = (Socket::new(Push), Socket::new(Pull));
    join_hwm(&mut push, &mut pull, 4);
    for _ in 0..4 {
        push.send(&[b"x", b"y"]).unwrap();
    }
    assert_eq!(push.send_frame(b"z", false), Err(Errno::EAGAIN));
    assert!(!push.can_send());
    for _ in 0..4 {
        pull.expect(&[b"x", b"y"]);
    }
    assert!(push.can_send());
    push.send(&[b"z"]).unwrap();
    pull.expect(&[b"z"]);

    // Credit that has come in unnoticed still is EAGAIN once.
    for _ in 0..3 {
        push.send(&[b"x"]).unwrap();
        pull.expect(&[b"x"]);
    }
    let mut failures = 0;
    for _ in 0..20 {
        match push.send(&[b"x"]) {
            Ok(()) => pull.expect(&[b"x"]),
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                failures += 1;
            }
        }
    }
    assert!((1..10).contains(&failures), "{failures}");
}

#[test]
fn messages_stay_whole_when_a_pipe_goes() {
    let (mut push, mut old, mut new) = (Socket::new(Push), Socket::new(Pull), Socket::new(Pull));
    join(&mut push, &mut old);
    push.send_frame(b"1a", true).unwrap();
    old.close();
    push.pump();
    join(&mut push, &mut new);
    push.send_frame(b"1b", true).unwrap();
    push.send_frame(b"1c", false).unwrap();
    push.send(&[b"2"]).unwrap();
    new.expect(&[b"2"]);
    new.expect_nothing();
}

#[test]
fn a_message_half_received_is_finished_without_its_pipe() {
    let (mut push, mut pull, mut other) = (Socket::new(Push), Socket::new(Pull), Socket::new(Push));
    let (_, id) = join(&mut push, &mut pull);
    join(&mut other, &mut pull);
    push.send(&[b"1a", b"1b", b"1c"]).unwrap();
    push.send(&[b"lost"]).unwrap();
    assert_eq!(pull.recv_msg().unwrap().data(), b"1a");
    pull.end(id);
    other.send(&[b"2"]).unwrap();
    assert!(pull.can_recv());
    pull.expect(&[b"1b", b"1c"]);
    pull.expect(&[b"2"]);
    pull.expect_nothing();
}

#[test]
fn what_a_gone_peer_sent_is_received_and_nothing_is_sent_to_it() {
    let (mut dealer, mut gone, mut there) = (
        Socket::new(Dealer),
        Socket::new(Dealer),
        Socket::new(Dealer),
    );
    join(&mut dealer, &mut gone);
    gone.send(&[b"last", b"words"]).unwrap();
    gone.close();
    assert_eq!(dealer.send_frame(b"x", false), Err(Errno::EAGAIN));
    join(&mut dealer, &mut there);
    for _ in 0..3 {
        dealer.send(&[b"x"]).unwrap();
        there.expect(&[b"x"]);
    }
    dealer.expect(&[b"last", b"words"]);
    dealer.expect_nothing();
    dealer.pump();
    assert_eq!(dealer.pipes.len(), 1);
}

#[test]
fn a_push_notices_that_its_peer_is_gone() {
    let (mut push, mut pull) = (Socket::new(Push), Socket::new(Pull));
    join(&mut push, &mut pull);
    push.send(&[b"x"]).unwrap();
    pull.close();
    push.pump();
    assert!(push.pipes.is_empty());
    assert_eq!(push.send_frame(b"x", false), Err(Errno::EAGAIN));
}

#[test]
fn a_pair_has_one_peer_at_a_time() {
    let (mut a, mut b, mut c) = (Socket::new(Pair), Socket::new(Pair), Socket::new(Pair));
    join(&mut a, &mut b);
    join(&mut c, &mut a);
    a.pump();
    c.pump();
    assert_eq!((a.pipes.len(), c.pipes.len()), (1, 0));
    a.send(&[b"1", b"2"]).unwrap();
    b.expect(&[b"1", b"2"]);
    b.send(&[b"3"]).unwrap();
    a.expect(&[b"3"]);

    // A pipe at its end makes way for the next one, even before its end was noticed.
    b.close();
    join(&mut c, &mut a);
    a.pump();
    assert_eq!(a.pipes.len(), 1);
    c.send(&[b"4"]).unwrap();
    a.expect(&[b"4"]);
    a.send(&[b"5"]).unwrap();
    c.expect(&[b"5"]);
}

#[test]
fn a_pair_blocks_at_its_mark() {
    let (mut a, mut b) = (Socket::new(Pair), Socket::new(Pair));
    assert_eq!(a.send_frame(b"x", false), Err(Errno::EAGAIN));
    join_hwm(&mut a, &mut b, 1);
    a.send(&[b"x"]).unwrap();
    assert_eq!(a.send_frame(b"y", false), Err(Errno::EAGAIN));
    b.expect(&[b"x"]);
    a.send(&[b"y"]).unwrap();
    b.expect(&[b"y"]);
}

#[test]
fn dealers_probe_and_tell_of_hiccups() {
    let mut dealer = Socket::with(Dealer, &[(option::PROBE_ROUTER, 1)]);
    dealer.options.set(option::HICCUP_MSG, b"again").unwrap();
    dealer.pattern = create(Dealer, &dealer.options).unwrap();
    let mut peer = Socket::new(Dealer);
    let (id, _) = join(&mut dealer, &mut peer);
    peer.expect(&[b""]);
    peer.send(&[b"a", b"b"]).unwrap();
    assert_eq!(dealer.recv_msg().unwrap().data(), b"a");
    dealer.pattern.lost(&mut dealer.pipes, id);
    dealer.expect(&[b"b"]);
    assert!(dealer.can_recv());
    dealer.expect(&[b"again"]);
    dealer.expect_nothing();
}
