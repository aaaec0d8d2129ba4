//! Salsa20's key stream, as XSalsa20-Poly1305 uses it: 32 bytes for the authenticator's key, then
//! data. Blocks are made many at a time where the processor has the vectors for it, else by the
//! `salsa20` crate.

use ::salsa20::Salsa20;
use ::salsa20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use zeroize::Zeroize;

use crate::sys::vector::{self, Block, LANES};

/// "expand 32-byte k"
const SIGMA: [u32; 4] = [0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574];

/// The key stream of one nonce; wiped when dropped.
pub(super) struct Stream {
    state: Block,
    /// Blocks made so far.
    counter: u64,
    blocks: [Block; LANES],
    /// Without vectors: the other implementation.
    portable: Option<Box<Salsa20>>,
}

impl Stream {
    #[inline]
    pub(super) fn new(key: &[u8; 32], nonce: &[u8; 8]) -> Self {
        let word = |bytes: &[u8], i: usize| {
            bytes
                .as_chunks::<4>()
                .0
                .get(i)
                .map_or(0, |word| u32::from_le_bytes(*word))
        };
        let k = |i| word(key, i);
        let n = |i| word(nonce, i);
        let state = [
            SIGMA[0],
            k(0),
            k(1),
            k(2),
            k(3),
            SIGMA[1],
            n(0),
            n(1),
            0,
            0,
            SIGMA[2],
            k(4),
            k(5),
            k(6),
            k(7),
            SIGMA[3],
        ];
        let mut stream = Self {
            state,
            counter: 0,
            blocks: [[0; 16]; LANES],
            portable: None,
        };
        if !stream.make_blocks() {
            stream.portable = Some(Box::new(Salsa20::new(key.into(), nonce.into())));
        }
        stream
    }

    #[inline]
    fn make_blocks(&mut self) -> bool {
        let made = vector::salsa20_blocks(&self.state, self.counter, &mut self.blocks);
        self.counter = self.counter.wrapping_add(LANES as u64);
        made
    }

    /// The first 32 bytes.
    #[inline]
    pub(super) fn poly_key(&mut self) -> [u8; 32] {
        let mut key = [0; 32];
        if let Some(portable) = &mut self.portable {
            portable.seek(0);
            portable.apply_keystream(&mut key);
        } else {
            xor(&mut key, &self.blocks[0], 0);
        }
        key
    }

    /// Encrypts or decrypts with what follows; once per stream.
    #[inline]
    pub(super) fn apply(&mut self, data: &mut [u8]) {
        if let Some(portable) = &mut self.portable {
            portable.seek(32);
            portable.apply_keystream(data);
            return;
        }
        let (head, mut rest) = data.split_at_mut(data.len().min(32));
        xor(head, &self.blocks[0], 8);
        let mut next = 1;
        while !rest.is_empty() {
            if next == LANES {
                self.make_blocks();
                next = 0;
            }
            let n = rest.len().min(64 * (LANES - next));
            let (now, later) = rest.split_at_mut(n);
            for (bytes, block) in now.chunks_mut(64).zip(&self.blocks[next..]) {
                xor(bytes, block, 0);
            }
            next = LANES;
            rest = later;
        }
    }
}

impl Drop for Stream {
    #[inline]
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

/// Adds the words of a block from `from` on to at most as many bytes.
#[inline(always)]
fn xor(bytes: &mut [u8], block: &Block, from: usize) {
    if let (Ok(bytes), 0) = (<&mut [u8; 64]>::try_from(&mut *bytes), from) {
        for (bytes, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(block) {
            *bytes = (u32::from_le_bytes(*bytes) ^ word).to_le_bytes();
        }
        return;
    }
    for (bytes, word) in bytes.chunks_mut(4).zip(&block[from..]) {
        for (byte, key) in bytes.iter_mut().zip(word.to_le_bytes()) {
            *byte ^= key;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_those_of_the_crate() {
        let key: [u8; 32] = std::array::from_fn(|i| i as u8 * 3);
        let nonce = *b"eight by";
        for len in (0..300).chain([990, 991, 992, 993, 1056, 2015, 2016, 2017, 5000, 70_000]) {
            let mut ours: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let mut theirs = ours.clone();
            let mut stream = Stream::new(&key, &nonce);
            let mut crate_stream = Salsa20::new(&key.into(), &nonce.into());
            let mut expected = [0; 32];
            crate_stream.apply_keystream(&mut expected);
            assert_eq!(stream.poly_key(), expected);
            stream.apply(&mut ours);
            crate_stream.apply_keystream(&mut theirs);
            assert!(ours == theirs, "{len}");
        }
    }
}
