//! What a client's frames are masked with: a script in a browser must not be able to say what bytes go over the
//! wire, so nobody may foresee them (RFC 6455, section 5.3).

use salsa20::Salsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};

/// Bytes of the key stream taken at a time: a few of its blocks.
const BATCH: usize = 256;

/// Masks without end.
pub(in super::super) struct Masks {
    stream: Salsa20,
    batch: Box<[u8; BATCH]>,
    used: usize,
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Masks").finish_non_exhaustive()
    }
}

impl Masks {
    /// Masks that come from random bytes.
    pub(in super::super) fn new(seed: &[u8; 32]) -> Self {
        Self {
            stream: Salsa20::new(&(*seed).into(), &[0; 8].into()),
            batch: Box::new([0; BATCH]),
            used: BATCH,
        }
    }

    pub(in super::super) fn next(&mut self) -> [u8; 4] {
        loop {
            let mask = self.batch.get(self.used..).and_then(<[u8]>::first_chunk);
            if let Some(mask) = mask {
                self.used += 4;
                return *mask;
            }
            *self.batch = [0; BATCH];
            // The stream lasts for 2^70 bytes.
            let _ = self.stream.try_apply_keystream(&mut self.batch[..]);
            self.used = 0;
        }
    }
}
