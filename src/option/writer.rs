//! Writing a value into the buffer of `zmq_getsockopt(3)`.

use crate::errno::{Errno, Result};

/// The caller's buffer for an option value, and how much of it the value took.
///
/// The rules about sizes are those of the reference library: stored numbers want exactly their
/// size, strings, binary data and what the socket itself reports fit any larger buffer too, whose
/// rest is then cleared.
#[derive(Debug)]
pub struct OptionWriter<'a> {
    buffer: &'a mut [u8],
    written: Option<usize>,
}

impl<'a> OptionWriter<'a> {
    /// Writes into `buffer`; what it held does not matter.
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            written: None,
        }
    }

    /// The size of the buffer in bytes.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// The size of the value written, `None` before anything was.
    #[must_use]
    pub const fn written(&self) -> Option<usize> {
        self.written
    }

    /// A number of the options' own: the buffer must have its size exactly.
    ///
    /// # Errors
    /// `EINVAL` with any other size.
    pub fn int(&mut self, value: i32) -> Result<()> {
        self.exact(&value.to_ne_bytes())
    }

    /// A 64-bit number: the buffer must have its size exactly.
    ///
    /// # Errors
    /// `EINVAL` with any other size.
    pub fn i64(&mut self, value: i64) -> Result<()> {
        self.exact(&value.to_ne_bytes())
    }

    /// A 64-bit number: the buffer must have its size exactly.
    ///
    /// # Errors
    /// `EINVAL` with any other size.
    pub fn u64(&mut self, value: u64) -> Result<()> {
        self.exact(&value.to_ne_bytes())
    }

    /// A number that the socket reports (`RCVMORE`, `FD`, `EVENTS`, `THREAD_SAFE`): a larger buffer
    /// is cleared behind it.
    ///
    /// # Errors
    /// `EINVAL` if the buffer is too short.
    pub fn state(&mut self, value: i32) -> Result<()> {
        self.bytes(&value.to_ne_bytes())
    }

    /// Binary data; a larger buffer is cleared behind it.
    ///
    /// # Errors
    /// `EINVAL` if the buffer is too short.
    pub fn bytes(&mut self, value: &[u8]) -> Result<()> {
        let Some((head, rest)) = self.buffer.split_at_mut_checked(value.len()) else {
            return Err(Errno::EINVAL);
        };
        head.copy_from_slice(value);
        rest.fill(0);
        self.written = Some(value.len());
        Ok(())
    }

    /// A string, to which a terminating NUL is added; a larger buffer is cleared behind it.
    ///
    /// # Errors
    /// `EINVAL` if the buffer is too short.
    pub fn text(&mut self, value: &[u8]) -> Result<()> {
        if value.len() >= self.capacity() {
            return Err(Errno::EINVAL);
        }
        self.bytes(value)?;
        self.written = Some(value.len() + 1);
        Ok(())
    }

    fn exact(&mut self, value: &[u8]) -> Result<()> {
        if self.capacity() == value.len() {
            self.bytes(value)
        } else {
            Err(Errno::EINVAL)
        }
    }
}
