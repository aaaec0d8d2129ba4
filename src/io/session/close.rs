//! Closing connections, where that is not done at once.

use super::Conn;
use crate::io::workers::Workers;

/// Most connections never come here: see [`Stream::may_be_slow_to_close`](crate::transport::Stream::may_be_slow_to_close).
static CLOSERS: Workers = Workers::new("ZMQbg/Closer", 4);

impl Conn {
    /// Closes the connection. Never waits for the peer, unless no thread can be had that does.
    pub(super) fn close(self) {
        let stream = self.stream;
        if stream.may_be_slow_to_close() {
            CLOSERS.run(Box::new(move |_| drop(stream)));
        }
    }
}
