//! Section "Z85 and CURVE keys". The codec is [`crate::util::z85`].

use std::ffi::{c_char, c_int};

use zeroize::Zeroizing;

use super::args;
use crate::crypto::{KEY_LEN, SecretKey};
use crate::errno::{Errno, Result};
use crate::util::z85;

entry! {
    /// Encodes `size` bytes, a multiple of 4 (else EINVAL), as Z85 with a terminating NUL. Returns
    /// `dest`, which has room for `size` * 5 / 4 + 1.
    ///
    /// # Safety
    /// `data` is NULL (EINVAL) or valid for reads of `size` bytes, `dest` is NULL (EINVAL) or valid
    /// for writes of the result, and they do not overlap.
    fn zmq_z85_encode(dest: *mut c_char, data: *const u8, size: usize) -> *mut c_char {
        let len = z85::encoded_len(size).ok_or(Errno::EINVAL)?;
        // SAFETY: passed on to the caller.
        let data = unsafe { args::bytes(data.cast(), size, Errno::EINVAL) }?;
        // SAFETY: passed on to the caller.
        let text = unsafe { args::bytes_mut(dest.cast(), len + 1, Errno::EINVAL) }?;
        let (text, end) = text.split_at_mut(len);
        z85::encode_into(data, text);
        end[0] = 0;
        Ok(dest)
    }
}

entry! {
    /// Decodes a Z85 string. Returns `dest`, which has room for 4 bytes per 5 characters; NULL and
    /// EINVAL if the string is empty or no Z85.
    ///
    /// # Safety
    /// `string` is NULL (EINVAL) or a NUL-terminated string, `dest` is NULL (EINVAL) or valid for
    /// writes of the result, and they do not overlap.
    fn zmq_z85_decode(dest: *mut u8, string: *const c_char) -> *mut u8 {
        // SAFETY: passed on to the caller.
        let text = unsafe { args::c_str(string) }?.to_bytes();
        let len = z85::decoded_len(text.len()).ok_or(Errno::EINVAL)?;
        // SAFETY: passed on to the caller.
        let data = unsafe { args::bytes_mut(dest.cast(), len, Errno::EINVAL) }?;
        z85::decode_into(text, data).ok_or(Errno::EINVAL)?;
        Ok(dest)
    }
}

entry! {
    /// Makes a pair of CURVE keys, each 40 characters of Z85 and a NUL.
    ///
    /// # Safety
    /// Each argument is NULL (EINVAL) or valid for writes of 41 bytes.
    fn zmq_curve_keypair(z85_public_key: *mut c_char, z85_secret_key: *mut c_char) -> c_int {
        // SAFETY: passed on to the caller.
        let public_text = unsafe { key_text(z85_public_key) }?;
        // SAFETY: passed on to the caller; two keys do not overlap.
        let secret_text = unsafe { key_text(z85_secret_key) }?;
        let secret = SecretKey::generate()?;
        write_key(&secret.public(), public_text);
        write_key(secret.as_bytes(), secret_text);
        Ok(())
    }
}

entry! {
    /// Derives the public key, 40 characters of Z85 and a NUL, of a secret one; EINVAL if that is
    /// no key.
    ///
    /// # Safety
    /// `z85_public_key` is NULL (EINVAL) or valid for writes of 41 bytes, `z85_secret_key` is NULL
    /// (EINVAL) or a NUL-terminated string.
    fn zmq_curve_public(z85_public_key: *mut c_char, z85_secret_key: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        let text = unsafe { args::c_str(z85_secret_key) }?.to_bytes();
        if text.len() != KEY_TEXT {
            return Err(Errno::EINVAL);
        }
        let mut key = Zeroizing::new([0; KEY_LEN]);
        z85::decode_into(text, key.as_mut_slice()).ok_or(Errno::EINVAL)?;
        let secret = SecretKey::from_bytes(&key);
        // SAFETY: passed on to the caller.
        let public_text = unsafe { key_text(z85_public_key) }?;
        write_key(&secret.public(), public_text);
        Ok(())
    }
}

/// Characters of a key.
const KEY_TEXT: usize = KEY_LEN / 4 * 5;

/// The place for a key and its NUL.
///
/// # Safety
/// `text` is NULL or valid for writes of 41 bytes for as long as the result is used.
unsafe fn key_text<'a>(text: *mut c_char) -> Result<&'a mut [u8]> {
    // SAFETY: passed on to the caller.
    unsafe { args::bytes_mut(text.cast(), KEY_TEXT + 1, Errno::EINVAL) }
}

fn write_key(key: &[u8; KEY_LEN], text: &mut [u8]) {
    let (text, end) = text.split_at_mut(KEY_TEXT);
    z85::encode_into(key, text);
    end[0] = 0;
}
