//! The shared library: its functions as `normApi.h` declares them (NORM 1.5).

use std::ffi::{c_char, c_int, c_void};

use crate::sys::shared_library::shared_library;

/// Objects of the library, known by their address. Null is none.
pub(super) type RawInstance = *const c_void;
pub(super) type RawSession = *const c_void;
pub(super) type RawNode = *const c_void;
pub(super) type RawObject = *const c_void;

/// What `NormGetNextEvent` fills in.
#[repr(C)]
#[derive(Debug)]
pub(super) struct RawEvent {
    pub(super) kind: c_int,
    pub(super) session: RawSession,
    pub(super) sender: RawNode,
    pub(super) object: RawObject,
}

// Kinds of events.
pub(super) const TX_QUEUE_VACANCY: c_int = 1;
pub(super) const TX_QUEUE_EMPTY: c_int = 2;
pub(super) const TX_FLUSH_COMPLETED: c_int = 3;
pub(super) const REMOTE_SENDER_INACTIVE: c_int = 14;
pub(super) const RX_OBJECT_NEW: c_int = 17;
pub(super) const RX_OBJECT_UPDATED: c_int = 19;
pub(super) const RX_OBJECT_COMPLETED: c_int = 20;
pub(super) const RX_OBJECT_ABORTED: c_int = 21;

/// A kind of object
pub(super) const OBJECT_STREAM: c_int = 3;
/// A policy: from the oldest that the sender still has of its stream
pub(super) const SYNC_STREAM: c_int = 1;
/// A way to flush: receivers are told at once how far the stream goes
pub(super) const FLUSH_ACTIVE: c_int = 2;

pub(super) type Alloc = unsafe extern "C" fn(usize) -> *mut c_char;
pub(super) type Free = unsafe extern "C" fn(*mut c_char);

shared_library! {
    // They have had names of its own only since version 1.5.
    c"libnorm.so.1":
    create_instance: c"NormCreateInstance" (bool) -> RawInstance;
    stop_instance: c"NormStopInstance" (RawInstance) -> ();
    destroy_instance: c"NormDestroyInstance" (RawInstance) -> ();
    descriptor: c"NormGetDescriptor" (RawInstance) -> c_int;
    next_event: c"NormGetNextEvent" (RawInstance, *mut RawEvent, bool) -> bool;
    set_allocation: c"NormSetAllocationFunctions" (RawInstance, Alloc, Free) -> ();
    create_session: c"NormCreateSession" (RawInstance, *const c_char, u16, u32) -> RawSession;
    destroy_session: c"NormDestroySession" (RawSession) -> ();
    set_ttl: c"NormSetTTL" (RawSession, u8) -> bool;
    set_tos: c"NormSetTOS" (RawSession, u8) -> bool;
    set_rx_port_reuse: c"NormSetRxPortReuse" (
        RawSession, bool, *const c_char, *const c_char, u16,
    ) -> ();
    set_loopback: c"NormSetLoopback" (RawSession, bool) -> bool;
    set_multicast_loopback: c"NormSetMulticastLoopback" (RawSession, bool) -> bool;
    set_interface: c"NormSetMulticastInterface" (RawSession, *const c_char) -> bool;
    set_unicast_nack: c"NormSetDefaultUnicastNack" (RawSession, bool) -> ();
    set_sync_policy: c"NormSetDefaultSyncPolicy" (RawSession, c_int) -> ();
    set_rx_socket_buffer: c"NormSetRxSocketBuffer" (RawSession, u32) -> bool;
    set_tx_socket_buffer: c"NormSetTxSocketBuffer" (RawSession, u32) -> bool;
    start_receiver: c"NormStartReceiver" (RawSession, u32) -> bool;
    stop_receiver: c"NormStopReceiver" (RawSession) -> ();
    random_session_id: c"NormGetRandomSessionId" () -> u16;
    start_sender: c"NormStartSender" (RawSession, u16, u32, u16, u16, u16, u8) -> bool;
    stop_sender: c"NormStopSender" (RawSession) -> ();
    set_tx_rate: c"NormSetTxRate" (RawSession, f64) -> ();
    set_congestion_control: c"NormSetCongestionControl" (RawSession, bool, bool) -> ();
    set_ecn_support: c"NormSetEcnSupport" (RawSession, bool, bool, bool) -> ();
    set_auto_parity: c"NormSetAutoParity" (RawSession, u8) -> ();
    stream_open: c"NormStreamOpen" (RawSession, u32, *const c_char, u32) -> RawObject;
    stream_set_push: c"NormStreamSetPushEnable" (RawObject, bool) -> ();
    stream_write: c"NormStreamWrite" (RawObject, *const c_char, u32) -> u32;
    stream_mark_eom: c"NormStreamMarkEom" (RawObject) -> ();
    stream_flush: c"NormStreamFlush" (RawObject, bool, c_int) -> ();
    stream_read: c"NormStreamRead" (RawObject, *mut c_char, *mut u32) -> bool;
    stream_seek: c"NormStreamSeekMsgStart" (RawObject) -> bool;
    object_type: c"NormObjectGetType" (RawObject) -> c_int;
    object_sender: c"NormObjectGetSender" (RawObject) -> RawNode;
    object_retain: c"NormObjectRetain" (RawObject) -> ();
    object_release: c"NormObjectRelease" (RawObject) -> ();
    object_cancel: c"NormObjectCancel" (RawObject) -> ();
    node_delete: c"NormNodeDelete" (RawNode) -> ();
}
