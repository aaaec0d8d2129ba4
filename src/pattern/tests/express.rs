//! The express: what goes by it, and what ends it.

use super::*;
use SocketType::{Dealer, Pair, Pull, Push, Req};

fn count(mut go: impl FnMut() -> bool) -> usize {
    (0..1000).take_while(|_| go()).count()
}

#[test]
fn as_many_go_as_have_room_and_as_come_before_credit_is_due() {
    for ty in [(Push, Pull), (Pair, Pair), (Dealer, Dealer)] {
        let (mut from, mut to) = (Socket::new(ty.0), Socket::new(ty.1));
        join_hwm(&mut from, &mut to, 10);
        assert!(!from.pipes.send_express(b"nobody has chosen a way"));
        from.send(&[b"0"]).unwrap();
        assert_eq!(count(|| from.pipes.send_express(b"x")), 9);
        assert_eq!(from.send(&[b"full"]), Err(Errno::EAGAIN));

        let mut into = [0; 4];
        assert_eq!(to.pipes.recv_express(&mut into), None);
        to.expect(&[b"0"]);
        // Credit is given for five messages, and that the pattern does.
        assert_eq!(count(|| to.pipes.recv_express(&mut into) == Some(1)), 3);
        to.expect(&[b"x"]);
        assert_eq!(count(|| to.recv_express_msg().is_some()), 4);
        to.expect(&[b"x"]);
        to.expect_nothing();
        assert_eq!(to.pipes.take_express_count(), 7);
        from.send(&[b"there is room again"]).unwrap();
    }
}

#[test]
fn bodies_come_as_they_were_and_cut_as_asked() {
    let (mut from, mut to) = (Socket::new(Push), Socket::new(Pull));
    join(&mut from, &mut to);
    from.send(&[b"way"]).unwrap();
    let long: Vec<u8> = (0..=254).collect();
    assert!(from.pipes.send_express(&long) && from.pipes.send_express(&[]));
    to.expect(&[b"way"]);
    let mut into = [0; 3];
    assert_eq!(to.pipes.recv_express(&mut into), Some(255));
    assert_eq!(into, [0, 1, 2]);
    assert_eq!(to.recv_express_msg().unwrap().data(), b"");
    assert_eq!(to.pipes.recv_express(&mut into), None);
}

#[test]
fn only_plain_messages_are_received_by_it() {
    let (mut from, mut to) = (Socket::new(Push), Socket::new(Pull));
    join(&mut from, &mut to);
    for frames in [&[&b"a"[..]][..], &[b"b", b"c"], &[&[7; 300]], &[b"d"]] {
        from.send(frames).unwrap();
    }
    let mut into = [0; 4];
    to.expect(&[b"a"]);
    assert_eq!(to.pipes.recv_express(&mut into), None);
    to.expect(&[b"b", b"c"]);
    assert!(to.recv_express_msg().is_none());
    to.expect(&[&[7; 300]]);
    assert_eq!(to.pipes.recv_express(&mut into), Some(1));
}

#[test]
fn it_needs_a_single_way_and_a_complete_message() {
    let (mut push, mut pull) = (Socket::new(Push), Socket::new(Pull));
    let mut other = Socket::new(Pull);
    join(&mut push, &mut pull);
    push.send_frame(b"begun", true).unwrap();
    assert!(!push.pipes.send_express(b"x"));
    push.send_frame(b"end", false).unwrap();
    assert!(push.pipes.send_express(b"x"));
    push.pipes.end_express();
    assert!(!push.pipes.send_express(b"x"));
    join(&mut push, &mut other);
    push.send(&[b"in turn"]).unwrap();
    assert!(!push.pipes.send_express(b"x"));
    pull.expect(&[b"begun", b"end"]);
    pull.expect(&[b"x"]);

    // Nor do sockets use it whose messages are more than what is in them.
    let (mut req, mut dealer) = (Socket::new(Req), Socket::new(Dealer));
    join(&mut req, &mut dealer);
    req.send(&[b"question"]).unwrap();
    assert!(!req.pipes.send_express(b"x"));
}

#[test]
fn the_rest_of_a_message_whose_pipe_is_gone_tells_no_way() {
    let mut pull = Socket::new(Pull);
    let (mut gone, mut other) = (Socket::new(Push), Socket::new(Push));
    let (_, id) = join(&mut gone, &mut pull);
    gone.send(&[b"1", b"2"]).unwrap();
    assert_eq!(pull.recv_msg().unwrap().data(), b"1");
    pull.end(id);
    join(&mut other, &mut pull);
    other.send(&[b"3"]).unwrap();
    assert_eq!(pull.recv_msg().unwrap().data(), b"2");
    assert!(pull.recv_express_msg().is_none());
    let msg = pull.recv_msg().unwrap();
    assert_eq!((msg.data(), name_of(&msg)), (&b"3"[..], "a"));
}
