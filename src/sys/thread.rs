//! Threads of the library; of the calling thread: signals, name, scheduling, processors, identity.

use std::ffi::{CString, c_int, c_void};
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use super::{cancel, fork};

/// A number for the calling thread, unlike that of any other that lives, and never 0.
#[inline]
#[must_use]
pub fn token() -> usize {
    // SAFETY: has no requirements. What it yields is the address of something that the thread has.
    unsafe { libc::pthread_self() as usize }
}

/// Runs `f` with every signal blocked in the calling thread.
///
/// Threads started inside inherit that, so the application's signal handlers never run on threads
/// of the library and a signal always finds a thread of the application.
pub fn with_signals_blocked<R>(f: impl FnOnce() -> R) -> R {
    let _restore = SignalMask::block_all();
    f()
}

/// A thread of the library. Dropped, it goes on by itself.
#[derive(Debug)]
pub struct Running(libc::pthread_t);

/// What a new thread is given.
struct Start<F> {
    name: String,
    run: F,
}

/// The least stack of a thread, in bytes, for systems whose default is smaller.
const STACK: usize = 1 << 20;

/// Runs `run` on a new thread of that name, with every signal blocked.
///
/// Not by the standard library: its threads come and go through a lock of the process (that of the addresses of
/// stacks, for the message when one overflows), which a forked child may find taken for ever.
///
/// # Errors
/// `EAGAIN`, `ENOMEM`, `EINVAL`: there is no room for another thread, or for its stack.
pub fn spawn<F: FnOnce() + Send + 'static>(name: String, run: F) -> io::Result<Running> {
    let start = Box::new(Start { name, run });
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: initialises the value.
    check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
    let mut stack = STACK;
    // SAFETY: initialised above; the size goes where there is room for it.
    unsafe { libc::pthread_attr_getstacksize(attributes.as_ptr(), &raw mut stack) };
    if stack < STACK {
        // The default is left alone: it has room for the program's thread-local variables, which count.
        // SAFETY: initialised above. A size that the system refuses leaves its default.
        unsafe { libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK) };
    }
    let start = Box::into_raw(start);
    let mut thread = MaybeUninit::uninit();
    let result = with_signals_blocked(|| {
        // SAFETY: the attributes are initialised, the thread's number goes where there is room for it, and `begin`
        // gets the box that it expects.
        unsafe {
            libc::pthread_create(
                thread.as_mut_ptr(),
                attributes.as_ptr(),
                begin::<F>,
                start.cast(),
            )
        }
    });
    // SAFETY: initialised above, and not used again.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    if let Err(error) = check(result) {
        // SAFETY: no thread has it, so it is ours again.
        drop(unsafe { Box::from_raw(start) });
        return Err(error);
    }
    // SAFETY: written by the call, which succeeded.
    Ok(Running(unsafe { thread.assume_init() }))
}

/// A thread's beginning and end.
extern "C" fn begin<F: FnOnce() + Send + 'static>(start: *mut c_void) -> *mut c_void {
    // SAFETY: the box that `spawn` gave away.
    let start = unsafe { Box::from_raw(start.cast::<Start<F>>()) };
    set_name(&start.name);
    // Nobody has its handle; but what shields itself from being cancelled does so faster here.
    let _ = cancel::disable();
    // Who spawns contains panics where they mean something; what is left may not reach the C library, nor may what the
    // payload's destructor does. The hook has reported it.
    if let Err(panic) = catch_unwind(AssertUnwindSafe(start.run)) {
        std::mem::forget(catch_unwind(AssertUnwindSafe(|| drop(panic))));
    }
    fork::end_apart();
    ptr::null_mut()
}

impl Running {
    /// Waits until the thread has ended. That thread itself does not wait, and goes on.
    pub fn join(self) {
        let thread = ManuallyDrop::new(self);
        // SAFETY: a thread that nobody has joined or detached.
        let result = unsafe { libc::pthread_join(thread.0, ptr::null_mut()) };
        if result != 0 {
            // Not joined, so it is detached.
            drop(ManuallyDrop::into_inner(thread));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SAFETY: a thread that nobody has joined or detached.
        unsafe { libc::pthread_detach(self.0) };
    }
}

/// Runs `f`, which may write to a pipe or socket that nobody reads, without the `SIGPIPE` that would end the
/// process; `f` returns whether its write failed with `EPIPE`. What the program does with that signal
/// otherwise stays as it is.
pub fn without_sigpipe(f: impl FnOnce() -> bool) {
    let mut pipe = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: writes the set it is given.
    unsafe { libc::sigemptyset(pipe.as_mut_ptr()) };
    // SAFETY: an initialised set, and a signal that exists.
    unsafe { libc::sigaddset(pipe.as_mut_ptr(), libc::SIGPIPE) };
    let mut pending = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: writes the set it is given.
    unsafe { libc::sigpending(pending.as_mut_ptr()) };
    // SAFETY: reads a set that the call filled; all-zero bytes would be an empty one.
    let was_pending = unsafe { libc::sigismember(pending.as_ptr(), libc::SIGPIPE) } == 1;
    let _restore = SignalMask::block(&pipe);
    if f() && !was_pending {
        // The signal is this thread's own; it is taken off before it is let through again.
        let at_once = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: reads the set and the time; the null pointer says that nothing is to be told.
        unsafe { libc::sigtimedwait(pipe.as_ptr(), ptr::null_mut(), &raw const at_once) };
    }
}

/// Blocks every signal in the calling thread for good.
pub fn block_signals() {
    std::mem::forget(SignalMask::block_all());
}

/// Names the calling thread as the kernel knows it (15 bytes; the rest is cut off).
pub fn set_name(name: &str) {
    let end = name.bytes().take(15).take_while(|&byte| byte != 0).count();
    let Ok(name) = CString::new(&name.as_bytes()[..end]) else {
        return;
    };
    // SAFETY: reads a terminated string; a longer one is cut by the kernel.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}

/// Sets the scheduling of the calling thread; either value may be absent (as it was).
///
/// With `SCHED_FIFO` and `SCHED_RR` the priority is theirs; with any other policy, which has none,
/// a priority above 0 asks for the best nice value (`zmq_ctx_set(3)`, `ZMQ_THREAD_PRIORITY`).
///
/// # Errors
/// `EPERM`, `EINVAL`; the thread then goes on as it was.
pub fn set_scheduling(policy: Option<c_int>, priority: Option<c_int>) -> io::Result<()> {
    if policy.is_none() && priority.is_none() {
        return Ok(());
    }
    // SAFETY: names the calling thread, takes no pointers.
    let current = unsafe { libc::pthread_self() };
    let mut old_policy = 0;
    let mut param = MaybeUninit::<libc::sched_param>::zeroed();
    // SAFETY: writes the two values; the thread is the calling one and so alive.
    let result =
        unsafe { libc::pthread_getschedparam(current, &raw mut old_policy, param.as_mut_ptr()) };
    check(result)?;
    // SAFETY: filled by the call, and all-zero bytes are valid anyhow.
    let mut param = unsafe { param.assume_init() };
    let policy = policy.unwrap_or(old_policy);
    let real_time = policy == libc::SCHED_FIFO || policy == libc::SCHED_RR;
    if !real_time {
        param.sched_priority = 0;
    } else if let Some(priority) = priority {
        param.sched_priority = priority;
    }
    // SAFETY: reads `param`; the thread is alive.
    check(unsafe { libc::pthread_setschedparam(current, policy, ptr::from_ref(&param)) })?;
    if !real_time && priority.is_some_and(|priority| priority > 0) {
        // SAFETY: takes no pointers. On Linux 0 means the calling thread, not the whole process.
        unsafe { syscall!(setpriority(libc::PRIO_PROCESS, 0, -20)) }?;
    }
    Ok(())
}

/// Lets the calling thread run on these processors only; an empty list changes nothing.
///
/// # Errors
/// `EINVAL` if none of them exists; the thread then goes on as it was.
pub fn set_affinity(cpus: impl IntoIterator<Item = usize>) -> io::Result<()> {
    // SAFETY: a plain array of bits, for which all-zero bytes mean the empty set.
    let mut set: libc::cpu_set_t = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut any = false;
    for cpu in cpus
        .into_iter()
        .filter(|&cpu| cpu < 8 * size_of::<libc::cpu_set_t>())
    {
        // SAFETY: the index lies within the set.
        unsafe { libc::CPU_SET(cpu, &mut set) };
        any = true;
    }
    if any {
        let size = size_of::<libc::cpu_set_t>();
        // SAFETY: reads `size` bytes of the set; 0 means the calling thread.
        unsafe { syscall!(sched_setaffinity(0, size, ptr::from_ref(&set))) }?;
    }
    Ok(())
}

/// The kernel's number of the calling thread.
#[must_use]
pub fn id() -> u32 {
    // SAFETY: takes no arguments, cannot fail.
    let id = unsafe { libc::gettid() };
    u32::try_from(id).unwrap_or(0)
}

/// Whether the process has a thread with this number, which may be about to end.
#[must_use]
pub fn exists(id: u32) -> bool {
    let id = libc::pid_t::try_from(id).unwrap_or(0);
    // SAFETY: takes no arguments, cannot fail.
    let process = unsafe { libc::getpid() };
    // SAFETY: signal 0 is none: the call only looks whether it could be sent. It takes no pointers.
    let result = unsafe { libc::syscall(libc::SYS_tgkill, process, id, 0) };
    result == 0
}

/// The mask that was in force; put back when dropped, also when a panic unwinds.
struct SignalMask(libc::sigset_t);

impl SignalMask {
    fn block_all() -> Self {
        let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: writes the set it is given.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        Self::block(&all)
    }

    /// Blocks the signals of an initialised set too.
    fn block(signals: &MaybeUninit<libc::sigset_t>) -> Self {
        let mut old = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: both sets are valid; this cannot fail with a known `how`.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, signals.as_ptr(), old.as_mut_ptr()) };
        // SAFETY: filled by the call; all-zero bytes would be an empty set.
        Self(unsafe { old.assume_init() })
    }
}

impl Drop for SignalMask {
    fn drop(&mut self) {
        // SAFETY: reads the mask that this thread had before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// The result of the pthread functions, which return their error number.
fn check(result: c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(result))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(signal: c_int) -> bool {
        let mut now = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: only reports the mask into `now`.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), now.as_mut_ptr()) };
        // SAFETY: reads a set that the call filled.
        unsafe { libc::sigismember(now.as_ptr(), signal) == 1 }
    }

    #[test]
    fn a_thread_has_its_name_and_no_signals() {
        let (told, tell) = std::sync::mpsc::channel();
        let comm = || std::fs::read_to_string(format!("/proc/self/task/{}/comm", id()));
        spawn("one-of-ours".to_owned(), move || {
            tell_of(&told, (blocked(libc::SIGTERM), comm().ok()));
        })
        .expect("room for a thread")
        .join();
        let told = tell.try_recv().expect("the thread has ended");
        assert_eq!(told, (true, Some("one-of-ours\n".to_owned())));
        assert!(!blocked(libc::SIGTERM));
    }

    fn tell_of<T>(told: &std::sync::mpsc::Sender<T>, what: T) {
        told.send(what).expect("somebody listens");
    }

    #[test]
    fn a_panic_ends_the_thread_only() {
        spawn("panics".to_owned(), || panic!("on purpose"))
            .expect("room for a thread")
            .join();
    }

    #[test]
    fn a_thread_that_nobody_joins_runs_to_its_end() {
        let (told, tell) = std::sync::mpsc::channel();
        drop(spawn("alone".to_owned(), move || tell_of(&told, 7)).expect("room for a thread"));
        assert_eq!(tell.recv(), Ok(7));
    }

    #[test]
    fn writing_to_a_broken_pipe_raises_no_signal() {
        let (reader, mut writer) = io::pipe().expect("a pipe");
        drop(reader);
        std::thread::spawn(move || {
            // Rust ignores the signal; programs in C do not.
            // SAFETY: the default action, in a process whose other tests write to no broken pipe.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
            without_sigpipe(|| {
                let error = io::Write::write(&mut writer, b"x").expect_err("broken");
                error.kind() == io::ErrorKind::BrokenPipe
            });
            // SAFETY: what Rust's start-up had set.
            unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
            assert!(!blocked(libc::SIGPIPE));
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn name_and_scheduling() {
        std::thread::spawn(|| {
            set_name("a-name-that-is-too-long");
            let comm = std::fs::read_to_string(format!("/proc/self/task/{}/comm", id()));
            assert_eq!(comm.ok().as_deref(), Some("a-name-that-is-\n"));
            set_scheduling(None, None).expect("nothing to do");
            set_scheduling(Some(libc::SCHED_OTHER), None).expect("as it was");
            assert!(set_scheduling(Some(77), None).is_err());
            // One that this process may use.
            let status = std::fs::read_to_string("/proc/self/status").expect("readable");
            let allowed = status.split("Cpus_allowed_list:").nth(1).expect("told");
            let number = allowed.trim_start().split(|c: char| !c.is_ascii_digit());
            let first = number.into_iter().next().and_then(|cpu| cpu.parse().ok());
            set_affinity([first.expect("a number")]).expect("there is one");
            set_affinity([]).expect("nothing to do");
        })
        .join()
        .expect("no panic");
    }
}
