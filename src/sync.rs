//! The atomics that lock-free code uses: the standard ones, or loom's under `cfg(zmq_loom)`.

#[cfg(not(zmq_loom))]
pub(crate) use std::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};

#[cfg(zmq_loom)]
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};

#[cfg(not(zmq_loom))]
pub(crate) use std::sync::Arc;

#[cfg(zmq_loom)]
pub(crate) use loom::sync::Arc;
