//! Bytes on their way to the stream: heads and small bodies are copied together, large bodies are
//! kept as messages and never copied.
//!
//! No framing and no writing: a session takes [`OutBuf::slices`], writes, and reports how far it
//! got with [`OutBuf::advance`].

use std::collections::VecDeque;
use std::io::IoSlice;

use zeroize::Zeroize;

use crate::msg::Msg;

/// Bodies of at least this many bytes are kept as messages. Below it, one copy costs less than
/// another slice in every write.
const KEEP_BODY: usize = 4096;

/// First size of the contiguous part, in bytes.
const FIRST_SIZE: usize = 512;
/// The contiguous part is not kept larger than this once it is empty, in bytes.
const KEPT_SIZE: usize = 256 * 1024;
/// What an idle connection may keep of it, in bytes.
const IDLE_SIZE: usize = 4096;

/// Encoded bytes that wait for the stream.
///
/// In steady state nothing is allocated: the contiguous part and the list of bodies are reused.
#[derive(Default)]
pub struct OutBuf {
    /// Contiguous part; `head..tail` is waiting, the rest is room (initialised, so that an append
    /// is one copy).
    buf: Vec<u8>,
    head: usize,
    tail: usize,
    /// How many contiguous bytes left `buf` before its first one; makes `Body::at` independent of
    /// moves within `buf`.
    base: u64,
    bodies: VecDeque<Body>,
    /// Bytes of the first body that are written already.
    body_written: usize,
    /// Sum of what waits in `bodies`.
    body_bytes: usize,
    written: u64,
    /// `written` as of the last call of `release_if_idle`.
    written_at_release: u64,
    /// The contiguous part is wiped when it is empty.
    has_secret: bool,
}

/// A body kept as a message.
struct Body {
    /// It comes after this many contiguous bytes, counted since the beginning.
    at: u64,
    msg: Msg,
}

impl std::fmt::Debug for OutBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutBuf")
            .field("len", &self.len())
            .field("bodies", &self.bodies.len())
            .finish()
    }
}

impl OutBuf {
    /// An empty buffer, without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            buf: Vec::new(),
            head: 0,
            tail: 0,
            base: 0,
            bodies: VecDeque::new(),
            body_written: 0,
            body_bytes: 0,
            written: 0,
            written_at_release: 0,
            has_secret: false,
        }
    }

    /// Whether nothing waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.head == self.tail && self.bodies.is_empty()
    }

    /// How many bytes wait.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.tail - self.head + self.body_bytes
    }

    /// How many bytes were ever written; together with `len()` the position in the stream that
    /// the next append gets.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Appends a copy of `bytes`.
    #[inline]
    pub fn append(&mut self, bytes: &[u8]) {
        copy_short(self.room(bytes.len()), bytes);
    }

    /// Appends a frame head of two bytes and a body of at most 255.
    #[inline]
    pub(super) fn append_short_frame(&mut self, head: [u8; 2], body: &[u8]) {
        if let Some((to, rest)) = self.room(2 + body.len()).split_first_chunk_mut::<2>() {
            *to = head;
            copy_short(rest, body);
        }
    }

    /// What was appended is no longer kept than until it is written, or dropped.
    pub(super) fn wipe_when_written(&mut self) {
        self.has_secret = true;
    }

    /// Appends a body: copied if it is small, else kept as it is.
    #[inline]
    pub fn append_msg(&mut self, msg: Msg) {
        if msg.len() < KEEP_BODY {
            self.append(msg.data());
        } else {
            self.body_bytes += msg.len();
            self.bodies.push_back(Body {
                at: self.base + self.tail as u64,
                msg,
            });
        }
    }

    /// Fills `into` with the bytes to write next, in order and at most `limit`, and returns how many slices
    /// it used.
    pub fn slices<'a>(&'a self, into: &mut [IoSlice<'a>], limit: usize) -> usize {
        let mut used = 0;
        let mut left = limit;
        let mut put = |bytes: &'a [u8]| {
            if bytes.is_empty() {
                return true;
            }
            let Some(slot) = into.get_mut(used).filter(|_| left > 0) else {
                return false;
            };
            let bytes = &bytes[..bytes.len().min(left)];
            *slot = IoSlice::new(bytes);
            left -= bytes.len();
            used += 1;
            true
        };
        let mut from = self.head;
        let mut skip = self.body_written;
        for body in &self.bodies {
            let at = self.index(body.at);
            if !put(&self.buf[from..at]) || !put(&body.msg.data()[skip..]) {
                return used;
            }
            from = at;
            skip = 0;
        }
        put(&self.buf[from..self.tail]);
        used
    }

    /// Forgets the first `written` bytes, which the stream has taken.
    pub fn advance(&mut self, written: usize) {
        debug_assert!(written <= self.len());
        let mut left = written.min(self.len());
        self.written += left as u64;
        while let Some(body) = self.bodies.front() {
            let before = self.index(body.at) - self.head;
            if left < before {
                break;
            }
            let rest = body.msg.len() - self.body_written;
            if left - before < rest {
                self.head += before;
                self.body_written += left - before;
                self.body_bytes -= left - before;
                return;
            }
            self.head += before;
            self.body_bytes -= rest;
            self.body_written = 0;
            left -= before + rest;
            self.bodies.pop_front();
        }
        self.head += left;
        if self.is_empty() {
            self.rewind();
        }
    }

    /// Drops everything that waits.
    pub fn clear(&mut self) {
        self.bodies.clear();
        self.body_written = 0;
        self.body_bytes = 0;
        self.head = self.tail;
        self.rewind();
    }

    /// Gives memory back if nothing waits. May be called as often as one likes: a small buffer is
    /// kept, and a larger one too if it was used since the last call.
    pub fn release_if_idle(&mut self) {
        if !self.is_empty() {
            return;
        }
        if self.buf.len() > IDLE_SIZE && self.written == self.written_at_release {
            self.rewind();
            self.buf = Vec::new();
            self.bodies = VecDeque::new();
        }
        self.written_at_release = self.written;
    }

    /// Appends `n` bytes, for the caller to write.
    #[inline]
    pub(super) fn room(&mut self, n: usize) -> &mut [u8] {
        if self.buf.len() - self.tail < n {
            self.make_room(n);
        }
        let start = self.tail;
        self.tail += n;
        &mut self.buf[start..self.tail]
    }

    #[cold]
    fn make_room(&mut self, n: usize) {
        if self.head > 0 && self.head >= self.tail - self.head {
            self.buf.copy_within(self.head..self.tail, 0);
            self.base += self.head as u64;
            self.tail -= self.head;
            self.head = 0;
        }
        let needed = self.tail + n;
        if needed > self.buf.len() {
            let size = needed.max(self.buf.len() * 2).max(FIRST_SIZE);
            if self.has_secret {
                let mut larger = Vec::with_capacity(size);
                larger.extend_from_slice(&self.buf);
                self.buf.zeroize();
                self.buf = larger;
            }
            self.buf.resize(size, 0);
        }
    }

    fn rewind(&mut self) {
        self.base += self.tail as u64;
        self.head = 0;
        self.tail = 0;
        if std::mem::take(&mut self.has_secret) {
            self.buf.as_mut_slice().zeroize();
        }
        if self.buf.len() > KEPT_SIZE {
            self.buf.truncate(KEPT_SIZE);
            self.buf.shrink_to_fit();
        }
    }

    /// Where a position of [`Body::at`] lies in `buf`.
    fn index(&self, at: u64) -> usize {
        (at - self.base) as usize
    }
}

impl Drop for OutBuf {
    fn drop(&mut self) {
        if self.has_secret {
            self.buf.zeroize();
        }
    }
}

/// Copies `from` into `to`, which has the same length. Bodies of 8 to 64 bytes go as two
/// overlapping pieces of fixed size, without a call.
#[inline]
fn copy_short(to: &mut [u8], from: &[u8]) {
    let done = match from.len() {
        8..=16 => copy_ends::<8>(to, from),
        17..=32 => copy_ends::<16>(to, from),
        33..=64 => copy_ends::<32>(to, from),
        _ => false,
    };
    if !done {
        to.copy_from_slice(from);
    }
}

/// Copies the first and the last `N` bytes; false, if there are fewer.
#[inline]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else {
        return false;
    };
    let Some(to_first) = to.first_chunk_mut::<N>() else {
        return false;
    };
    *to_first = *first;
    let Some(to_last) = to.last_chunk_mut::<N>() else {
        return false;
    };
    *to_last = *last;
    true
}

#[cfg(test)]
mod tests;
