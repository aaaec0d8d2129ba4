//! DGRAM, and RADIO where there is nobody who could join.

use super::*;
use SocketType::{Dgram, Dish, Radio};

fn send_group(radio: &mut Socket, group: &[u8]) {
    let mut msg = Msg::copy_of(b"body").unwrap();
    msg.set_group(group).unwrap();
    radio.send_msg(&mut msg).unwrap();
}

#[test]
fn a_datagram_has_an_address_and_a_body() {
    let (mut one, mut other) = (Socket::new(Dgram), Socket::new(Dgram));
    assert!(!one.can_send());
    assert_eq!(one.send_frame(b"body", false), Err(Errno::EINVAL));
    assert_eq!(one.send_frame(b"address", true), Err(Errno::EAGAIN));
    join(&mut one, &mut other);
    for _ in 0..2 {
        assert_eq!(one.send_frame(b"body", false), Err(Errno::EINVAL));
        one.send_frame(b"address", true).unwrap();
        assert_eq!(one.send_frame(b"body", true), Err(Errno::EINVAL));
        other.expect_nothing();
        one.send_frame(b"body", false).unwrap();
        assert!(other.can_recv());
        other.expect(&[b"address", b"body"]);
        // No way past the shape, either way round.
        assert!(!one.pipes.send_express(b"body"));
        assert!(other.recv_express_msg().is_none());
    }
    other.expect_nothing();
}

#[test]
fn datagrams_wait_for_room() {
    let (mut one, mut other) = (Socket::new(Dgram), Socket::new(Dgram));
    join_hwm(&mut one, &mut other, 2);
    for _ in 0..2 {
        one.send(&[b"address", b"body"]).unwrap();
    }
    assert!(!one.can_send());
    assert_eq!(one.send_frame(b"address", true), Err(Errno::EAGAIN));
    other.expect(&[b"address", b"body"]);
    assert!(one.can_send());
    one.send(&[b"address", b"body"]).unwrap();
}

#[test]
fn there_is_one_place_at_a_time() {
    let (mut one, mut other, mut third) =
        (Socket::new(Dgram), Socket::new(Dgram), Socket::new(Dgram));
    let (id, _) = join(&mut one, &mut other);
    join(&mut one, &mut third);
    one.send(&[b"a", b"1"]).unwrap();
    other.expect(&[b"a", b"1"]);
    assert!(!third.can_send(), "its other end was let go of");
    // A message that is begun ends with the place that it was to leave from.
    one.send_frame(b"a", true).unwrap();
    one.end(id);
    one.send_frame(b"lost", false).unwrap();
    assert_eq!(one.send_frame(b"a", true), Err(Errno::EAGAIN));
}

#[test]
fn a_group_is_sent_everything() {
    for ty in [SocketType::Pub, SocketType::Xpub] {
        let (mut publisher, mut sub, mut far) = (
            Socket::new(ty),
            Socket::new(SocketType::Sub),
            Socket::new(SocketType::Pull),
        );
        join(&mut publisher, &mut sub);
        let (end, far_end) = ends(&publisher, &far, 2);
        let id = publisher.pipes.insert(end);
        publisher
            .pattern
            .attach(&mut publisher.pipes, id, Origin::Datagrams, None);
        let far_id = far.pipes.insert(far_end);
        far.pattern
            .attach(&mut far.pipes, far_id, Origin::Accepted, None);
        publisher.send(&[b"any", b"thing"]).unwrap();
        far.expect(&[b"any", b"thing"]);
        sub.expect_nothing();
        // Nobody subscribed, so the application of an XPUB hears of nothing.
        assert!(!publisher.can_recv());
    }
}

#[test]
fn datagrams_of_all_groups_leave() {
    let (mut radio, mut dish, mut far) =
        (Socket::new(Radio), Socket::new(Dish), Socket::new(Dgram));
    join(&mut radio, &mut dish);
    let (end, far_end) = ends(&radio, &far, 1);
    let id = radio.pipes.insert(end);
    radio
        .pattern
        .attach(&mut radio.pipes, id, Origin::Datagrams, None);
    let far_id = far.pipes.insert(far_end);
    far.pattern
        .attach(&mut far.pipes, far_id, Origin::Accepted, None);
    for group in [&b"any"[..], b"", b"dropped for want of room"] {
        send_group(&mut radio, group);
        if group.len() < 4 {
            let msg = far.recv_msg().unwrap();
            assert_eq!(msg.group(), [group, b"\0"].concat());
        }
        dish.expect_nothing();
    }
    far.expect(&[b"body"]);
    radio.end(id);
    send_group(&mut radio, b"any");
    assert!(radio.can_send());
}
