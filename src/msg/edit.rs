//! Changing a body where it lies: what decryption needs. Only bodies that nobody else can see.

use super::{BLOCK, Block, INLINE, Msg};

impl Msg {
    /// The body for writing, if nobody else can see it: not one that a program lent, has a copy of,
    /// or that shares its block with other messages.
    #[must_use]
    pub fn data_mut(&mut self) -> Option<&mut [u8]> {
        let len = self.len();
        let exclusive = match self.place {
            INLINE => true,
            BLOCK => {
                // SAFETY: the message holds a reference, which is borrowed here and not given up.
                let block =
                    std::mem::ManuallyDrop::new(unsafe { Block::from_raw(self.long().block) });
                block.is_unique() && !block.is_lent() && block.capacity() >= len
            }
            _ => false,
        };
        if !exclusive {
            return None;
        }
        let data = self.data_mut_ptr();
        // SAFETY: `len` bytes from `data` are the body, and no other message has a window on them.
        Some(unsafe { std::slice::from_raw_parts_mut(data, len) })
    }

    /// Takes the first `n` bytes (or all) off the body; a large body stays where it is.
    pub fn skip(&mut self, n: usize) {
        let len = self.len();
        let n = n.min(len);
        if self.place == INLINE {
            if let Some(body) = self.data_mut() {
                body.copy_within(n.., 0);
            }
            // At most `INLINE_MAX`.
            self.inline_len = (len - n) as u8;
            return;
        }
        let mut long = self.long();
        // SAFETY: `n` is at most the length of the window.
        long.data = unsafe { long.data.add(n) };
        long.len -= n;
        self.body.long = long;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_lose_their_beginning_in_place() {
        for len in [0_usize, 1, 33, 40, 41, 1000] {
            for n in [0, 1, 33, 2000] {
                let bytes: Vec<u8> = (0..len).map(|i| i as u8).collect();
                let mut msg = Msg::copy_of(&bytes).unwrap();
                msg.skip(n);
                assert_eq!(msg.data(), &bytes[n.min(len)..], "{len} {n}");
            }
        }
    }

    #[test]
    fn only_bodies_of_our_own_are_writable() {
        let mut small = Msg::copy_of(b"abc").unwrap();
        small.data_mut().unwrap()[0] = b'x';
        assert_eq!(small.data(), b"xbc");
        let mut large = Msg::copy_of(&[7; 100]).unwrap();
        large.data_mut().unwrap()[99] = 8;
        let copy = large.share();
        assert!(large.data_mut().is_none());
        drop(copy);
        assert_eq!(large.data_mut().unwrap()[99], 8);
        static LENT: [u8; 3] = *b"abc";
        // SAFETY: the buffer is static, and nobody writes to it.
        let lent =
            unsafe { Msg::from_user(LENT.as_ptr().cast_mut(), 3, None, std::ptr::null_mut()) };
        assert!(lent.unwrap().data_mut().is_none());
        unsafe extern "C-unwind" fn free(
            _data: *mut std::ffi::c_void,
            _hint: *mut std::ffi::c_void,
        ) {
        }
        let nowhere = std::ptr::null_mut();
        // SAFETY: there are no bytes, and `free` does nothing.
        let mut empty = unsafe { Msg::from_user(nowhere, 0, Some(free), nowhere.cast()) }.unwrap();
        assert!(empty.data_mut().is_none());
    }
}
