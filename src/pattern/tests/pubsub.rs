//! PUB, SUB, XPUB, XSUB: subscriptions and what is delivered by them.

use super::*;
use SocketType::{Dealer, Pub, Sub, Xpub, Xsub};

fn subscribe(sub: &mut Socket, topic: &[u8]) {
    sub.set(option::SUBSCRIBE, topic).unwrap();
}

fn unsubscribe(sub: &mut Socket, topic: &[u8]) {
    sub.set(option::UNSUBSCRIBE, topic).unwrap();
}

#[test]
fn subscriptions_decide_who_gets_what() {
    let mut publisher = Socket::new(Pub);
    let mut subs: Vec<_> = (0..3).map(|_| Socket::new(Sub)).collect();
    subscribe(&mut subs[0], b"");
    subscribe(&mut subs[1], b"ab");
    subscribe(&mut subs[1], b"a");
    for sub in &mut subs {
        join(sub, &mut publisher);
    }
    subscribe(&mut subs[2], b"b");
    for topic in [&b"abc"[..], b"a", b"b", b"", b"c"] {
        publisher.send(&[topic, b"body"]).unwrap();
    }
    for topic in [&b"abc"[..], b"a", b"b", b"", b"c"] {
        subs[0].expect(&[topic, b"body"]);
    }
    subs[1].expect(&[b"abc", b"body"]);
    subs[1].expect(&[b"a", b"body"]);
    subs[2].expect(&[b"b", b"body"]);
    unsubscribe(&mut subs[1], b"a");
    publisher.send(&[b"a"]).unwrap();
    publisher.send(&[b"abx"]).unwrap();
    subs[1].expect(&[b"abx"]);
    for sub in &mut subs[1..] {
        sub.expect_nothing();
        assert_eq!(sub.send_frame(b"x", false), Err(Errno::ENOTSUP));
        assert!(!sub.can_send());
    }
    assert_eq!(publisher.recv_msg().unwrap_err(), Errno::ENOTSUP);
    assert!(publisher.can_send() && !publisher.can_recv());
}

#[test]
fn a_sub_filters_for_itself_and_counts() {
    let (mut sub, mut peer) = (Socket::new(Sub), Socket::new(Dealer));
    join(&mut sub, &mut peer);
    for topic in [b"A", b"A"] {
        subscribe(&mut sub, topic);
        peer.expect(&[b"\x01A"]);
    }
    peer.send(&[b"B", b"A"]).unwrap();
    peer.send(&[b"Ax", b"B"]).unwrap();
    assert!(sub.can_recv());
    let frame = sub.recv_msg().unwrap();
    assert_eq!((frame.data(), name_of(&frame)), (&b"Ax"[..], "b"));
    assert!(sub.can_recv());
    sub.expect(&[b"B"]);
    unsubscribe(&mut sub, b"A");
    unsubscribe(&mut sub, b"never");
    peer.expect_nothing();
    unsubscribe(&mut sub, b"A");
    peer.expect(&[b"\0A"]);
    peer.send(&[b"A"]).unwrap();
    sub.expect_nothing();
}

#[test]
fn subscriptions_are_told_to_whoever_comes_or_comes_back() {
    let (mut sub, mut peer) = (Socket::new(Sub), Socket::new(Dealer));
    for i in 0..50_u8 {
        subscribe(&mut sub, &[i]);
        subscribe(&mut sub, &[i]);
    }
    let (id, _) = join_hwm(&mut sub, &mut peer, 3);
    for _ in 0..2 {
        let mut topics: Vec<_> = (0..50).map(|_| peer.recv().unwrap()[0].clone()).collect();
        topics.sort();
        assert_eq!(topics, (0..50).map(|i| vec![1, i]).collect::<Vec<_>>());
        peer.expect_nothing();
        sub.pattern.hiccup(&mut sub.pipes, id);
    }
    let count = |socket: &Socket| socket.pattern.option(option::TOPICS_COUNT).unwrap();
    assert_eq!(count(&sub), 50_i32.to_ne_bytes());
}

#[test]
fn inverted_matching() {
    let mut publisher = Socket::with(Pub, &[(option::INVERT_MATCHING, 1)]);
    let mut inverted = Socket::with(Sub, &[(option::INVERT_MATCHING, 1)]);
    let mut plain = Socket::new(Sub);
    for sub in [&mut inverted, &mut plain] {
        join(sub, &mut publisher);
        subscribe(sub, b"A");
    }
    publisher.send(&[b"A1"]).unwrap();
    publisher.send(&[b"B1", b"x"]).unwrap();
    inverted.expect(&[b"B1", b"x"]);
    inverted.expect_nothing();
    plain.expect_nothing();
}

#[test]
fn a_slow_subscriber_loses_whole_messages_or_holds_up() {
    let (mut xpub, mut slow, mut fast) = (Socket::new(Xpub), Socket::new(Sub), Socket::new(Sub));
    subscribe(&mut slow, b"");
    subscribe(&mut fast, b"");
    join_hwm(&mut slow, &mut xpub, 2);
    join_hwm(&mut fast, &mut xpub, 100);
    for i in 0..4_u8 {
        xpub.send(&[&[i], b"x"]).unwrap();
    }
    for i in 0..4_u8 {
        fast.expect(&[&[i], b"x"]);
    }
    slow.expect(&[&[0], b"x"]);
    slow.expect(&[&[1], b"x"]);
    slow.expect_nothing();

    xpub.set_number(option::XPUB_NODROP, 1);
    xpub.send(&[b"1"]).unwrap();
    xpub.send(&[b"2"]).unwrap();
    assert_eq!(xpub.send_frame(b"3", false), Err(Errno::EAGAIN));
    fast.expect(&[b"1"]);
    fast.expect(&[b"2"]);
    fast.expect_nothing();
    slow.expect(&[b"1"]);
    xpub.send(&[b"3"]).unwrap();
    fast.expect(&[b"3"]);
    // Nobody holds up by being gone.
    assert_eq!(xpub.send_frame(b"4", false), Err(Errno::EAGAIN));
    slow.close();
    xpub.send(&[b"4"]).unwrap();
    fast.expect(&[b"4"]);
}

#[test]
fn an_xpub_sees_first_and_last_or_all() {
    for (verbose, verboser) in [(0, 0), (1, 0), (0, 1)] {
        let mut xpub = Socket::new(Xpub);
        xpub.set_number(option::XPUB_VERBOSE, verbose);
        if verboser == 1 {
            xpub.set_number(option::XPUB_VERBOSER, verboser);
        }
        let mut subs: Vec<_> = (0..2).map(|_| Socket::new(Xsub)).collect();
        for sub in &mut subs {
            join(sub, &mut xpub);
            sub.send(&[b"\x01A"]).unwrap();
        }
        subs[0].send(&[b"\x01A"]).unwrap();
        xpub.expect(&[b"\x01A"]);
        for _ in 0..2 * (verbose + verboser) {
            xpub.expect(&[b"\x01A"]);
        }
        xpub.expect_nothing();
        subs[1].send(&[b"\x01B"]).unwrap();
        xpub.expect(&[b"\x01B"]);
        subs[0].send(&[b"\0A"]).unwrap();
        xpub.expect_nothing();
        subs[0].send(&[b"\0A"]).unwrap();
        if verboser == 1 {
            xpub.expect(&[b"\0A"]);
        }
        xpub.expect_nothing();
        subs.pop().unwrap().close();
        let mut rest = [xpub.recv().unwrap(), xpub.recv().unwrap()];
        rest.sort();
        assert_eq!(rest, [[b"\0A".to_vec()], [b"\0B".to_vec()]]);
        xpub.expect_nothing();
        assert_eq!(xpub.pattern.option(option::TOPICS_COUNT), Some(vec![0; 4]));
    }
}

#[test]
fn messages_pass_upstream() {
    let (mut xpub, mut xsub) = (Socket::new(Xpub), Socket::new(Xsub));
    join(&mut xsub, &mut xpub);
    assert!(xsub.can_send() && xpub.can_send());
    xsub.send(&[b"\x02A", b"x"]).unwrap();
    xsub.send(&[b""]).unwrap();
    xsub.send(&[b"\x01B", b"C", b"\x01D"]).unwrap();
    let frame = xpub.recv_msg().unwrap();
    assert_eq!(
        (frame.data(), frame.is_more(), name_of(&frame)),
        (&b"\x02A"[..], true, "a")
    );
    xpub.expect(&[b"x"]);
    xpub.expect(&[b""]);
    xpub.expect(&[b"\x01B"]);
    xpub.expect(&[b"C", b"\x01D"]);
    xpub.expect_nothing();
    xpub.send(&[b"B1"]).unwrap();
    xpub.send(&[b"D1"]).unwrap();
    xsub.expect(&[b"B1"]);
    xsub.expect(&[b"D1"]);
}

#[test]
fn only_the_first_frame_may_subscribe_if_wanted() {
    let only = [(option::ONLY_FIRST_SUBSCRIBE, 1)];
    for first in [&b"ABC"[..], b"\x01BC", b"\0BC"] {
        for second in [&b"\x01CD"[..], b"\0CD"] {
            let (mut xpub, mut xsub) = (Socket::with(Xpub, &only), Socket::with(Xsub, &only));
            join(&mut xsub, &mut xpub);
            xsub.send(&[first, second]).unwrap();
            xpub.expect_frames(&[first, second]);
            xpub.expect_nothing();
            xpub.send(&[b"CD"]).unwrap();
            xsub.expect_nothing();
        }
    }
}

impl Socket {
    /// Receives frames, whatever messages they belong to.
    #[track_caller]
    fn expect_frames(&mut self, frames: &[&[u8]]) {
        for frame in frames {
            assert_eq!(self.recv_msg().unwrap().data(), *frame);
        }
    }
}

#[test]
fn manual_subscriptions_are_the_applications_choice() {
    let mut xpub = Socket::with(Xpub, &[(option::XPUB_MANUAL, 1)]);
    let mut subs: Vec<_> = (0..2).map(|_| Socket::new(Xsub)).collect();
    for sub in &mut subs {
        join(sub, &mut xpub);
        sub.send(&[b"\x01A"]).unwrap();
    }
    xpub.expect(&[b"\x01A"]);
    subscribe(&mut xpub, b"XA");
    xpub.send(&[b"A"]).unwrap();
    xpub.send(&[b"XA"]).unwrap();
    subs[0].expect(&[b"XA"]);
    subs[0].expect_nothing();
    subs[1].expect_nothing();
    xpub.expect(&[b"\x01A"]);
    subscribe(&mut xpub, b"XB");
    subs[0].send(&[b"\x01B"]).unwrap();
    xpub.expect(&[b"\x01B"]);
    subs[0].send(&[b"\0A"]).unwrap();
    xpub.expect(&[b"\0A"]);
    unsubscribe(&mut xpub, b"XA");
    xpub.send(&[b"XA"]).unwrap();
    subs[0].expect_nothing();
    xpub.send(&[b"XB"]).unwrap();
    subs[1].expect(&[b"XB"]);
    // What was asked for and not taken back is reported for each, when it goes.
    for (sub, gone) in subs.into_iter().zip([b"\0B", b"\0A"]) {
        sub.close();
        xpub.expect(&[gone]);
        xpub.expect_nothing();
        unsubscribe(&mut xpub, b"XA");
    }
    let mut plain = Socket::new(Xpub);
    assert_eq!(plain.set(option::SUBSCRIBE, b""), Err(Errno::EINVAL));
}

#[test]
fn the_last_value_goes_to_the_last_subscriber_alone() {
    let mut xpub = Socket::with(Xpub, &[(option::XPUB_MANUAL_LAST_VALUE, 1)]);
    let mut subs: Vec<_> = (0..2).map(|_| Socket::new(Sub)).collect();
    for (i, sub) in (0_u8..).zip(&mut subs) {
        join(sub, &mut xpub);
        subscribe(sub, b"A");
        xpub.expect(&[b"\x01A"]);
        subscribe(&mut xpub, b"A");
        xpub.send(&[b"A", &[i]]).unwrap();
    }
    xpub.send(&[b"A", b"all"]).unwrap();
    for (i, sub) in (0_u8..).zip(&mut subs) {
        sub.expect(&[b"A", &[i]]);
        sub.expect(&[b"A", b"all"]);
        sub.expect_nothing();
    }
}

#[test]
fn new_subscribers_are_welcomed() {
    let mut xpub = Socket::new(Xpub);
    xpub.set(option::XPUB_WELCOME_MSG, b"W").unwrap();
    let mut sub = Socket::new(Sub);
    subscribe(&mut sub, b"W");
    join(&mut sub, &mut xpub);
    xpub.expect(&[b"\x01W"]);
    sub.expect(&[b"W"]);
    // Nothing is filtered at an XSUB.
    let mut xsub = Socket::new(Xsub);
    join(&mut xsub, &mut xpub);
    xsub.expect(&[b"W"]);
}

#[test]
fn a_subscriber_that_comes_within_a_message_gets_the_next() {
    let (mut publisher, mut early, mut late) =
        (Socket::new(Pub), Socket::new(Sub), Socket::new(Sub));
    for sub in [&mut early, &mut late] {
        subscribe(sub, b"");
    }
    join(&mut early, &mut publisher);
    publisher.send_frame(b"1a", true).unwrap();
    join(&mut late, &mut publisher);
    publisher.send_frame(b"1b", false).unwrap();
    publisher.send(&[b"2"]).unwrap();
    early.expect(&[b"1a", b"1b"]);
    early.expect(&[b"2"]);
    late.expect(&[b"2"]);
}

#[test]
fn verbose_unsubscribe_tells_of_all() {
    let mut xsub = Socket::with(Xsub, &[(option::XSUB_VERBOSE_UNSUBSCRIBE, 1)]);
    let mut peer = Socket::new(Dealer);
    join(&mut xsub, &mut peer);
    for frame in [&b"\0Z"[..], b"\x01A", b"\x01A", b"\0A", b"\0A"] {
        xsub.send(&[frame]).unwrap();
        peer.expect(&[frame]);
    }
}
