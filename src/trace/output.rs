//! Where traces go: stderr, or a file. A line is one write, so that lines of several threads and processes
//! do not mix. What may not live here: the meaning of a line.
//!
//! The program and whoever reads its stderr must not notice more than the lines: a reader that is slow
//! loses lines instead of holding up a thread, one that is gone ends the trace instead of the process, and
//! a descriptor that the program closed and got back as something else is left alone.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::sys::{fork, poll, thread};

/// An open destination.
#[derive(Debug)]
pub(super) struct Output {
    file: File,
    /// Device and inode, by which the descriptor is known again.
    identity: (u64, u64),
    /// Lines that found no room since the last one that did.
    lost: AtomicU32,
    /// Keeps lines apart where one write could be cut in two, and `lost` with its line.
    lock: fork::Lock,
}

impl Output {
    /// The process's stderr, by a descriptor of our own: number 2 may mean something else later.
    pub(super) fn stderr() -> io::Result<Self> {
        Self::new(File::from(io::stderr().as_fd().try_clone_to_owned()?))
    }

    /// A file, appended to, made if it is not there, for the eyes of its owner. Never waits for the reader
    /// of a named pipe.
    pub(super) fn file(path: &OsStr) -> io::Result<Self> {
        Self::new(
            OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
                .open(path)?,
        )
    }

    fn new(file: File) -> io::Result<Self> {
        Ok(Self {
            identity: identity(&file)?,
            file,
            lost: AtomicU32::new(0),
            lock: fork::Lock::new(),
        })
    }

    /// Writes a line. False: there is nobody to write to any more.
    pub(super) fn write(&self, line: &[u8]) -> bool {
        let _guard = self.lock.lock();
        // The program may have closed all descriptors that it did not know, as daemons do.
        if identity(&self.file).ok() != Some(self.identity) {
            return false;
        }
        if !self.has_room() {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let mut result = Ok(());
        thread::without_sigpipe(|| {
            result = match (lost, line.strip_suffix(b"\n")) {
                (1.., Some(line)) => {
                    let told = [line, format!(" lost={lost}\n").as_bytes()].concat();
                    (&self.file).write_all(&told)
                }
                _ => (&self.file).write_all(line),
            };
            matches!(&result, Err(error) if error.kind() == ErrorKind::BrokenPipe)
        });
        match result {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.lost.store(lost.saturating_add(1), Ordering::Relaxed);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether a line can be written without waiting; so has a pipe whose reader is gone.
    fn has_room(&self) -> bool {
        let mut set = [libc::pollfd {
            fd: self.file.as_raw_fd(),
            events: libc::POLLOUT,
            revents: 0,
        }];
        poll::poll(&mut set, Some(Duration::ZERO), None).is_ok_and(|ready| ready > 0)
    }
}

fn identity(file: &File) -> io::Result<(u64, u64)> {
    let known = file.metadata()?;
    Ok((known.dev(), known.ino()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;

    fn pipe() -> (io::PipeReader, Output) {
        let (reader, writer) = io::pipe().expect("a pipe");
        let output = Output::new(File::from(OwnedFd::from(writer))).expect("an output");
        (reader, output)
    }

    #[test]
    fn a_full_pipe_loses_lines_and_says_how_many() {
        let (mut reader, output) = pipe();
        let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
        let mut written = 0;
        while output.has_room() {
            assert!(output.write(&line));
            written += 1;
        }
        assert!(output.write(&line));
        assert!(output.write(&line));
        let mut read = vec![0; written * line.len()];
        reader.read_exact(&mut read).expect("what was written");
        assert!(output.write(b"next\n"));
        drop(output);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).expect("the rest");
        assert_eq!(rest, "next lost=2\n");
    }

    #[test]
    fn a_reader_that_is_gone_ends_it() {
        let (reader, output) = pipe();
        assert!(output.write(b"line\n"));
        drop(reader);
        assert!(!output.write(b"line\n"));
    }
}
