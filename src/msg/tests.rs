//! Messages and the receive buffer: bodies by size, sharing, closing, reads in pieces.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::errno::Errno;

#[test]
fn bodies_of_every_place_read_back() {
    for len in [0, 1, INLINE_MAX, INLINE_MAX + 1, 1000, 70_000] {
        let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
        let mut msg = Msg::copy_of(&data).unwrap();
        assert_eq!(msg.data(), data);
        let copy = msg.share();
        assert_eq!(copy.is_shared(), len > INLINE_MAX);
        drop(msg);
        assert_eq!(copy.data(), data);
    }
}

#[test]
fn lent_buffer_is_freed_once_by_its_last_holder() {
    static FREED: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "C-unwind" fn free(_data: *mut c_void, _hint: *mut c_void) {
        FREED.fetch_add(1, Ordering::Relaxed);
    }
    let mut buffer = *b"lent";
    let hint = std::ptr::null_mut();
    // SAFETY: the buffer outlives the messages, and `free` only counts.
    let mut msg = unsafe { Msg::from_user(buffer.as_mut_ptr(), 4, Some(free), hint) }.unwrap();
    let copy = msg.share();
    drop(msg);
    assert_eq!(FREED.load(Ordering::Relaxed), 0);
    assert_eq!(copy.data(), b"lent");
    drop(copy);
    assert_eq!(FREED.load(Ordering::Relaxed), 1);
}

#[test]
fn closing_in_place_leaves_no_message() {
    let mut msg = MaybeUninit::new(Msg::copy_of(&[7; 100]).unwrap());
    // SAFETY: initialised above and not used as a message afterwards.
    unsafe { Msg::close_in_place(msg.as_mut_ptr()) };
    // SAFETY: the bytes of a `Msg`; only its tag is looked at.
    assert!(!unsafe { &*msg.as_ptr() }.is_valid());
}

#[test]
fn reads_in_pieces_make_bodies() {
    let stream: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
    for piece in [1000, 9000, 100_000] {
        let mut rx = RxBuf::new();
        let mut fed = 0;
        let mut got = Vec::new();
        // Bodies of 100 bytes and of 20,000 bytes in turn.
        let mut next = 100;
        while got.len() + next <= stream.len() {
            let (n, _) = rx
                .fill(|slices| -> Result<usize> {
                    let mut n = 0;
                    for slice in slices {
                        let take = slice.len().min(piece - n).min(stream.len() - fed - n);
                        slice[..take].copy_from_slice(&stream[fed + n..fed + n + take]);
                        n += take;
                    }
                    Ok(n)
                })
                .unwrap();
            fed += n;
            while got.len() + next <= stream.len() {
                let body = if rx.in_body() {
                    None
                } else if let Some(body) = rx.finish_body() {
                    Some(body)
                } else if rx.unread().len() >= next {
                    Some(rx.take(next).unwrap())
                } else {
                    if rx.wants_body(next) {
                        rx.start_body(next).unwrap();
                    }
                    None
                };
                let Some(body) = body else { break };
                assert_eq!(body.len(), next);
                got.extend_from_slice(body.data());
                next = if next == 100 { 20_000 } else { 100 };
            }
        }
        assert_eq!(got, stream[..got.len()]);
        assert!(got.len() > 280_000);
    }
}

#[test]
fn received_bodies_share_a_block_unless_they_are_copied() {
    for (mut rx, shares) in [(RxBuf::new(), true), (RxBuf::copying(), false)] {
        rx.fill(|slices: &mut [std::io::IoSliceMut<'_>]| {
            slices[0][..300].fill(7);
            Ok::<_, Errno>(300)
        })
        .unwrap();
        let mut first = rx.take(100).unwrap();
        let second = rx.take(100).unwrap();
        assert_eq!(
            (first.data(), second.data()),
            (&[7; 100][..], &[7; 100][..])
        );
        // Only what has its memory to itself may be written to.
        assert_eq!(first.data_mut().is_none(), shares);
        assert_eq!(rx.unread().len(), 100);
    }
}
