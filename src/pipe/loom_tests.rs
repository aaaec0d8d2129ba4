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

/// Writes and publishes messages of one frame.
fn write(tx: &mut queue::Producer, bytes: std::ops::Range<u8>) {
    for byte in bytes {
        tx.write_short(&[byte], false);
        tx.publish();
    }
}

fn pop(rx: &mut queue::Consumer) -> Option<u8> {
    let mut body = [0];
    rx.pop_body_if(&mut body, |_| true).map(|_| body[0])
}

#[test]
fn frames_arrive_in_order_across_chunks() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        let producer = thread::spawn(move || write(&mut tx, 0..3));
        let mut read = Vec::new();
        // Bounded: what has not come by then is read after the join.
        for _ in 0..3 {
            read.extend(pop(&mut rx));
        }
        producer.join().unwrap();
        read.extend(std::iter::from_fn(|| pop(&mut rx)));
        assert!(read.into_iter().eq(0..3));
    });
}

#[test]
fn chunks_are_shelved_and_used_again() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        write(&mut tx, 0..2);
        let producer = thread::spawn(move || write(&mut tx, 2..6));
        let mut read = Vec::new();
        for _ in 0..3 {
            read.extend(pop(&mut rx));
        }
        producer.join().unwrap();
        read.extend(std::iter::from_fn(|| pop(&mut rx)));
        assert!(read.into_iter().eq(0..6));
    });
}

#[test]
fn runs_count_their_messages() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        let producer = thread::spawn(move || write(&mut tx, 0..4));
        let mut bytes = Vec::new();
        for _ in 0..2 {
            rx.pop_run(|run| bytes.extend_from_slice(run));
            assert_eq!(bytes.len(), 3 * rx.messages());
        }
        producer.join().unwrap();
        while rx.pop_run(|run| bytes.extend_from_slice(run)) {}
        assert_eq!((bytes.len(), rx.messages()), (12, 4));
    });
}

/// Messages of two frames, each second one in two chunks.
#[test]
fn runs_end_before_a_message_in_two_chunks() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        write(&mut tx, 0..1);
        let producer = thread::spawn(move || {
            tx.begin();
            tx.write_short(&[1], true);
            tx.write_short(&[2], false);
            tx.publish();
            write(&mut tx, 3..4);
        });
        let (mut bytes, mut in_message) = (Vec::new(), false);
        let mut read = |rx: &mut queue::Consumer| {
            let mut body = [0];
            if !in_message && rx.pop_run(|run| bytes.extend_from_slice(run)) {
                return true;
            }
            let Some((read, _)) = rx.pop_body_if(&mut body, |_| true) else {
                return false;
            };
            in_message = read.more;
            bytes.extend_from_slice(&[u8::from(read.more), 1, body[0]]);
            true
        };
        read(&mut rx);
        read(&mut rx);
        producer.join().unwrap();
        while read(&mut rx) {}
        assert_eq!(bytes, [0, 1, 0, 1, 1, 1, 0, 1, 2, 0, 1, 3]);
        assert_eq!(rx.messages(), 3);
    });
}

#[test]
fn what_was_taken_back_is_never_seen() {
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        write(&mut tx, 0..1);
        let producer = thread::spawn(move || {
            tx.begin();
            for _ in 0..3 {
                tx.write_short(&[9], true);
            }
            assert!(tx.roll_back());
            write(&mut tx, 1..3);
        });
        let mut read = Vec::new();
        for _ in 0..2 {
            read.extend(pop(&mut rx));
        }
        producer.join().unwrap();
        read.extend(std::iter::from_fn(|| pop(&mut rx)));
        assert!(read.into_iter().eq(0..3));
    });
}

#[test]
fn what_nobody_reads_is_dropped_once() {
    unsafe extern "C-unwind" fn count(_data: *mut std::ffi::c_void, freed: *mut std::ffi::c_void) {
        // SAFETY: the counter that the test lends, which outlives the messages.
        let freed = unsafe { &*freed.cast::<std::sync::atomic::AtomicUsize>() };
        freed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    loom::model(|| {
        let (mut tx, mut rx) = queue::queue();
        let freed = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = std::sync::Arc::clone(&freed);
        let producer = thread::spawn(move || {
            for _ in 0..3 {
                let hint = std::sync::Arc::as_ptr(&counter).cast_mut().cast();
                // SAFETY: no bytes are lent, and what `count` gets outlives the messages.
                let mut frame =
                    unsafe { Msg::from_user(std::ptr::null_mut(), 0, Some(count), hint) }.unwrap();
                tx.write(&mut frame);
                tx.publish();
            }
        });
        let _ = pop(&mut rx);
        drop(rx);
        producer.join().unwrap();
        let freed = freed.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(freed, 3, "each is dropped, once");
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

/// An inproc connector may send before anybody has bound the name. Who binds it leaves the way to itself
/// and then says that it waits; the connector looks for the way when it sees that.
#[test]
fn who_finds_that_the_other_side_waits_sees_what_it_did_before() {
    loom::model(|| {
        let (mut tx, mut rx) = lane(1, false);
        let way = Arc::new(AtomicBool::new(false));
        let its_way = Arc::clone(&way);
        let writer = thread::spawn(move || {
            tx.send(msg(7));
            assert!(!tx.reader_waits() || its_way.load(Ordering::Relaxed));
            tx
        });
        way.store(true, Ordering::Relaxed);
        let _ = rx.wait();
        drop(writer.join().unwrap());
    });
    loom::model(|| {
        let (mut tx, mut rx) = lane(1, false);
        tx.send(msg(1));
        let way = Arc::new(AtomicBool::new(false));
        let its_way = Arc::clone(&way);
        let reader = thread::spawn(move || {
            let told = rx.recv().is_some_and(|received| received.wake_writer);
            assert!(!told || its_way.load(Ordering::Relaxed));
            rx
        });
        way.store(true, Ordering::Relaxed);
        let _ = tx.wait_for_room();
        drop(reader.join().unwrap());
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
