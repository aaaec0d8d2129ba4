//! Names are resolved here, away from I/O threads and callers: the system's resolver may block for
//! many seconds.
//!
//! A few threads serve the whole process while there are names to resolve, and end when there are
//! none; so a context that connects to addresses only never has one.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::hub::guard_session;
use super::session::ConnectTarget;
use crate::errno::{Errno, Result};
use crate::sys::thread;
use crate::transport::{Address, HostPort, Resolved, resolve_connect};

/// Threads that resolve at the same time, at most.
const THREADS: usize = 4;

type Then = Box<dyn FnOnce(Result<Resolved>) + Send>;

struct Job {
    target: Arc<ConnectTarget>,
    ipv6: bool,
    then: Then,
}

struct Pool {
    jobs: VecDeque<Job>,
    threads: usize,
    /// The process that the threads live in: a forked child has none of them.
    generation: u32,
}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    jobs: VecDeque::new(),
    threads: 0,
    generation: 0,
});

/// Resolves the target's name on another thread and calls `then` there.
pub(crate) fn resolve_then(
    target: Arc<ConnectTarget>,
    ipv6: bool,
    then: impl FnOnce(Result<Resolved>) + Send + 'static,
) {
    let mut pool = POOL.lock();
    let generation = crate::sys::fork::generation();
    if pool.generation != generation {
        pool.generation = generation;
        pool.threads = 0;
    }
    pool.jobs.push_back(Job {
        target,
        ipv6,
        then: Box::new(then),
    });
    if pool.threads >= THREADS {
        return;
    }
    let spawned = thread::with_signals_blocked(|| {
        std::thread::Builder::new()
            .name("ZMQbg/Resolver".to_owned())
            .spawn(serve)
    });
    if spawned.is_ok() {
        pool.threads += 1;
    } else if pool.threads == 0 {
        // No thread can be had: this try fails, and a later one may do better.
        let jobs = std::mem::take(&mut pool.jobs);
        drop(pool);
        for job in jobs {
            (job.then)(Err(Errno::EAGAIN));
        }
    }
}

/// The address, if nobody needs to be asked for it.
pub(crate) fn at_once(address: &Address, ipv6: bool) -> Option<Result<Resolved>> {
    let is_numeric = |place: &HostPort| place.host.parse::<std::net::IpAddr>().is_ok();
    match address {
        Address::Tcp(tcp)
            if is_numeric(&tcp.target) && tcp.source.as_ref().is_none_or(is_numeric) =>
        {
            Some(resolve(address, ipv6))
        }
        Address::Tcp(_) => None,
        Address::Ipc(_) | Address::Inproc(_) => Some(resolve(address, ipv6)),
    }
}

fn resolve(address: &Address, ipv6: bool) -> Result<Resolved> {
    match address {
        Address::Tcp(tcp) => resolve_connect(tcp, ipv6).map(Resolved::Tcp),
        Address::Ipc(ipc) => Ok(Resolved::Ipc(ipc.clone())),
        // Never dialled: such pipes are made without a session.
        Address::Inproc(_) => Err(Errno::EINVAL),
    }
}

fn serve() {
    loop {
        let job = {
            let mut pool = POOL.lock();
            match pool.jobs.pop_front() {
                Some(job) => job,
                None => {
                    pool.threads -= 1;
                    return;
                }
            }
        };
        let resolved = resolve(&job.target.address, job.ipv6);
        guard_session(|| (job.then)(resolved));
    }
}
