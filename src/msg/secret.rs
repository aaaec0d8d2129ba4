//! Bodies that are nobody's business any more once they are used: they are wiped when they go.

use std::ffi::c_void;
use std::ptr;

use zeroize::Zeroize;

use super::Msg;
use crate::errno::{Errno, Result};

impl Msg {
    /// As [`Self::copy_of`]; the copy is wiped when the last message goes that shares it, a program's
    /// included.
    ///
    /// # Errors
    /// `ENOMEM` if there is no memory for it.
    pub fn secret(data: &[u8]) -> Result<Self> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(data.len())
            .map_err(|_| Errno::ENOMEM)?;
        copy.extend_from_slice(data);
        let len = copy.len();
        let copy = Box::into_raw(copy.into_boxed_slice()).cast::<u8>();
        let hint = ptr::without_provenance_mut(len);
        // SAFETY: the copy is valid until `wipe_and_free`, which may be called from any thread.
        let msg = unsafe { Self::from_user(copy, len, Some(wipe_and_free), hint) };
        if msg.is_err() {
            // SAFETY: no message has it.
            unsafe { wipe_and_free(copy.cast(), hint) };
        }
        msg
    }

    /// Wipes the body, if nobody else can see it ([`Self::data_mut`]).
    pub fn wipe(&mut self) {
        if let Some(body) = self.data_mut() {
            body.zeroize();
        }
    }
}

/// Ends what [`Msg::secret`] made; `hint` is its length.
unsafe extern "C-unwind" fn wipe_and_free(data: *mut c_void, hint: *mut c_void) {
    let bytes = ptr::slice_from_raw_parts_mut(data.cast::<u8>(), hint.addr());
    // SAFETY: made from a box of this length, which is taken back once.
    let mut bytes = unsafe { Box::from_raw(bytes) };
    bytes.zeroize();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_messages_that_travel_by_pointer() {
        for len in [0, 1, 40, 41, 1000] {
            let bytes = vec![7; len];
            let mut msg = Msg::secret(&bytes).unwrap();
            assert_eq!(msg.data(), bytes);
            assert!(msg.short_body().is_none(), "it would be copied");
            let copy = msg.share();
            drop(msg);
            assert_eq!(copy.data(), bytes);
        }
    }

    #[test]
    fn wiping_leaves_nothing() {
        for len in [0, 1, 40, 41, 1000] {
            let mut msg = Msg::copy_of(&vec![7; len]).unwrap();
            msg.wipe();
            assert_eq!(msg.data(), vec![0; len]);
        }
    }
}
