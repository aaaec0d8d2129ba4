//! What a message tells of the connection it came by: properties and descriptor.
//!
//! Shared by all messages of a connection; immutable once made.

use std::ffi::{CStr, CString};

/// Properties of the peer that sent a message (`zmq_msg_gets(3)`).
#[derive(Debug)]
pub struct Metadata {
    properties: Vec<(String, CString)>,
    /// The connection's descriptor (`ZMQ_SRCFD`), -1 where it has none.
    pub src_fd: i32,
}

impl Metadata {
    /// Properties by name. A value ends at its first zero byte, since C reads it as a string.
    #[must_use]
    pub fn new(properties: Vec<(String, Vec<u8>)>, src_fd: i32) -> Self {
        let properties = properties
            .into_iter()
            .map(|(name, mut value)| {
                let end = value
                    .iter()
                    .position(|&byte| byte == 0)
                    .unwrap_or(value.len());
                value.truncate(end);
                (name, CString::new(value).unwrap_or_default())
            })
            .collect();
        Self { properties, src_fd }
    }

    /// The value of a property; names are compared exactly.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CStr> {
        self.properties
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_c_str())
    }
}
