//! Section "Draft functions", except the poller: contexts, sockets, messages, monitors, `zmq_ppoll`.

use std::ffi::{c_char, c_int, c_long, c_void};

use super::args;
use super::handle::{with_context, with_socket};
use super::message::{get, get_mut, init, zmq_msg_t};
use super::poll::{wait, zmq_pollitem_t};
use crate::errno::Errno;
use crate::msg::Msg;
use crate::option::OptionWriter;

/// A set of signals, as `sigprocmask(2)` has it.
pub type sigset_t = libc::sigset_t;

entry! {
    /// Sets an option of a context to a value of any type. EINVAL if there is no such option or
    /// value.
    ///
    /// # Safety
    /// `optval` is valid for reads of `optvallen` bytes, or NULL if that is 0. EFAULT if `context`
    /// is no live context.
    fn zmq_ctx_set_ext(
        context: *mut c_void,
        option: c_int,
        optval: *const c_void,
        optvallen: usize,
    ) -> c_int {
        with_context(context, |context| {
            // SAFETY: passed on to the caller.
            let value = unsafe { args::bytes(optval, optvallen, Errno::EINVAL) }?;
            context.set(option, value)
        })
    }
}

entry! {
    /// Stores an option of a context in a buffer of `*optvallen` bytes and its size in
    /// `*optvallen`. EINVAL if there is no such option or the buffer does not fit.
    ///
    /// # Safety
    /// `optvallen` is NULL (EFAULT) or valid for reads and writes; `optval` is NULL (EFAULT) or
    /// valid for writes of `*optvallen` bytes. EFAULT if `context` is no live context.
    fn zmq_ctx_get_ext(
        context: *mut c_void,
        option: c_int,
        optval: *mut c_void,
        optvallen: *mut usize,
    ) -> c_int {
        with_context(context, |context| {
            // SAFETY: passed on to the caller.
            let len = unsafe { args::out(optvallen) }?;
            // SAFETY: passed on to the caller.
            let buffer = unsafe { args::bytes_mut(optval, *len, Errno::EFAULT) }?;
            let mut writer = OptionWriter::new(buffer);
            context.get_ext(option, &mut writer)?;
            *len = writer.written().unwrap_or(*len);
            Ok(())
        })
    }
}

entry! {
    /// Has a DISH socket receive what is sent to a group.
    ///
    /// # Safety
    /// `group` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_join(socket: *mut c_void, group: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.join(unsafe { args::c_str(group) }?.to_bytes()))
    }
}

entry! {
    /// Ends what zmq_join began.
    ///
    /// # Safety
    /// `group` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_leave(socket: *mut c_void, group: *const c_char) -> c_int {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.leave(unsafe { args::c_str(group) }?.to_bytes()))
    }
}

entry! {
    /// Connects a PEER socket and returns the routing id of what it will be connected to; 0 is an
    /// error.
    ///
    /// # Safety
    /// `addr` is NULL (EINVAL) or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_connect_peer(socket: *mut c_void, addr: *const c_char) -> u32 {
        // SAFETY: passed on to the caller.
        with_socket(socket, |socket| socket.connect_peer(unsafe { args::c_str(addr) }?.to_bytes()))
    }
}

entry! {
    /// Ends the connection of a SERVER or PEER socket to a routing id.
    ///
    /// # Safety
    /// Any pointer will do: ENOTSOCK if `socket` is no open socket.
    fn zmq_disconnect_peer(socket: *mut c_void, routing_id: u32) -> c_int {
        with_socket(socket, |socket| socket.disconnect_peer(routing_id))
    }
}

entry! {
    /// The peer of a SERVER or PEER socket that a message came from or goes to.
    ///
    /// # Safety
    /// `msg` is NULL or valid for reads. 0 is returned for what is no message.
    fn zmq_msg_routing_id(msg: *mut zmq_msg_t) -> u32 {
        plain {
            // SAFETY: passed on to the caller.
            Ok(unsafe { get(msg) }?.routing_id())
        }
    }
}

entry! {
    /// Addresses a message to a peer of a SERVER or PEER socket. EINVAL if the id is 0.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes.
    fn zmq_msg_set_routing_id(msg: *mut zmq_msg_t, routing_id: u32) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            let msg = unsafe { get_mut(msg) }?;
            if routing_id == 0 {
                return Err(Errno::EINVAL);
            }
            msg.set_routing_id(routing_id);
            Ok(())
        }
    }
}

entry! {
    /// The group that a message is for, as a string that belongs to the message; "" if none.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads.
    fn zmq_msg_group(msg: *mut zmq_msg_t) -> *const c_char {
        plain {
            // SAFETY: passed on to the caller.
            Ok(unsafe { get(msg) }?.group().as_ptr().cast::<c_char>())
        }
    }
}

entry! {
    /// Sets the group that a message is for, up to ZMQ_GROUP_MAX_LENGTH bytes (else EINVAL).
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for reads and writes; `group` is NULL (EINVAL) or a
    /// NUL-terminated string.
    fn zmq_msg_set_group(msg: *mut zmq_msg_t, group: *const c_char) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            let msg = unsafe { get_mut(msg) }?;
            // SAFETY: passed on to the caller.
            msg.set_group(unsafe { args::c_str(group) }?.to_bytes())
        }
    }
}

entry! {
    /// Makes a message with a copy of a buffer. ENOMEM if there is no room.
    ///
    /// # Safety
    /// `msg` is NULL (EFAULT) or valid for writes; `buf` is valid for reads of `size` bytes, or NULL
    /// if that is 0 (else EFAULT).
    fn zmq_msg_init_buffer(msg: *mut zmq_msg_t, buf: *const c_void, size: usize) -> c_int {
        plain {
            // SAFETY: passed on to the caller.
            let data = unsafe { args::bytes(buf, size, Errno::EFAULT) }?;
            // SAFETY: passed on to the caller.
            unsafe { init(msg, || Msg::copy_of(data)) }
        }
    }
}

entry! {
    /// What a ROUTER socket could do with a peer now: ZMQ_POLLIN, ZMQ_POLLOUT. EHOSTUNREACH if there
    /// is no such peer.
    ///
    /// # Safety
    /// `routing_id` is valid for reads of `routing_id_size` bytes, or NULL if that is 0 (else
    /// EFAULT). ENOTSOCK if `socket` is no open socket.
    fn zmq_socket_get_peer_state(
        socket: *mut c_void,
        routing_id: *const c_void,
        routing_id_size: usize,
    ) -> c_int {
        with_socket(socket, |socket| {
            // SAFETY: passed on to the caller.
            let id = unsafe { args::bytes(routing_id, routing_id_size, Errno::EFAULT) }?;
            socket.peer_state(id)
        })
    }
}

entry! {
    /// As zmq_socket_monitor, in a version of the events' format and to a PAIR, PUB or PUSH socket.
    ///
    /// # Safety
    /// `addr` is NULL or a NUL-terminated string. ENOTSOCK if `socket` is no open socket.
    fn zmq_socket_monitor_versioned(
        socket: *mut c_void,
        addr: *const c_char,
        events: u64,
        event_version: c_int,
        type_: c_int,
    ) -> c_int {
        with_socket(socket, |socket| {
            // SAFETY: passed on to the caller.
            let endpoint = unsafe { args::optional_bytes(addr) };
            socket.monitor(endpoint, events, event_version, type_)
        })
    }
}

entry! {
    /// Has the monitor of a socket told how many messages are queued for each peer. EINVAL without
    /// a monitor, EAGAIN without peers.
    ///
    /// # Safety
    /// Any pointer will do: ENOTSOCK if `socket` is no open socket.
    fn zmq_socket_monitor_pipes_stats(socket: *mut c_void) -> c_int {
        with_socket(socket, |socket| socket.monitor_pipes_stats())
    }
}

entry! {
    /// As zmq_poll, with a signal mask that holds during the wait, unless it is NULL.
    ///
    /// # Safety
    /// `items` is valid for reads and writes of `nitems` items, or NULL if that is 0 (else EFAULT);
    /// `sigmask` is NULL or valid for reads.
    fn zmq_ppoll(
        items: *mut zmq_pollitem_t,
        nitems: c_int,
        timeout: c_long,
        sigmask: *const sigset_t,
    ) -> c_int {
        waits |bed| {
            // SAFETY: passed on to the caller.
            let items = unsafe { args::array_mut(items, nitems) }?;
            // SAFETY: passed on to the caller.
            wait(bed, items, timeout, unsafe { sigmask.as_ref() }).await
        }
    }
}
