//! Forks of the test process itself: what a child finds, and what holds between threads.

use super::*;

#[test]
fn changes_in_the_child_only() {
    let before = generation();
    // SAFETY: the child calls only async-signal-safe functions before it exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let status = i32::from(GENERATION.load(Ordering::Relaxed) != before + 1);
        // SAFETY: ends the child at once, without running anything of the parent's.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: writes `status`.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0));
    assert_eq!(generation(), before);
}

#[test]
fn who_forks_while_apart_is_not_counted_in_the_child() {
    let parent = std::process::id();
    let child = apart_from_forks(|| {
        // SAFETY: the child calls only async-signal-safe functions before it exits.
        unsafe { libc::fork() }
    });
    assert!(child >= 0);
    if std::process::id() != parent {
        let status = i32::from(is_anybody_apart());
        // SAFETY: ends the child at once, without running anything of the parent's.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: writes `status`.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0));
}

/// Stands for what the C library does at the end of a thread.
struct LastSteps;

static AT_LAST_STEPS: AtomicBool = AtomicBool::new(false);

impl Drop for LastSteps {
    fn drop(&mut self) {
        AT_LAST_STEPS.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(30));
        AT_LAST_STEPS.store(false, Ordering::SeqCst);
    }
}

#[test]
fn forks_wait_for_the_last_steps_of_a_thread() {
    std::thread_local! {
        static STEPS: LastSteps = const { LastSteps };
    }
    drop(thread::spawn("ends".to_owned(), || STEPS.with(|_| {})).expect("room for a thread"));
    while !AT_LAST_STEPS.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    // SAFETY: the child calls only async-signal-safe functions before it exits.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let status = i32::from(AT_LAST_STEPS.load(Ordering::SeqCst) || is_anybody_apart());
        // SAFETY: ends the child at once, without running anything of the parent's.
        unsafe { libc::_exit(status) };
    }
    let mut status = -1;
    // SAFETY: writes `status`.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!((waited, status), (child, 0));
}

#[test]
fn lock_excludes_threads_but_not_processes() {
    static LOCK: Lock = Lock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    let _guard = LOCK.lock();
                    let seen = COUNT.load(Ordering::Relaxed);
                    COUNT.store(seen + 1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(COUNT.load(Ordering::Relaxed), 4000);
    // A parent's thread left it locked.
    let inherited = Lock {
        owner: AtomicU32::new(generation() + 7),
    };
    drop(inherited.lock());
    assert_eq!(inherited.owner.load(Ordering::Relaxed), 0);
}

#[test]
fn a_child_finds_data_whole_and_free() {
    static PAIR: Mutex<(u32, u32)> = Mutex::new((0, 0));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let mut pair = PAIR.lock();
                    pair.0 += 1;
                    std::hint::black_box(&mut pair);
                    pair.1 += 1;
                }
            });
        }
        for _ in 0..200 {
            // SAFETY: the child makes no allocation and takes no lock but this one.
            let child = unsafe { libc::fork() };
            assert!(child >= 0);
            if child == 0 {
                // SAFETY: has no requirements; ends a child that hangs.
                unsafe { libc::alarm(20) };
                let pair = PAIR.lock();
                let status = i32::from(pair.0 != pair.1);
                // SAFETY: ends the child at once, without running anything of the parent's.
                unsafe { libc::_exit(status) };
            }
            let mut status = -1;
            // SAFETY: writes `status`.
            let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
            assert_eq!((waited, status), (child, 0));
        }
        stop.store(true, Ordering::Relaxed);
    });
    let pair = PAIR.lock();
    assert!(pair.0 > 0 && pair.0 == pair.1);
}
