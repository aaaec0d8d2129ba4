//! The entry points that need no context, called as C would.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use super::curve::{zmq_z85_decode, zmq_z85_encode};
use super::errors::zmq_strerror;
use super::helpers::{zmq_thread_fn, zmq_threadclose, zmq_threadstart};
use super::message::*;
use super::ret::errno;
use super::timers::*;
use crate::errno::Errno;

/// Calls a function of C, all of whose arguments are good for it or must be refused.
macro_rules! c {
    ($name:ident($($arg:expr),* $(,)?)) => {{
        // SAFETY: as the macro says; tests that pass bad pointers are about their being refused.
        unsafe { $name($($arg),*) }
    }};
}

fn text(error: c_int) -> String {
    let text = c!(zmq_strerror(error));
    // SAFETY: always a terminated string.
    let text = unsafe { std::ffi::CStr::from_ptr(text) };
    text.to_string_lossy().into_owned()
}

#[test]
fn every_number_has_a_text() {
    assert_ne!(text(Errno::ETERM.0), text(Errno::EFSM.0));
    assert!(!text(Errno::EINVAL.0).is_empty());
    assert!(text(99_999).contains("99999"));
}

#[test]
fn a_message_lives_until_it_is_closed() {
    let mut place = MaybeUninit::<zmq_msg_t>::zeroed();
    let msg = place.as_mut_ptr();
    assert_eq!(c!(zmq_msg_close(msg)), -1);
    assert_eq!(errno(), Errno::EFAULT.0);
    assert_eq!(c!(zmq_msg_init_size(msg, 1000)), 0);
    assert_eq!(c!(zmq_msg_size(msg)), 1000);
    assert!(!c!(zmq_msg_data(msg)).is_null());
    assert_eq!(c!(zmq_msg_get(msg, ZMQ_SHARED)), 0);
    assert_eq!(c!(zmq_msg_close(msg)), 0);
    assert_eq!(c!(zmq_msg_size(msg)), 0);
    assert_eq!(c!(zmq_msg_close(msg)), -1);
}

#[test]
fn moving_and_copying() {
    let mut places = [const { MaybeUninit::<zmq_msg_t>::zeroed() }; 2];
    let [one, other] = &mut places;
    let (a, b) = (one.as_mut_ptr(), other.as_mut_ptr());
    assert_eq!(c!(zmq_msg_init_size(a, 500)), 0);
    assert_eq!(c!(zmq_msg_move(b, a)), -1, "no message yet");
    assert_eq!(c!(zmq_msg_size(a)), 500, "and nothing lost by that");
    assert_eq!(c!(zmq_msg_init(b)), 0);
    assert_eq!(c!(zmq_msg_move(b, a)), 0);
    assert_eq!((c!(zmq_msg_size(a)), c!(zmq_msg_size(b))), (0, 500));
    assert_eq!(c!(zmq_msg_move(b, b)), 0);
    assert_eq!(c!(zmq_msg_copy(b, b)), 0);
    assert_eq!(c!(zmq_msg_copy(a, b)), 0);
    assert_eq!((c!(zmq_msg_size(a)), c!(zmq_msg_size(b))), (500, 500));
    assert_eq!(c!(zmq_msg_get(a, ZMQ_SHARED)), 1);
    assert_eq!((c!(zmq_msg_close(a)), c!(zmq_msg_close(b))), (0, 0));
}

#[test]
fn z85_through_c() {
    let mut text = [0; 6];
    let mut data = [0; 4];
    let end = c!(zmq_z85_encode(text.as_mut_ptr(), [0xFF; 4].as_ptr(), 4));
    assert_eq!(end, text.as_mut_ptr());
    assert_eq!(text.map(i8::cast_unsigned), *b"%nSc0\0");
    assert!(!c!(zmq_z85_decode(data.as_mut_ptr(), text.as_ptr())).is_null());
    assert_eq!(data, [0xFF; 4]);
    assert!(c!(zmq_z85_encode(ptr::null_mut(), ptr::null(), 3)).is_null());
    assert!(c!(zmq_z85_decode(ptr::null_mut(), ptr::null())).is_null());
}

unsafe extern "C-unwind" fn cancels_itself(id: c_int, timers: *mut c_void) {
    FIRED.set(FIRED.get() + 1);
    assert_eq!(c!(zmq_timers_cancel(timers, id)), 0);
}

unsafe extern "C-unwind" fn destroys_the_set(_id: c_int, timers: *mut c_void) {
    FIRED.set(FIRED.get() + 1);
    let mut timers = timers;
    assert_eq!(c!(zmq_timers_destroy(&raw mut timers)), 0);
}

thread_local! {
    static FIRED: Cell<u32> = const { Cell::new(0) };
}

#[test]
fn handlers_may_change_and_end_their_set() {
    let mut timers = c!(zmq_timers_new());
    for _ in 0..3 {
        assert!(c!(zmq_timers_add(timers, 0, Some(cancels_itself), timers)) > 0);
    }
    assert_eq!(c!(zmq_timers_timeout(timers)), 0);
    assert_eq!(c!(zmq_timers_execute(timers)), 0);
    assert_eq!(FIRED.replace(0), 3);
    assert_eq!(c!(zmq_timers_timeout(timers)), -1);
    for _ in 0..3 {
        c!(zmq_timers_add(timers, 0, Some(destroys_the_set), timers));
    }
    assert_eq!(c!(zmq_timers_execute(timers)), 0);
    assert_eq!(FIRED.replace(0), 1, "the others are gone with the set");
    assert_eq!(c!(zmq_timers_destroy(&raw mut timers)), -1);
    assert_eq!(errno(), Errno::EFAULT.0);
}

#[test]
fn timers_refuse_what_is_no_set() {
    let foreign = [0u64; 16];
    let junk = foreign.as_ptr().cast_mut().cast();
    for bad in [ptr::null_mut(), junk] {
        assert_eq!(c!(zmq_timers_add(bad, 1, Some(cancels_itself), bad)), -1);
        assert_eq!(c!(zmq_timers_timeout(bad)), -1);
        assert_eq!(c!(zmq_timers_execute(bad)), -1);
        assert_eq!(errno(), Errno::EFAULT.0);
    }
    let mut timers = c!(zmq_timers_new());
    assert_eq!(c!(zmq_timers_add(timers, 1, None, junk)), -1);
    assert_eq!(errno(), Errno::EFAULT.0);
    assert_eq!(c!(zmq_timers_destroy(&raw mut timers)), 0);
    assert!(timers.is_null());
}

static RAN: AtomicI32 = AtomicI32::new(0);

unsafe extern "C-unwind" fn returns(arg: *mut c_void) {
    RAN.fetch_add(i32::from(arg.is_null()), Ordering::SeqCst);
}

unsafe extern "C-unwind" fn exits(_arg: *mut c_void) {
    RAN.fetch_add(10, Ordering::SeqCst);
    unsafe extern "C-unwind" {
        fn pthread_exit(value: *mut c_void) -> !;
    }
    // SAFETY: nothing with a destructor is on this thread's stack.
    unsafe { pthread_exit(ptr::null_mut()) }
}

#[test]
fn threads_end_by_returning_or_exiting() {
    for body in [returns as zmq_thread_fn, exits] {
        let thread = c!(zmq_threadstart(Some(body), ptr::null_mut()));
        assert!(!thread.is_null());
        c!(zmq_threadclose(thread));
    }
    assert_eq!(RAN.load(Ordering::SeqCst), 11);
    assert!(c!(zmq_threadstart(None, ptr::null_mut())).is_null());
}
