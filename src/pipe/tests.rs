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

/// A frame whose body tells its number, short, or long enough to be moved whole.
fn numbered(i: usize, more: bool) -> Msg {
    let len = [0, 1, 10, 40, 41, 100, 255, 256, 1000, 2048, 2049][i % 11];
    let mut body = vec![i as u8; len];
    if let Some(first) = body.first_mut() {
        *first = (i >> 8) as u8;
    }
    let mut msg = Msg::copy_of(&body).unwrap();
    msg.set_more(more);
    msg
}

/// Writes that frame, as a message or as a body.
fn put(tx: &mut Writer, i: usize, more: bool) {
    let frame = numbered(i, more);
    if i.is_multiple_of(3) && frame.len() <= SHORT_MAX {
        tx.send_short(frame.data(), more);
    } else {
        tx.send(frame);
    }
}

#[test]
fn frames_of_all_sizes_and_roll_backs_keep_their_order() {
    let (mut tx, mut rx) = lane(0, false);
    let mut expected = Vec::new();
    let mut read = 0;
    for round in 0..2000 {
        for part in 0..round % 4 {
            put(&mut tx, round + part, true);
        }
        if round % 5 == 0 {
            assert_eq!(tx.roll_back(), round % 4 != 0);
            continue;
        }
        put(&mut tx, round, false);
        expected.extend((0..round % 4).map(|part| numbered(round + part, true)));
        expected.push(numbered(round, false));
        // Sometimes ahead by much, sometimes by nothing.
        if round % 7 == 0 || round > 1000 {
            while let Some(received) = rx.recv() {
                let want: &Msg = &expected[read];
                assert_eq!(received.frame.data(), want.data());
                assert_eq!(received.frame.is_more(), want.is_more());
                read += 1;
            }
        }
    }
    while rx.recv().is_some() {
        read += 1;
    }
    assert_eq!(read, expected.len());
}

#[test]
fn bodies_and_runs_come_out_as_they_went_in() {
    let (mut tx, mut rx) = lane(0, false);
    let mut buffer = [0; 16];
    assert!(rx.recv_body(&mut buffer).is_none());
    assert!(!tx.send_short(b"abc", true));
    assert!(rx.recv_body(&mut buffer).is_none());
    assert!(tx.send_short(&[7; 100], false));
    let (read, _) = rx.recv_body(&mut buffer).unwrap();
    assert_eq!((read.len, read.more, &buffer[..3]), (3, true, &b"abc"[..]));
    assert!(rx.recv_run(|_| panic!("within a message")).is_none());
    let (read, _) = rx.recv_body(&mut buffer).unwrap();
    assert_eq!((read.len, read.more, buffer), (100, false, [7; 16]));

    tx.send_run(b"\0\x01x\x01\x01y\0\0", 2);
    let mut run = Vec::new();
    assert_eq!(
        rx.recv_run(|bytes| run.extend_from_slice(bytes)),
        Some(false)
    );
    assert_eq!(run, b"\0\x01x\x01\x01y\0\0");
    tx.send(Msg::copy_of(&[1; 300]).unwrap());
    assert!(rx.recv_run(|_| panic!("no short frame")).is_none());
    assert_eq!(rx.recv().unwrap().frame.len(), 300);
}

#[test]
fn runs_give_credit_for_each_message() {
    let (mut tx, mut rx) = lane(10, false);
    assert_eq!(tx.room_for_run(), 10);
    tx.send_run(&[0; 20], 10);
    assert_eq!(tx.room_for_run(), 0);
    assert!(tx.wait_for_room());
    assert_eq!(rx.recv_run(|_| ()), Some(true));
    assert!(tx.take_credit());
    assert_eq!(tx.room_for_run(), 10);
}

/// Messages of one to five frames, short ones mostly, some long, some taken back, through many chunks; read by runs and
/// by frames. What comes out is the same bytes, and as many messages.
#[test]
fn runs_and_frames_of_any_message_come_out_in_order() {
    let (mut tx, mut rx) = lane(0, false);
    let mut state = 7_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let (mut wire, mut read) = (Vec::new(), Vec::new());
    let (mut runs, mut number) = (0, 0_u8);
    for round in 0..2_000 {
        for _ in 0..next(12) {
            let frames = 1 + next(5);
            let begins_at = wire.len();
            let is_taken_back = frames > 1 && next(8) == 0;
            for frame in 0..frames {
                let more = frame + 1 < frames || is_taken_back;
                number = number.wrapping_add(1);
                let is_long = next(40) == 0;
                let body = vec![number; if is_long { 3_000 } else { next(200) }];
                if is_long {
                    wire.push(u8::from(more) | 2);
                    wire.extend_from_slice(&(body.len() as u64).to_be_bytes());
                    let mut msg = Msg::copy_of(&body).unwrap();
                    msg.set_more(more);
                    tx.send(msg);
                } else {
                    wire.extend_from_slice(&[u8::from(more), body.len() as u8]);
                    tx.send_short(&body, more);
                }
                wire.extend_from_slice(&body);
            }
            if is_taken_back {
                assert!(tx.roll_back());
                wire.truncate(begins_at);
            }
        }
        while round % 7 == 6 && rx.has_next() {
            if rx.recv_run(|run| read.extend_from_slice(run)).is_some() {
                runs += 1;
                continue;
            }
            let frame = rx.recv().unwrap().frame;
            let more = u8::from(frame.is_more());
            match u8::try_from(frame.len()) {
                Ok(len) => read.extend_from_slice(&[more, len]),
                Err(_) => {
                    read.push(more | 2);
                    read.extend_from_slice(&(frame.len() as u64).to_be_bytes());
                }
            }
            read.extend_from_slice(frame.data());
        }
        if round % 7 == 6 {
            assert!(read == wire, "in round {round}");
            assert_eq!(rx.messages(), tx.frames.messages());
            read.clear();
            wire.clear();
        }
    }
    assert!(runs > 100, "{runs}");
}

#[test]
fn a_message_in_two_chunks_leaves_the_runs_around_it() {
    let (mut tx, mut rx) = lane(0, false);
    for _ in 0..100 {
        for more in [true, true, false] {
            tx.send_short(&[1; 100], more);
        }
    }
    let (mut frames, mut in_runs) = (0, 0);
    while rx.has_next() {
        if rx.recv_run(|run| in_runs += run.len() / 102).is_none() {
            frames += usize::from(rx.recv().is_some());
        }
    }
    assert_eq!((frames + in_runs, rx.messages()), (300, 100));
    assert!(frames <= 3 * 6, "one message a chunk at most: {frames}");
}

/// What is known of a connection with this descriptor.
fn origin(fd: i32) -> Arc<Metadata> {
    Arc::new(Metadata::new(Vec::new(), fd))
}

fn fd_of(rx: &Reader) -> i32 {
    rx.origin().map_or(-1, |origin| origin.src_fd)
}

#[test]
fn each_message_is_known_by_its_own_connection() {
    let (mut tx, mut rx) = lane(4, false);
    tx.come_from(origin(1));
    assert_eq!(tx.room_for_run(), 0, "the first message goes by itself");
    tx.send_on(msg(10, false));
    assert_eq!(tx.room_for_run(), 3, "only messages count");
    tx.send_run(&[0, 1, 11], 1);
    tx.come_from(origin(2));
    tx.send_on(msg(20, true));
    tx.send_on(Msg::copy_of(&[21; 3000]).unwrap());
    tx.send_on(msg(22, false));
    assert!(!tx.has_room());
    let mut read = Vec::new();
    while let Some(received) = rx.recv() {
        read.push((received.frame.data()[0], fd_of(&rx)));
    }
    assert_eq!(read, [(10, 1), (11, 1), (20, 2), (21, 2), (22, 2)]);
    assert_eq!(rx.messages(), 4);
}

#[test]
fn connections_are_told_apart_however_one_reads() {
    let (mut tx, mut rx) = lane(0, false);
    for fd in 1..5 {
        tx.come_from(origin(fd));
        tx.send_on(msg(10 * fd as u8, false));
        tx.send_on(msg(10 * fd as u8 + 1, false));
    }
    let mut body = [0; 1];
    assert!(rx.recv_body(&mut body).is_some());
    assert_eq!((body, fd_of(&rx)), ([10], 1));
    assert_eq!(rx.recv_plain(&mut body), Some(1));
    assert_eq!(rx.recv_plain(&mut body), None, "not over that border");
    assert_eq!((body, fd_of(&rx)), ([11], 1));
    rx.look_at_origin();
    rx.look_at_origin();
    assert_eq!(fd_of(&rx), 2);
    for byte in [20, 21] {
        let told = rx.recv_plain_by(|body, origin| (body[0], origin.map(|origin| origin.src_fd)));
        assert_eq!(told, Some((byte, Some(2))));
    }
    assert_eq!(rx.recv_run(|_| ()), None, "nor by runs");
    for byte in [30, 31] {
        assert_eq!(rx.recv().unwrap().frame.data(), [byte]);
    }
    assert_eq!(fd_of(&rx), 3);
    assert!(rx.has_next());
}

#[test]
fn a_connection_without_a_whole_message_is_not_told_of() {
    let (mut tx, mut rx) = lane(0, false);
    rx.set_origin(Some(origin(1)));
    tx.send_on(msg(1, false));
    tx.come_from(origin(2));
    tx.send_on(msg(2, true));
    assert!(tx.roll_back());
    tx.come_from(origin(3));
    assert_eq!(rx.recv().unwrap().frame.data(), [1]);
    assert!(!rx.has_next());
    tx.come_from(origin(4));
    tx.send_on(msg(4, false));
    assert_eq!(fd_of(&rx), 1);
    assert_eq!(rx.recv().unwrap().frame.data(), [4]);
    assert_eq!(fd_of(&rx), 4);
}

#[test]
fn the_latest_message_has_its_connection_with_it() {
    let (mut tx, mut rx) = lane(0, true);
    for fd in [1, 2] {
        tx.come_from(origin(fd));
        tx.send_on(msg(1, false));
        tx.send_on(msg(2, false));
        let frame = rx.recv().unwrap().frame;
        assert_eq!(
            (frame.data(), frame.metadata().unwrap().src_fd),
            (&[2][..], fd)
        );
    }
}

#[test]
fn notes_of_connections_are_given_back_with_the_lane() {
    let mark = origin(1);
    let (mut tx, mut rx) = lane(0, false);
    for byte in 0..3 {
        tx.come_from(Arc::clone(&mark));
        tx.send_on(msg(byte, byte == 2));
    }
    assert_eq!(Arc::strong_count(&mark), 4);
    rx.recv();
    drop((tx, rx));
    // The thread may keep one for its next message.
    assert!(Arc::strong_count(&mark) <= 2);
}
