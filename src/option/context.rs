//! The options of a context (`zmq_ctx_set(3)`, `zmq_ctx_get(3)`).

use std::collections::BTreeSet;

use super::{ContextDefaults, OptionWriter, id};
use crate::errno::{Errno, Result};

/// `ZMQ_IO_THREADS`
pub const IO_THREADS: i32 = 1;
/// `ZMQ_MAX_SOCKETS`
pub const MAX_SOCKETS: i32 = 2;
/// `ZMQ_SOCKET_LIMIT` when read, `ZMQ_THREAD_PRIORITY` when set
pub const SOCKET_LIMIT: i32 = 3;
/// `ZMQ_THREAD_SCHED_POLICY`
pub const THREAD_SCHED_POLICY: i32 = 4;
/// `ZMQ_MAX_MSGSZ`
pub const MAX_MSGSZ: i32 = 5;
/// `ZMQ_MSG_T_SIZE`
pub const MSG_T_SIZE: i32 = 6;
/// `ZMQ_THREAD_AFFINITY_CPU_ADD`
pub const THREAD_AFFINITY_CPU_ADD: i32 = 7;
/// `ZMQ_THREAD_AFFINITY_CPU_REMOVE`
pub const THREAD_AFFINITY_CPU_REMOVE: i32 = 8;
/// `ZMQ_THREAD_NAME_PREFIX`
pub const THREAD_NAME_PREFIX: i32 = 9;
/// `ZMQ_ZERO_COPY_RECV`
pub const ZERO_COPY_RECV: i32 = 10;

/// What `ZMQ_SOCKET_LIMIT` reports; a larger `MAX_SOCKETS` is accepted all the same, as in the
/// reference library.
const LIMIT: i32 = 65_535;
/// Bytes in a `zmq_msg_t`.
const MSG_SIZE: i32 = 64;
/// Longest thread name of the kernel, its NUL included.
const NAME_SIZE: usize = 16;

/// The values of a context's options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextOptions {
    /// Number of I/O threads
    pub io_threads: i32,
    /// Most sockets open at a time
    pub max_sockets: i32,
    /// Largest message that may be sent, in bytes
    pub max_msgsz: i32,
    /// `ZMQ_THREAD_PRIORITY` of I/O threads; `None`: the application's
    pub thread_priority: Option<i32>,
    /// Scheduling policy of I/O threads; `None`: the application's
    pub sched_policy: Option<i32>,
    /// Processors for I/O threads; empty: all
    pub affinity_cpus: BTreeSet<usize>,
    /// Start of the names of I/O threads
    pub name_prefix: String,
    /// New sockets talk IPv6
    pub ipv6: bool,
    /// New sockets linger
    pub blocky: bool,
    /// Large messages are received without a copy
    pub zero_copy: bool,
}

impl Default for ContextOptions {
    fn default() -> Self {
        Self {
            io_threads: 1,
            max_sockets: 1023,
            max_msgsz: i32::MAX,
            thread_priority: None,
            sched_policy: None,
            affinity_cpus: BTreeSet::new(),
            name_prefix: String::new(),
            ipv6: false,
            blocky: true,
            zero_copy: true,
        }
    }
}

impl ContextOptions {
    /// What a new socket takes over.
    #[must_use]
    pub const fn defaults(&self) -> ContextDefaults {
        ContextDefaults {
            ipv6: self.ipv6,
            blocky: self.blocky,
            zero_copy: self.zero_copy,
        }
    }

    /// Sets an option: an `int`, or for the name prefix also a string with its NUL.
    ///
    /// # Errors
    /// `EINVAL`: no such option, or a bad size or value.
    pub fn set(&mut self, option: i32, value: &[u8]) -> Result<()> {
        if option == THREAD_NAME_PREFIX && value.len() != size_of::<i32>() {
            self.name_prefix = name(value)?;
            return Ok(());
        }
        let value = i32::from_ne_bytes(value.try_into().map_err(|_| Errno::EINVAL)?);
        let at_least = |min| {
            if value >= min {
                Ok(value)
            } else {
                Err(Errno::EINVAL)
            }
        };
        let cpu = || usize::try_from(value).map_err(|_| Errno::EINVAL);
        match option {
            IO_THREADS => self.io_threads = at_least(0)?,
            MAX_SOCKETS => self.max_sockets = at_least(1)?,
            SOCKET_LIMIT => self.thread_priority = Some(at_least(0)?),
            THREAD_SCHED_POLICY => self.sched_policy = Some(at_least(0)?),
            MAX_MSGSZ => self.max_msgsz = at_least(0)?,
            THREAD_AFFINITY_CPU_ADD => {
                self.affinity_cpus.insert(cpu()?);
            }
            THREAD_AFFINITY_CPU_REMOVE => {
                if !self.affinity_cpus.remove(&cpu()?) {
                    return Err(Errno::EINVAL);
                }
            }
            THREAD_NAME_PREFIX => self.name_prefix = value.to_string(),
            ZERO_COPY_RECV => self.zero_copy = at_least(0)? != 0,
            id::IPV6 => self.ipv6 = at_least(0)? != 0,
            id::BLOCKY => self.blocky = at_least(0)? != 0,
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    /// The value of an option as a number; a name prefix that is none reads as 0.
    ///
    /// # Errors
    /// `EINVAL`: no such option, or one that can only be set.
    pub fn get(&self, option: i32) -> Result<i32> {
        Ok(match option {
            IO_THREADS => self.io_threads,
            MAX_SOCKETS => self.max_sockets,
            SOCKET_LIMIT => LIMIT,
            THREAD_SCHED_POLICY => self.sched_policy.unwrap_or(-1),
            MAX_MSGSZ => self.max_msgsz,
            MSG_T_SIZE => MSG_SIZE,
            THREAD_NAME_PREFIX => self.name_prefix.parse().unwrap_or(0),
            ZERO_COPY_RECV => i32::from(self.zero_copy),
            id::IPV6 => i32::from(self.ipv6),
            id::BLOCKY => i32::from(self.blocky),
            _ => return Err(Errno::EINVAL),
        })
    }

    /// Writes the value of an option (`zmq_ctx_get_ext`): an `int`, and the name prefix as a string
    /// unless the buffer has the size of an `int`.
    ///
    /// # Errors
    /// `EINVAL`: as [`get`](Self::get), or a buffer of the wrong size.
    pub fn get_ext(&self, option: i32, out: &mut OptionWriter<'_>) -> Result<()> {
        if option == THREAD_NAME_PREFIX && out.capacity() != size_of::<i32>() {
            return out.text(self.name_prefix.as_bytes());
        }
        out.int(self.get(option)?)
    }
}

/// A name with or without its NUL, of at most 16 bytes with it.
fn name(value: &[u8]) -> Result<String> {
    let text = value.strip_suffix(b"\0").unwrap_or(value);
    if value.is_empty() || value.len() > NAME_SIZE || text.contains(&0) {
        return Err(Errno::EINVAL);
    }
    String::from_utf8(text.to_vec()).map_err(|_| Errno::EINVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(options: &mut ContextOptions, option: i32, value: i32) -> Result<()> {
        options.set(option, &value.to_ne_bytes())
    }

    #[test]
    fn defaults_and_ranges() {
        let mut options = ContextOptions::default();
        for (option, default, least) in [
            (IO_THREADS, 1, 0),
            (MAX_SOCKETS, 1023, 1),
            (THREAD_SCHED_POLICY, -1, 0),
            (MAX_MSGSZ, i32::MAX, 0),
            (ZERO_COPY_RECV, 1, 0),
            (id::IPV6, 0, 0),
            (id::BLOCKY, 1, 0),
        ] {
            assert_eq!(options.get(option), Ok(default), "{option}");
            assert_eq!(
                set(&mut options, option, least - 1),
                Err(Errno::EINVAL),
                "{option}"
            );
            assert_eq!(set(&mut options, option, least), Ok(()), "{option}");
            assert_eq!(options.get(option), Ok(least), "{option}");
        }
        assert_eq!(options.get(MSG_T_SIZE), Ok(64));
        assert_eq!(set(&mut options, MSG_T_SIZE, 64), Err(Errno::EINVAL));
        assert_eq!(options.get(SOCKET_LIMIT), Ok(65_535));
        assert_eq!(set(&mut options, SOCKET_LIMIT, 7), Ok(()));
        assert_eq!(options.thread_priority, Some(7));
        for bad in [-1, 0, 11, 71] {
            assert_eq!(options.get(bad), Err(Errno::EINVAL));
            assert_eq!(set(&mut options, bad, 1), Err(Errno::EINVAL));
        }
        assert_eq!(options.set(IO_THREADS, &[0; 8]), Err(Errno::EINVAL));
    }

    #[test]
    fn affinity_is_a_set() {
        let mut options = ContextOptions::default();
        assert_eq!(
            set(&mut options, THREAD_AFFINITY_CPU_REMOVE, 1),
            Err(Errno::EINVAL)
        );
        assert_eq!(set(&mut options, THREAD_AFFINITY_CPU_ADD, 1), Ok(()));
        assert_eq!(set(&mut options, THREAD_AFFINITY_CPU_ADD, 1), Ok(()));
        assert_eq!(
            set(&mut options, THREAD_AFFINITY_CPU_ADD, -1),
            Err(Errno::EINVAL)
        );
        assert_eq!(set(&mut options, THREAD_AFFINITY_CPU_REMOVE, 1), Ok(()));
        assert_eq!(options.affinity_cpus.len(), 0);
        assert_eq!(options.get(THREAD_AFFINITY_CPU_ADD), Err(Errno::EINVAL));
    }

    #[test]
    fn name_prefix_is_a_number_or_a_string() {
        let mut options = ContextOptions::default();
        assert_eq!(set(&mut options, THREAD_NAME_PREFIX, 1234), Ok(()));
        assert_eq!(options.get(THREAD_NAME_PREFIX), Ok(1234));
        assert_eq!(
            options.set(THREAD_NAME_PREFIX, b"MyPrefix9012345\0"),
            Ok(())
        );
        let mut buffer = [0; 16];
        let mut out = OptionWriter::new(&mut buffer);
        assert_eq!(options.get_ext(THREAD_NAME_PREFIX, &mut out), Ok(()));
        assert_eq!(out.written(), Some(16));
        assert_eq!(options.get(THREAD_NAME_PREFIX), Ok(0));
        assert_eq!(options.set(THREAD_NAME_PREFIX, b""), Err(Errno::EINVAL));
        assert_eq!(
            options.set(THREAD_NAME_PREFIX, b"0123456789abcdef\0"),
            Err(Errno::EINVAL)
        );
    }
}
