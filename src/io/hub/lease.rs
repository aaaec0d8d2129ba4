//! Who has a hub: a caller, who leases it, or its I/O thread, and how it goes from one to the other. Who has it
//! decides who may drive it when something happens; the driving itself is the hub's.

use std::sync::atomic::Ordering;

use mio::unix::SourceFd;
use mio::{Interest, Token};

use super::{Hub, reactor};
use crate::errno::Result;

impl Hub {
    /// Takes the hub over for a caller that is going to sleep on [`Hub::poll_fd`] among others.
    ///
    /// # Errors
    /// What `epoll_ctl(2)` fails with: `ENOMEM`.
    pub fn enter(&self) -> Result<()> {
        self.inside.fetch_add(1, Ordering::SeqCst);
        let result = self.lease();
        if result.is_err() {
            self.leave();
        }
        result
    }

    /// Ends what [`Hub::enter`] began.
    pub fn leave(&self) {
        self.uses.fetch_add(1, Ordering::Relaxed);
        let was_last = self.inside.fetch_sub(1, Ordering::SeqCst) == 1;
        if self.has_again.load(Ordering::SeqCst) {
            if was_last {
                self.io.drive_soon(self.seat);
            } else {
                reactor::wake(&self.waker);
            }
        }
        if !self.watched.swap(true, Ordering::SeqCst) {
            self.io.watch(self.seat);
        }
        if was_last && self.has_datagrams.load(Ordering::Relaxed) {
            self.hand_back();
        }
    }

    /// There are datagrams, which get lost while nobody takes them: leases end with the call, turns are short.
    pub(in crate::io) fn note_datagrams(&self) {
        self.has_datagrams.store(true, Ordering::Relaxed);
    }

    pub(super) fn lease(&self) -> Result<()> {
        let mut leased = self.leased.lock();
        if !*leased {
            self.io
                .registry()
                .deregister(&mut SourceFd(&self.epoll_fd))?;
            *leased = true;
        }
        Ok(())
    }

    /// Gives the hub to its I/O thread.
    ///
    /// # Errors
    /// What `epoll_ctl(2)` fails with: `ENOMEM`, `ENOSPC`.
    pub fn release(&self) -> Result<()> {
        let mut leased = self.leased.lock();
        if *leased {
            // Registering tells of what is pending already.
            let token = Token(self.seat);
            self.io.registry().register(
                &mut SourceFd(&self.epoll_fd),
                token,
                Interest::READABLE,
            )?;
            *leased = false;
            if self.has_again.load(Ordering::Acquire) {
                self.io.drive_soon(self.seat);
            }
        }
        Ok(())
    }

    /// Gives a hub that no caller is inside of to its I/O thread, ahead of the ticks.
    pub fn hand_back(&self) {
        // Ticks watch every lease.
        if self.watched.load(Ordering::SeqCst) && self.inside.load(Ordering::SeqCst) == 0 {
            // Where this fails, the ticks come.
            let _ = self.release();
        }
    }

    /// Whether a caller has the hub.
    #[cfg(test)]
    pub(crate) fn is_leased(&self) -> bool {
        *self.leased.lock()
    }

    /// A tick looks whether callers still use the lease; false: no need to look again.
    pub(crate) fn watch_lease(&self, seen: &mut usize) -> bool {
        let uses = self.uses.load(Ordering::Relaxed);
        if uses != *seen {
            *seen = uses;
            return true;
        }
        // Nobody came since the last tick. While callers are inside they drive, and the last one to
        // leave asks for ticks again; the order of the two flags makes sure that one of us does.
        self.watched.store(false, Ordering::SeqCst);
        if self.inside.load(Ordering::SeqCst) > 0 {
            return false;
        }
        if self.release().is_ok() {
            return false;
        }
        self.watched.store(true, Ordering::SeqCst);
        true
    }
}
