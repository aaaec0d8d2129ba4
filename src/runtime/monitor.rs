//! Monitors: events of a socket's connections, sent to a PAIR socket (`zmq_socket_monitor(3)`).
//!
//! The PAIR is a socket of ours in the same context. An event that finds no room there is dropped:
//! a slow or absent reader never holds up the monitored socket.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::core::SocketHandle;
use super::transfer::{DONTWAIT, SNDMORE};
use crate::errno::{Errno, Result};
use crate::io::monitor_event;
use crate::option::id;
use crate::socket_type::SocketType;
use crate::transport::address;

/// A socket's monitor, if it has one.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    /// Events that somebody wants to hear of; looked at first, without the lock.
    mask: AtomicU64,
    sink: Mutex<Option<Sink>>,
}

#[derive(Debug)]
struct Sink {
    socket: SocketHandle,
}

impl Monitor {
    /// Tells of an event.
    pub(crate) fn report(&self, event: u64, value: u64, endpoint: &str) {
        if self.mask.load(Ordering::Relaxed) & event == 0 {
            return;
        }
        if let Some(sink) = &*self.sink.lock() {
            // Events are best effort by contract.
            let _ = sink.send(event, value, endpoint);
        }
    }

    fn start(&self, sink: Sink, mask: u64) {
        self.stop();
        *self.sink.lock() = Some(sink);
        self.mask.store(mask, Ordering::Relaxed);
    }

    /// Ends the monitor; its last event says so.
    pub(crate) fn stop(&self) {
        let mask = self.mask.swap(0, Ordering::Relaxed);
        let Some(sink) = self.sink.lock().take() else {
            return;
        };
        if mask & monitor_event::MONITOR_STOPPED != 0 {
            // As for all events: best effort.
            let _ = sink.send(monitor_event::MONITOR_STOPPED, 0, "");
        }
        let _ = sink.socket.close();
    }
}

impl Sink {
    fn send(&self, event: u64, value: u64, endpoint: &str) -> Result<()> {
        let mut head = [0; 6];
        head[..2].copy_from_slice(&(event as u16).to_ne_bytes());
        head[2..].copy_from_slice(&(value as u32).to_ne_bytes());
        self.socket.send_bytes(&head, DONTWAIT | SNDMORE)?;
        self.socket.send_bytes(endpoint.as_bytes(), DONTWAIT)
    }
}

/// All events that fit the 16 bits of version 1.
const EVENTS_V1: u64 = 0xFFFF;

impl SocketHandle {
    /// Starts a monitor at an inproc endpoint, or ends the one there is if `endpoint` is `None`
    /// (`zmq_socket_monitor(3)`, `zmq_socket_monitor_versioned`).
    ///
    /// # Errors
    /// `EINVAL`: no such version, type, or an endpoint that is none; `EPROTONOSUPPORT`: not inproc;
    /// `ENOTSUP`: version 2, which is a draft; `EADDRINUSE`, `EMFILE`, `ETERM`, `ENOTSOCK`.
    pub fn monitor(
        &self,
        endpoint: Option<&str>,
        events: u64,
        version: i32,
        type_id: i32,
    ) -> Result<()> {
        let (link, context) = {
            let mut socket = self.lock()?;
            socket.enter()?;
            (
                socket.link.arc().ok_or(Errno::ETERM)?,
                std::sync::Arc::clone(&socket.link.context),
            )
        };
        match version {
            1 if events <= EVENTS_V1 => {}
            // The draft form with both addresses of a connection.
            2 => return Err(Errno::ENOTSUP),
            _ => return Err(Errno::EINVAL),
        }
        let Some(endpoint) = endpoint else {
            link.monitor.stop();
            return Ok(());
        };
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
            .set_option(id::LINGER, &0_i32.to_ne_bytes())
            .and_then(|()| socket.bind(endpoint));
        if let Err(errno) = bound {
            // It was opened just now; nothing else can be wrong with it.
            let _ = socket.close();
            return Err(errno);
        }
        link.monitor.start(Sink { socket }, events);
        Ok(())
    }

    /// Sends the fill of all pipes to the monitor (`zmq_socket_monitor_pipes_stats`).
    ///
    /// # Errors
    /// `ENOTSOCK`; `EINVAL` without a monitor; `ENOTSUP` until the draft monitor is there.
    pub fn monitor_pipes_stats(&self) -> Result<()> {
        let socket = self.lock()?;
        if socket.link.monitor.sink.lock().is_none() {
            return Err(Errno::EINVAL);
        }
        Err(Errno::ENOTSUP)
    }

    /// Joins a group (`zmq_join`, draft).
    ///
    /// # Errors
    /// `ENOTSOCK`; `ENOTSUP`: no socket type with groups is there yet.
    pub fn join(&self, _group: &str) -> Result<()> {
        self.lock().and(Err(Errno::ENOTSUP))
    }

    /// Leaves a group (`zmq_leave`, draft).
    ///
    /// # Errors
    /// As [`SocketHandle::join`].
    pub fn leave(&self, _group: &str) -> Result<()> {
        self.lock().and(Err(Errno::ENOTSUP))
    }

    /// Connects and gives the peer's routing id (`zmq_connect_peer`, draft).
    ///
    /// # Errors
    /// `ENOTSOCK`; `ENOTSUP`: no socket type with numeric ids is there yet.
    pub fn connect_peer(&self, _endpoint: &str) -> Result<u32> {
        self.lock().and(Err(Errno::ENOTSUP))
    }

    /// Ends the connection to a peer (`zmq_disconnect_peer`, draft).
    ///
    /// # Errors
    /// As [`SocketHandle::connect_peer`].
    pub fn disconnect_peer(&self, _routing_id: u32) -> Result<()> {
        self.lock().and(Err(Errno::ENOTSUP))
    }

    /// What could be done with one peer of a ROUTER (`zmq_socket_get_peer_state`, draft).
    ///
    /// # Errors
    /// `ENOTSOCK`, `ENOTSUP`: not a ROUTER; `EHOSTUNREACH`: no such peer.
    pub fn peer_state(&self, routing_id: &[u8]) -> Result<i32> {
        let mut socket = self.lock()?;
        socket.take_in_news();
        let socket = &mut *socket;
        socket.pattern.peer_state(&mut socket.pipes, routing_id)
    }
}
