//! The two ends of a connection, by the names that a monitor tells (`zmq_socket_monitor(3)`).

/// A local and a remote endpoint; either is empty where there is none, or none is known yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Our end.
    pub local: Vec<u8>,
    /// The peer's.
    pub remote: Vec<u8>,
    /// Whether we listened there, rather than connected.
    is_bound: bool,
}

impl Ends {
    /// Of a listener (no remote end) or of a connection that it accepted.
    #[must_use]
    pub fn bound(local: &[u8], remote: &[u8]) -> Self {
        Self {
            local: local.to_vec(),
            remote: remote.to_vec(),
            is_bound: true,
        }
    }

    /// Of a connection that is made, to what the application named.
    #[must_use]
    pub fn connected(local: &[u8], remote: &[u8]) -> Self {
        Self {
            local: local.to_vec(),
            remote: remote.to_vec(),
            is_bound: false,
        }
    }

    /// The one that stands for both where there is room for one.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        if self.is_bound {
            &self.local
        } else {
            &self.remote
        }
    }
}
