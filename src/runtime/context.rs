//! Contexts: options, I/O threads, the sockets that are open, and how it all ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use super::core::SocketHandle;
use super::inproc::Registry;
use super::link::Link;
use super::socket::Socket;
use super::wait_watch::WaitWatch;
use crate::errno::{Errno, Result};
use crate::io::{Census, IoThread, ThreadConfig};
use crate::option::{ContextOptions, OptionWriter};
use crate::socket_type::SocketType;
use crate::sys::cancel::Shield;
use crate::sys::lock::Mutex;
use crate::sys::sleep::Bed;
use crate::sys::{fork, futex};
use crate::trace::{self, SocketName, Topic};

/// A context (`zmq_ctx_new(3)`).
pub struct Context {
    me: Weak<Self>,
    options: Mutex<ContextOptions>,
    threads: Mutex<Vec<Arc<IoThread>>>,
    pub(super) sockets: Mutex<Vec<Arc<Link>>>,
    socket_limit: OnceLock<usize>,
    pub(crate) inproc: Registry,
    /// Sessions that are not done.
    sessions: AtomicUsize,
    /// Grows whenever a socket or session ends: who terminates waits on it.
    ends: AtomicU32,
    phase: Mutex<Phase>,
    generation: u32,
    /// Its name in traces.
    pub(super) number: u32,
    /// What the sessions are for, by entry, while contexts are traced.
    pub(super) census: Mutex<BTreeMap<u64, (SocketName, String)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    /// `zmq_ctx_shutdown` or `zmq_ctx_term` was called.
    Stopping,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("phase", &*self.phase.lock())
            .finish_non_exhaustive()
    }
}

impl Context {
    /// A context without threads; they start when a socket needs them.
    #[must_use]
    pub fn new() -> Arc<Self> {
        trace::init();
        let number = trace::context_number();
        trace::event(Topic::Context, "opened", &[("context", &number)]);
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            options: Mutex::new(ContextOptions::default()),
            threads: Mutex::default(),
            sockets: Mutex::default(),
            socket_limit: OnceLock::new(),
            inproc: Registry::default(),
            sessions: AtomicUsize::new(0),
            ends: AtomicU32::new(0),
            phase: Mutex::new(Phase::Running),
            generation: fork::generation(),
            number,
            census: Mutex::default(),
        })
    }

    fn is_inherited(&self) -> bool {
        self.generation != fork::generation()
    }

    /// Sets an option (`zmq_ctx_set(3)`, `zmq_ctx_set_ext`).
    ///
    /// # Errors
    /// `EINVAL`: no such option, or not such a value.
    pub fn set(&self, id: i32, value: &[u8]) -> Result<()> {
        self.options.lock().set(id, value)
    }

    /// The value of an option (`zmq_ctx_get(3)`).
    ///
    /// # Errors
    /// `EINVAL`: no such option.
    pub fn get(&self, id: i32) -> Result<i32> {
        self.options.lock().get(id)
    }

    /// The value of an option of any type (`zmq_ctx_get_ext`).
    ///
    /// # Errors
    /// `EINVAL`: no such option, or no room for its value.
    pub fn get_ext(&self, id: i32, out: &mut OptionWriter<'_>) -> Result<()> {
        self.options.lock().get_ext(id, out)
    }

    /// Opens a socket (`zmq_socket(3)`).
    ///
    /// # Errors
    /// `EINVAL`: no such type; `EMFILE`: too many sockets; `ETERM`: the context is ending.
    pub fn socket(self: &Arc<Self>, type_id: i32) -> Result<SocketHandle> {
        if self.is_inherited() {
            return Err(Errno::ETERM);
        }
        // Held to the end: a context that begins to stop must find the socket, or refuse it.
        let phase = self.phase.lock();
        if *phase != Phase::Running {
            return Err(Errno::ETERM);
        }
        let (defaults, limit) = {
            let options = self.options.lock();
            (
                options.defaults(),
                usize::try_from(options.max_sockets).unwrap_or(0),
            )
        };
        // The first socket fixes the limit, as the manual has it.
        let limit = *self.socket_limit.get_or_init(|| limit);
        if self.sockets.lock().len() >= limit {
            return Err(Errno::EMFILE);
        }
        let ty = SocketType::from_id(type_id).ok_or(Errno::EINVAL)?;
        let handle = SocketHandle::allocate()?;
        match Socket::new(ty, &defaults, self, handle) {
            Ok(socket) => {
                self.sockets.lock().push(Arc::clone(&socket.link));
                let name = socket.link.name;
                handle.open(socket);
                let fields: trace::Fields<'_> = &[("socket", &name), ("context", &self.number)];
                trace::event(Topic::Socket, "opened", fields);
                Ok(handle)
            }
            Err(errno) => {
                handle.recycle();
                Err(errno)
            }
        }
    }

    /// A socket was closed.
    pub(crate) fn forget(&self, link: &Arc<Link>) {
        let mut sockets = self.sockets.lock();
        if let Some(place) = sockets.iter().position(|known| Arc::ptr_eq(known, link)) {
            sockets.swap_remove(place);
        }
        drop(sockets);
        self.note_end();
    }

    /// The I/O thread for a new hub: the one with the fewest, of those that `affinity` allows.
    ///
    /// # Errors
    /// `EMTHREAD`: the context has no I/O threads, or `affinity` names none of them.
    pub(crate) fn choose_io_thread(&self, affinity: u64) -> Result<Arc<IoThread>> {
        let mut threads = self.threads.lock();
        if threads.is_empty() {
            self.start_threads(&mut threads)?;
        }
        threads
            .iter()
            .enumerate()
            .filter(|(index, _)| affinity == 0 || (*index < 64 && affinity & (1 << index) != 0))
            .min_by_key(|(_, thread)| thread.load())
            .map(|(_, thread)| Arc::clone(thread))
            .ok_or(Errno::EMTHREAD)
    }

    fn start_threads(&self, threads: &mut Vec<Arc<IoThread>>) -> Result<()> {
        let options = self.options.lock().clone();
        let prefix = match options.name_prefix.as_str() {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        for index in 0..options.io_threads {
            let config = ThreadConfig {
                name: format!("{prefix}ZMQbg/IO/{index}"),
                policy: options.sched_policy,
                priority: options.thread_priority,
                cpus: options.affinity_cpus.iter().copied().collect(),
            };
            match IoThread::start(config) {
                Ok(thread) => threads.push(thread),
                // Fewer threads than wished for still serve everyone.
                Err(_) if !threads.is_empty() => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Makes every call on the context's sockets but close end with `ETERM`
    /// (`zmq_ctx_shutdown(3)`).
    ///
    /// # Errors
    /// None.
    pub fn shutdown(&self) -> Result<()> {
        if self.is_inherited() {
            return Ok(());
        }
        let _shield = Shield::new();
        *self.phase.lock() = Phase::Stopping;
        let sockets = self.sockets.lock().clone();
        for link in sockets {
            link.stop();
        }
        Ok(())
    }

    /// Ends the context: waits until all sockets are closed and what they sent is delivered or given
    /// up (`zmq_ctx_term(3)`).
    ///
    /// # Errors
    /// `EINTR` if a signal handler ran; call again.
    pub async fn terminate(&self, bed: &Bed) -> Result<()> {
        if self.is_inherited() {
            // The threads that would deliver do not exist in a forked child, and what is shared with
            // the parent must not be touched.
            return Ok(());
        }
        self.shutdown()?;
        let mut watch = WaitWatch::new();
        loop {
            let ends = self.ends.load(Ordering::SeqCst);
            if self.sockets.lock().is_empty() && self.sessions.load(Ordering::SeqCst) == 0 {
                break;
            }
            if bed.on_word(&self.ends, ends, watch.patience()).await == Err(Errno::EINTR) {
                return Err(Errno::EINTR);
            }
            watch.tell(self);
        }
        self.end();
        Ok(())
    }

    /// What comes after the last wait.
    fn end(&self) {
        let _shield = Shield::new();
        self.inproc.clear();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            thread.stop();
        }
        trace::event(Topic::Context, "ended", &[("context", &self.number)]);
    }

    pub(crate) fn census(&self) -> Option<Arc<dyn Census>> {
        let me: Arc<dyn Census> = self.me.upgrade()?;
        Some(me)
    }

    fn note_end(&self) {
        self.ends.fetch_add(1, Ordering::SeqCst);
        futex::wake(&self.ends, u32::MAX);
    }
}

impl Census for Context {
    fn enter(&self, socket: SocketName, endpoint: &[u8]) -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        self.sessions.fetch_add(1, Ordering::SeqCst);
        if !trace::is_on(Topic::Context) {
            return 0;
        }
        let entry = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        self.census.lock().insert(
            entry,
            (socket, String::from_utf8_lossy(endpoint).into_owned()),
        );
        entry
    }

    fn leave(&self, entry: u64) {
        if entry != 0 {
            self.census.lock().remove(&entry);
        }
        if self.sessions.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.note_end();
        }
    }
}
