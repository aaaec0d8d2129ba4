//! Section "Contexts".

use std::ffi::{c_int, c_void};

use super::handle::{CONTEXTS, with_context};
use super::ret::{keep_errno, keep_errno_meanwhile};
use crate::errno::{Errno, Result};
use crate::runtime::Context;
use crate::sys::cancel::Shield;
use crate::sys::sleep::Bed;

/// Options of a context.
pub const ZMQ_IO_THREADS: c_int = 1;
pub const ZMQ_MAX_SOCKETS: c_int = 2;
pub const ZMQ_SOCKET_LIMIT: c_int = 3;
pub const ZMQ_THREAD_PRIORITY: c_int = 3;
pub const ZMQ_THREAD_SCHED_POLICY: c_int = 4;
pub const ZMQ_MAX_MSGSZ: c_int = 5;
pub const ZMQ_MSG_T_SIZE: c_int = 6;
pub const ZMQ_THREAD_AFFINITY_CPU_ADD: c_int = 7;
pub const ZMQ_THREAD_AFFINITY_CPU_REMOVE: c_int = 8;
pub const ZMQ_THREAD_NAME_PREFIX: c_int = 9;

/// What a new context starts with.
pub const ZMQ_IO_THREADS_DFLT: c_int = 1;
pub const ZMQ_MAX_SOCKETS_DFLT: c_int = 1023;
pub const ZMQ_THREAD_PRIORITY_DFLT: c_int = -1;
pub const ZMQ_THREAD_SCHED_POLICY_DFLT: c_int = -1;

entry! {
    /// Makes a context. NULL with EMFILE or ENOMEM if the system has no room for one.
    ///
    /// # Safety
    /// None.
    fn zmq_ctx_new() -> *mut c_void {
        keep_errno(|| Ok(CONTEXTS.add(Context::new())))
    }
}

entry! {
    /// Ends a context: waits until its sockets are closed and their messages are sent or have
    /// outlived ZMQ_LINGER. After EINTR it may be called again.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_ctx_term(context: *mut c_void) -> c_int {
        waits |bed| { terminate(bed, context).await }
    }
}

entry! {
    /// Ends all work on the sockets of a context: blocked and later calls fail with ETERM, except
    /// zmq_close.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_ctx_shutdown(context: *mut c_void) -> c_int {
        with_context(context, |context| context.shutdown())
    }
}

entry! {
    /// Sets an option of a context. EINVAL if there is no such option or value.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_ctx_set(context: *mut c_void, option: c_int, optval: c_int) -> c_int {
        with_context(context, |context| context.set(option, &optval.to_ne_bytes()))
    }
}

entry! {
    /// Returns an option of a context; -1 may be a value, then errno is left alone.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_ctx_get(context: *mut c_void, option: c_int) -> c_int {
        with_context(context, |context| context.get(option))
    }
}

entry! {
    /// Makes a context with a number of I/O threads. Deprecated: use zmq_ctx_new and zmq_ctx_set.
    ///
    /// # Safety
    /// None.
    fn zmq_init(io_threads: c_int) -> *mut c_void {
        if io_threads < 0 {
            return Err(Errno::EINVAL);
        }
        keep_errno(|| {
            let context = Context::new();
            context.set(ZMQ_IO_THREADS, &io_threads.to_ne_bytes())?;
            Ok(CONTEXTS.add(context))
        })
    }
}

entry! {
    /// As zmq_ctx_term. Deprecated.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_term(context: *mut c_void) -> c_int {
        waits |bed| { terminate(bed, context).await }
    }
}

entry! {
    /// As zmq_ctx_term. Deprecated.
    ///
    /// # Safety
    /// Any pointer will do: EFAULT if `context` is no live context.
    fn zmq_ctx_destroy(context: *mut c_void) -> c_int {
        waits |bed| { terminate(bed, context).await }
    }
}

/// The handle stays good until termination has succeeded, so that an interrupted one can go on.
async fn terminate(bed: &Bed, handle: *mut c_void) -> Result<()> {
    let context = CONTEXTS.find(handle)?;
    keep_errno_meanwhile(context.terminate(bed)).await?;
    // Whoever terminated the same context at the same time may have been first.
    let _ = CONTEXTS.remove(handle);
    let _shield = Shield::new();
    drop(context);
    Ok(())
}
