//! Single peers and groups of a socket: what the draft calls are for.

use super::core::SocketHandle;
use crate::errno::{Errno, Result};
use crate::socket_type::SocketType;

impl SocketHandle {
    /// Connects a PEER and gives the routing id of what it will be connected to (`zmq_connect_peer(3)`).
    ///
    /// # Errors
    /// `ENOTSUP`: another type; `EFAULT`: `ZMQ_IMMEDIATE` is set, so there is nothing with an id yet;
    /// else as [`SocketHandle::connect`].
    pub fn connect_peer(&self, endpoint: &[u8]) -> Result<u32> {
        let mut socket = self.lock()?;
        socket.enter_aside()?;
        if socket.ty != SocketType::Peer {
            return Err(Errno::ENOTSUP);
        }
        if socket.options.immediate {
            return Err(Errno::EFAULT);
        }
        let pipe = socket.connect(endpoint, None)?;
        let number = pipe.and_then(|id| socket.pattern.peer_number(id));
        socket.take_in_news();
        number.ok_or(Errno::EFAULT)
    }

    /// Ends the connection of a SERVER or PEER to one peer (`zmq_disconnect_peer(3)`).
    ///
    /// # Errors
    /// `ENOTSUP`: another type; `EHOSTUNREACH`: no such peer; `ETERM`, `ENOTSOCK`.
    pub fn disconnect_peer(&self, routing_id: u32) -> Result<()> {
        let mut socket = self.lock()?;
        socket.enter_aside()?;
        let this = &mut *socket;
        this.pattern.disconnect_peer(&mut this.pipes, routing_id)?;
        socket.take_in_news();
        socket.link.flush();
        Ok(())
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

    /// Has a DISH receive what is sent to a group (`zmq_join`, draft; RFC 48).
    ///
    /// # Errors
    /// `ENOTSUP`: another type; `EINVAL`: a name of more than 255 bytes, or joined already; `ETERM`,
    /// `ENOTSOCK`.
    pub fn join(&self, group: &[u8]) -> Result<()> {
        self.change_group(group, true)
    }

    /// Ends what [`SocketHandle::join`] began (`zmq_leave`, draft; RFC 48).
    ///
    /// # Errors
    /// `ENOTSUP`: another type; `EINVAL`: not joined; `ETERM`, `ENOTSOCK`.
    pub fn leave(&self, group: &[u8]) -> Result<()> {
        self.change_group(group, false)
    }

    fn change_group(&self, group: &[u8], join: bool) -> Result<()> {
        let mut socket = self.lock()?;
        socket.enter_aside()?;
        let this = &mut *socket;
        this.pattern.change_group(&mut this.pipes, group, join)?;
        socket.take_in_news();
        socket.link.flush();
        Ok(())
    }
}
