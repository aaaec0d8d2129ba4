//! Whatever is appended and however much is written at a time, the stream is the same.

use super::*;

/// What the first `slices` slices hold, at most `limit` bytes of it.
fn gather(out: &OutBuf, slices: usize, limit: usize) -> Vec<u8> {
    let mut slices = vec![IoSlice::new(&[]); slices];
    let used = out.slices(&mut slices, usize::MAX);
    let mut bytes = Vec::new();
    for slice in &slices[..used] {
        assert!(!slice.is_empty());
        bytes.extend(&slice[..slice.len().min(limit - bytes.len())]);
    }
    bytes
}

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + seed) as u8).collect()
}

#[test]
fn every_write_size_gives_the_same_stream() {
    for step in [1, 3, 100, 4095, 4096, 10_000, usize::MAX] {
        let mut out = OutBuf::new();
        let mut expected: Vec<u8> = Vec::new();
        let mut written: Vec<u8> = Vec::new();
        for round in 0..10 {
            for len in [
                0, 1, 7, 8, 10, 16, 17, 32, 33, 64, 65, 255, 4095, 4096, 9000,
            ] {
                let bytes = pattern(len, round * 3 + len);
                expected.extend(&bytes);
                if len % 2 == 0 {
                    out.append_msg(Msg::copy_of(&bytes).unwrap());
                } else {
                    out.append(&bytes);
                }
            }
            // One write per round, so that what waits moves and grows.
            let bytes = gather(&out, 3, step);
            out.advance(bytes.len());
            written.extend(bytes);
            assert_eq!(out.len(), expected.len() - written.len());
            assert_eq!(out.written(), written.len() as u64);
        }
        while !out.is_empty() {
            let bytes = gather(&out, 64, step);
            out.advance(bytes.len());
            written.extend(bytes);
        }
        assert_eq!(written, expected);
    }
}

#[test]
fn clearing_leaves_a_usable_buffer() {
    let mut out = OutBuf::new();
    out.append(b"abc");
    out.append_msg(Msg::copy_of(&pattern(5000, 0)).unwrap());
    out.advance(10);
    out.clear();
    assert!(out.is_empty());
    assert_eq!(gather(&out, 4, 100), b"");
    out.append(b"xyz");
    assert_eq!(gather(&out, 4, 100), b"xyz");
    out.advance(3);
    out.append_short_frame([0, 10], b"0123456789");
    assert_eq!(gather(&out, 4, 100), b"\0\x0a0123456789");
}

#[test]
fn secrets_do_not_stay() {
    let secret = pattern(600, 1);
    let holds = |out: &OutBuf| out.buf.iter().any(|&byte| byte != 0);
    let mut out = OutBuf::new();
    out.append(&secret[..300]);
    out.wipe_when_written();
    out.append(&secret[300..]);
    assert_eq!(gather(&out, 4, 1000), secret, "it moved to a larger buffer");
    out.advance(599);
    assert!(holds(&out));
    out.advance(1);
    assert!(!holds(&out));
    out.append(&secret);
    out.wipe_when_written();
    out.clear();
    assert!(!holds(&out));
    out.append(b"abc");
    assert_eq!(gather(&out, 4, 100), b"abc");
}

#[test]
fn idle_buffers_are_released_but_not_between_uses() {
    let mut out = OutBuf::new();
    out.append(&[0; 10]);
    out.release_if_idle();
    assert_eq!(out.len(), 10, "not while something waits");
    out.advance(10);
    out.release_if_idle();
    out.release_if_idle();
    assert!(!out.buf.is_empty(), "small ones stay");
    out.append(&[0; 50_000]);
    out.advance(50_000);
    out.release_if_idle();
    assert!(!out.buf.is_empty(), "used since the last call");
    out.release_if_idle();
    assert!(out.buf.is_empty());
    out.append(b"abc");
    assert_eq!(gather(&out, 4, 100), b"abc");
}

#[test]
fn no_growth_in_steady_state() {
    let mut out = OutBuf::new();
    let body = [1; 10];
    for _ in 0..100 {
        out.append_short_frame([0, 10], &body);
    }
    let size = out.buf.len();
    // Never empty, never more than 100 frames: the room in front must be reused.
    for _ in 0..100_000 {
        out.advance(12);
        out.append_short_frame([0, 10], &body);
    }
    assert!(out.buf.len() <= 2 * size);
    assert_eq!(out.len(), 1200);
}
