//! Lanes and their queue under loom (`ci/loom.sh`): every order in which two threads may run, within
//! its bounds. Chunks hold two values there, so that few messages cross from one to the next.

use loom::thread;

use super::*;

fn msg(byte: u8) -> Msg {
    Msg::copy_of(&[byte]).unwrap()
}

fn body(received: Option<Received>) -> Option<u8> {
    received.map(|received| received.frame.data()[0])
}

#[test]
fn values_arrive_in_order_across_chunks() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        let producer = thread::spawn(move || {
            for value in 0..3 {
                tx.write(value);
                tx.publish();
            }
        });
        let mut expected = 0;
        // Bounded: what has not come by then is read after the join.
        for _ in 0..3 {
            if let Some(value) = rx.pop() {
                assert_eq!(value, expected);
                expected += 1;
            }
        }
        producer.join().unwrap();
        while let Some(value) = rx.pop() {
            assert_eq!(value, expected);
            expected += 1;
        }
        assert_eq!(expected, 3);
    });
}

#[test]
fn chunks_are_shelved_and_used_again() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        for value in 0..2 {
            tx.write(value);
        }
        tx.publish();
        let producer = thread::spawn(move || {
            for value in 2..6 {
                tx.write(value);
                tx.publish();
            }
        });
        let mut read = Vec::new();
        for _ in 0..3 {
            read.extend(rx.pop());
        }
        producer.join().unwrap();
        read.extend(std::iter::from_fn(|| rx.pop()));
        assert!(read.into_iter().eq(0..6));
    });
}

#[test]
fn what_nobody_reads_is_dropped_once() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        // Loom's Arc tells of values that are never dropped.
        let producer = thread::spawn(move || {
            for value in 0..3 {
                tx.write(loom::sync::Arc::new(value));
                tx.publish();
            }
        });
        drop(rx.pop());
        drop(rx);
        producer.join().unwrap();
    });
}

#[test]
fn a_reader_that_goes_to_wait_is_told_or_sees_the_message() {
    loom::model(|| {
        let (mut tx, mut rx) = lane(0, false);
        let writer = thread::spawn(move || {
            tx.send(msg(7));
            (tx.reader_waits(), tx)
        });
        let waits = rx.wait();
        let (told, tx) = writer.join().unwrap();
        assert!(!waits || told, "the reader sleeps on a message");
        assert_eq!(body(rx.recv()), Some(7));
        drop(tx);
    });
}

#[test]
fn a_writer_that_goes_to_wait_is_told_or_sees_the_credit() {
    loom::model(|| {
        let (mut tx, mut rx) = lane(1, false);
        tx.send(msg(1));
        let reader = thread::spawn(move || {
            let received = rx.recv();
            (received.is_some_and(|received| received.wake_writer), rx)
        });
        let waits = tx.wait_for_room();
        let (told, rx) = reader.join().unwrap();
        assert!(!waits || told, "the writer sleeps on credit");
        assert!(tx.look_for_room());
        drop(rx);
    });
}

#[test]
fn the_end_shows_after_the_last_message() {
    loom::model(|| {
        let (mut tx, mut rx) = lane(0, false);
        let writer = thread::spawn(move || {
            tx.send(msg(1));
            drop(tx);
        });
        let mut got = 0;
        if rx.is_finished() {
            panic!("finished before its only message was read");
        }
        got += usize::from(rx.recv().is_some());
        assert!(
            got == 1 || !rx.is_finished(),
            "finished with a message left"
        );
        writer.join().unwrap();
        got += usize::from(rx.recv().is_some());
        assert_eq!(got, 1);
        assert!(rx.is_finished());
    });
}
