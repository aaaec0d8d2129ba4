//! Lanes: order, atomic messages, credit by batches, waiting and waking, ends.

use super::*;

fn msg(byte: u8, more: bool) -> Msg {
    let mut msg = Msg::copy_of(&[byte]).unwrap();
    msg.set_more(more);
    msg
}

#[test]
fn frames_show_with_the_last_one() {
    let (mut tx, mut rx) = lane(0, false);
    assert!(!tx.send(msg(1, true)));
    assert!(rx.recv().is_none());
    assert!(tx.roll_back());
    assert!(!tx.send(msg(2, true)));
    assert!(tx.send(msg(3, false)));
    assert_eq!(rx.recv().unwrap().frame.data(), [2]);
    assert_eq!(rx.recv().unwrap().frame.data(), [3]);
    assert!(rx.recv().is_none());
}

#[test]
fn credit_comes_back_in_halves_of_the_mark() {
    let (mut tx, mut rx) = lane(4, false);
    for i in 0..4 {
        assert!(tx.has_room());
        tx.send(msg(i, false));
    }
    assert!(!tx.look_for_room());
    assert!(tx.wait_for_room());
    assert!(!rx.recv().unwrap().wake_writer);
    assert!(!tx.look_for_room());
    assert!(rx.recv().unwrap().wake_writer);
    assert!(!tx.has_room());
    assert!(tx.look_for_room());
}

#[test]
fn a_begun_message_may_be_finished_at_the_mark() {
    let (mut tx, _rx) = lane(1, false);
    tx.send(msg(0, true));
    assert!(tx.has_room());
    tx.send(msg(0, false));
    assert!(!tx.has_room());
}

#[test]
fn a_waiting_reader_is_told_once() {
    let (mut tx, mut rx) = lane(0, false);
    assert!(rx.wait());
    tx.send(msg(0, false));
    assert!(tx.reader_waits());
    assert!(!tx.reader_waits());
    assert!(!rx.wait());
}

#[test]
fn conflation_keeps_the_latest() {
    let (mut tx, mut rx) = lane(1, true);
    for i in 0..10 {
        assert!(tx.has_room());
        tx.send(msg(i, false));
    }
    assert_eq!(rx.recv().unwrap().frame.data(), [9]);
    assert!(!rx.has_next());
}

#[test]
fn ends_are_seen_after_the_last_message() {
    let (mut tx, mut rx) = lane(0, false);
    for i in 0..100 {
        tx.send(msg(i, false));
    }
    drop(tx);
    assert!(!rx.is_finished());
    for i in 0..100 {
        assert_eq!(rx.recv().unwrap().frame.data(), [i]);
    }
    assert!(rx.is_finished());
}

#[test]
fn unread_messages_are_dropped_with_the_lane() {
    for (written, read) in [
        (0, 0),
        (1, 0),
        (32, 32),
        (33, 32),
        (64, 32),
        (100, 40),
        (100, 64),
    ] {
        for reader_first in [false, true] {
            let (mut tx, mut rx) = lane(0, false);
            for _ in 0..written {
                tx.send(Msg::copy_of(&[0; 100]).unwrap());
            }
            for _ in 0..read {
                assert!(rx.recv().is_some());
            }
            if reader_first {
                drop(rx);
                tx.send(Msg::copy_of(&[0; 100]).unwrap());
                drop(tx);
            } else {
                drop(tx);
                drop(rx);
            }
        }
    }
}

#[test]
fn two_threads_pass_everything_in_order() {
    const COUNT: u32 = 200_000;
    let (mut tx, mut rx) = lane(0, false);
    let writer = std::thread::spawn(move || {
        for i in 0..COUNT {
            tx.send(Msg::copy_of(&i.to_le_bytes()).unwrap());
        }
    });
    let mut next = 0;
    while next < COUNT {
        if let Some(received) = rx.recv() {
            assert_eq!(received.frame.data(), next.to_le_bytes());
            next += 1;
        } else {
            std::thread::yield_now();
        }
    }
    writer.join().unwrap();
}
