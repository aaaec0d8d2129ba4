//! The types that C programs allocate themselves have the sizes that were compiled into them.

use std::mem::{align_of, offset_of, size_of};

use zmq::capi::{zmq_msg_t, zmq_poller_event_t, zmq_pollitem_t};

const POINTER: usize = size_of::<*const ()>();

#[test]
fn a_message_is_64_bytes_on_a_pointer_boundary() {
    assert_eq!(size_of::<zmq_msg_t>(), 64);
    assert_eq!(align_of::<zmq_msg_t>(), POINTER);
}

#[test]
fn a_poll_item_has_the_layout_of_c() {
    assert_eq!(offset_of!(zmq_pollitem_t, socket), 0);
    assert_eq!(offset_of!(zmq_pollitem_t, fd), POINTER);
    assert_eq!(offset_of!(zmq_pollitem_t, events), POINTER + 4);
    assert_eq!(offset_of!(zmq_pollitem_t, revents), POINTER + 6);
    assert_eq!(size_of::<zmq_pollitem_t>(), POINTER + 8);
    assert_eq!(align_of::<zmq_pollitem_t>(), POINTER);
}

#[test]
fn a_poller_event_has_the_layout_of_c() {
    assert_eq!(offset_of!(zmq_poller_event_t, socket), 0);
    assert_eq!(offset_of!(zmq_poller_event_t, fd), POINTER);
    assert_eq!(offset_of!(zmq_poller_event_t, user_data), 2 * POINTER);
    assert_eq!(offset_of!(zmq_poller_event_t, events), 3 * POINTER);
    assert_eq!(size_of::<zmq_poller_event_t>(), 4 * POINTER);
}

/// Zeroed memory is what programs have before they make a message of it.
#[test]
fn zeroed_bytes_are_no_message() {
    let zeroed = std::mem::MaybeUninit::<zmq_msg_t>::zeroed();
    // SAFETY: any bytes may be looked at as a message, whose tag tells whether they are one.
    let msg = unsafe { zeroed.assume_init_ref() };
    assert!(!msg.is_valid());
}
