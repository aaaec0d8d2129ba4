//! Monitors: events of a socket's connections, sent to a PAIR socket (`zmq_socket_monitor(3)`).
//!
//! The PAIR is a socket of ours in the same context. An event that finds no room there is dropped:
//! a slow or absent reader never holds up the monitored socket. Version 2 of the events (a draft,
//! `zmq_socket_monitor_versioned(3)`) names both ends of a connection and may go to a PUB or PUSH.

use std::sync::atomic::{AtomicU64, Ordering};

use super::core::SocketHandle;
use super::transfer::{DONTWAIT, SNDMORE};
use crate::errno::{Errno, Result};
use crate::io::{Ends, monitor_event};
use crate::option::id;
use crate::socket_type::SocketType;
use crate::sys::lock::Mutex;
use crate::sys::sleep::block_on;
use crate::transport::address;

/// A socket's monitor, if it has one.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    /// Events that somebody wants to hear of; looked at first, without the lock.
    /// Changed with the lock held.
    mask: AtomicU64,
    place: Mutex<Place>,
}

/// Where a sink is, if there is one.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Free,
    Taken(Sink),
    /// The socket was closed: a sink would stay for ever, and with it the context.
    Gone,
}

#[derive(Debug)]
struct Sink {
    socket: SocketHandle,
    version: Version,
}

/// The format of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// Two frames: 16 bits of event and 32 of value; an endpoint.
    One,
    /// Event, number of values and the values as frames of 64 bits each; the local endpoint; the remote.
    Two,
}

impl Monitor {
    /// Tells of an event.
    pub(crate) fn report(&self, event: u64, values: &[u64], ends: &Ends) {
        if !self.wants(event) {
            return;
        }
        if let Place::Taken(sink) = &*self.place.lock() {
            // Events are best effort by contract.
            let _ = sink.send(event, values, ends);
        }
    }

    /// Whether somebody asked for an event.
    fn wants(&self, event: u64) -> bool {
        self.mask.load(Ordering::Relaxed) & event != 0
    }

    /// Begins to send events to `sink`; `ENOTSOCK` if the socket was closed meanwhile.
    fn start(&self, sink: Sink, mask: u64) -> Result<()> {
        let mut place = self.place.lock();
        if let Place::Gone = *place {
            drop(place);
            // Opened just now, nothing else can be wrong with it.
            let _ = sink.socket.close();
            return Err(Errno::ENOTSOCK);
        }
        let before = std::mem::replace(&mut *place, Place::Taken(sink));
        let before_mask = self.mask.swap(mask, Ordering::Relaxed);
        drop(place);
        before.end(before_mask);
        Ok(())
    }

    /// Ends the monitor; its last event says so.
    pub(crate) fn stop(&self) {
        self.leave(|place| match place {
            Place::Gone => Place::Gone,
            _ => Place::Free,
        });
    }

    /// As [`stop`](Self::stop), and there will be no other one.
    pub(crate) fn close(&self) {
        self.leave(|_| Place::Gone);
    }

    fn leave(&self, next: impl FnOnce(&Place) -> Place) {
        let mut place = self.place.lock();
        let next = next(&place);
        let before = std::mem::replace(&mut *place, next);
        let mask = self.mask.swap(0, Ordering::Relaxed);
        drop(place);
        before.end(mask);
    }
}

impl Place {
    /// Tells a sink that was here that its monitor ends.
    fn end(self, mask: u64) {
        let Self::Taken(sink) = self else {
            return;
        };
        if mask & monitor_event::MONITOR_STOPPED != 0 {
            // As for all events: best effort.
            let _ = sink.send(monitor_event::MONITOR_STOPPED, &[0], &Ends::default());
        }
        let _ = sink.socket.close();
    }
}

impl Sink {
    fn send(&self, event: u64, values: &[u64], ends: &Ends) -> Result<()> {
        match self.version {
            Version::One => {
                let value = values.first().copied().unwrap_or(0);
                let mut head = [0; 6];
                head[..2].copy_from_slice(&(event as u16).to_ne_bytes());
                head[2..].copy_from_slice(&(value as u32).to_ne_bytes());
                self.frame(&head)?;
                self.last_frame(ends.name())
            }
            Version::Two => {
                self.frame(&event.to_ne_bytes())?;
                self.frame(&(values.len() as u64).to_ne_bytes())?;
                for value in values {
                    self.frame(&value.to_ne_bytes())?;
                }
                self.frame(&ends.local)?;
                self.last_frame(&ends.remote)
            }
        }
    }

    fn frame(&self, body: &[u8]) -> Result<()> {
        self.send_frame(body, SNDMORE)
    }

    fn last_frame(&self, body: &[u8]) -> Result<()> {
        self.send_frame(body, 0)
    }

    fn send_frame(&self, body: &[u8], flags: i32) -> Result<()> {
        // It does not wait.
        block_on(async |bed| self.socket.send_bytes(bed, body, DONTWAIT | flags).await)
    }
}

/// All events that fit the 16 bits of version 1.
const EVENTS_V1: u64 = 0xFFFF;

impl SocketHandle {
    /// Starts a monitor at an inproc endpoint, or ends the one there is if `endpoint` is `None`
    /// (`zmq_socket_monitor(3)`, `zmq_socket_monitor_versioned`).
    ///
    /// # Errors
    /// `EINVAL`: no such version, type, or an endpoint that is none; `EPROTONOSUPPORT`: not inproc; `ENOCOMPATPROTO`: not
    /// a transport of this type; `EADDRINUSE`, `EMFILE`, `ETERM`, `ENOTSOCK`.
    pub fn monitor(
        &self,
        endpoint: Option<&[u8]>,
        events: u64,
        version: i32,
        type_id: i32,
    ) -> Result<()> {
        let (link, context, is_good) = {
            let mut socket = self.lock()?;
            socket.enter_aside()?;
            (
                socket.link.arc().ok_or(Errno::ETERM)?,
                std::sync::Arc::clone(&socket.link.context),
                endpoint.map(|endpoint| socket.check_transport(endpoint, None)),
            )
        };
        let version = match version {
            1 if events <= EVENTS_V1 => Version::One,
            2 => Version::Two,
            _ => return Err(Errno::EINVAL),
        };
        let Some(endpoint) = endpoint else {
            link.monitor.stop();
            return Ok(());
        };
        is_good.transpose()?;
        if address::split(endpoint)?.0 != "inproc" {
            return Err(Errno::EPROTONOSUPPORT);
        }
        match SocketType::from_id(type_id) {
            Some(SocketType::Pair | SocketType::Pub | SocketType::Push) => {}
            _ => return Err(Errno::EINVAL),
        }
        link.monitor.stop();
        let socket = context.socket(type_id)?;
        let bound = socket
            .set_option(id::LINGER, Some(&0_i32.to_ne_bytes()))
            .and_then(|()| socket.bind(endpoint));
        if let Err(errno) = bound {
            // It was opened just now; nothing else can be wrong with it.
            let _ = socket.close();
            return Err(errno);
        }
        link.monitor.start(Sink { socket, version }, events)
    }

    /// Has the monitor told how many messages are queued for and from each peer that is, or will be,
    /// reached by a connection (`zmq_socket_monitor_versioned(3)`).
    ///
    /// # Errors
    /// `EINVAL`: no monitor asked for that event; `EAGAIN`: no peers; `ETERM`, `ENOTSOCK`.
    pub fn monitor_pipes_stats(&self) -> Result<()> {
        let mut socket = self.lock()?;
        socket.enter_aside()?;
        if !socket.link.monitor.wants(monitor_event::PIPES_STATS) {
            return Err(Errno::EINVAL);
        }
        if socket.pipes.is_empty() {
            return Err(Errno::EAGAIN);
        }
        socket.pipes.report_fill();
        Ok(())
    }
}
