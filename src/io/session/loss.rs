//! How connections end before their time: what the monitor hears, what becomes of the pipe, and
//! whether there is another try.

use std::os::fd::AsRawFd;
use std::sync::Arc;

use super::{Core, Session, flow};
use crate::errno::Errno;
use crate::io::{Ends, Event, monitor_event};
use crate::proto::{EngineError, HandshakeFailure};

/// How a connection came to its end.
pub(super) enum Loss {
    /// End of the stream, or its error.
    Stream(Errno),
    Engine(EngineError),
    /// This side could not encode what is to be sent, through no fault of the peer's.
    Unsendable,
}

impl Loss {
    fn is_temporary(&self) -> bool {
        match self {
            Self::Stream(_) | Self::Unsendable => true,
            Self::Engine(error) => error.is_temporary(),
        }
    }
}

impl Session {
    /// The connection is over.
    pub(super) fn lose(&self, core: &mut Core, loss: Loss) {
        let Some(mut conn) = core.conn.take() else {
            return;
        };
        // A refusal is worth telling the peer, if it goes at once.
        flow::last_words(&mut conn);
        if let Loss::Engine(EngineError::Handshake(HandshakeFailure::Auth(_))) = loss {
            flow::discard_input(&mut conn);
        }
        let fd = conn.stream.as_raw_fd();
        let in_handshake = !conn.engine.is_established();
        self.hub.remove(fd, conn.token);
        self.trace_loss(&core.ends, &conn, &loss);
        self.report_loss(&loss, in_handshake, fd, &core.ends);
        core.forget_local_end();
        conn.close();
        if let Some(lanes) = &mut core.lanes {
            lanes.to_socket.roll_back();
            // A message of which the peer got the head must not reach the next one as a tail.
            if lanes.from_socket.skip_message() {
                self.owner.post(Event::Writable(Arc::clone(&lanes.slot)));
            }
        }
        let temporary = loss.is_temporary();
        let keeps_pipe = self.keeps_pipe(core.dialer.is_some());
        let retries = temporary && self.may_retry(core, &loss, in_handshake);
        if !keeps_pipe || !retries {
            self.drop_lanes(core);
        } else if let Some(lanes) = &core.lanes
            && lanes.was_used
        {
            self.owner.post(Event::Lost(Arc::clone(&lanes.slot)));
        }
        if retries {
            self.retry_later(core);
        } else {
            self.finish(core);
        }
    }

    /// Whether the pipe lives through the end of a connection, if there is to be another one.
    pub(super) fn keeps_pipe(&self, dials: bool) -> bool {
        dials && !self.options.immediate && !self.is_raw()
    }

    fn report_loss(&self, loss: &Loss, in_handshake: bool, fd: i32, ends: &Ends) {
        let fd_value = u64::try_from(fd).unwrap_or(0);
        let failed = match *loss {
            Loss::Engine(EngineError::Handshake(failure)) => Some(match failure {
                HandshakeFailure::NoDetail(errno) => (
                    monitor_event::HANDSHAKE_FAILED_NO_DETAIL,
                    u64::from(errno.0.unsigned_abs()),
                ),
                HandshakeFailure::Protocol(value) => {
                    (monitor_event::HANDSHAKE_FAILED_PROTOCOL, u64::from(value))
                }
                HandshakeFailure::Auth(status) => {
                    (monitor_event::HANDSHAKE_FAILED_AUTH, u64::from(status))
                }
            }),
            Loss::Engine(EngineError::HandshakeTimeout) => {
                let errno = Errno::EAGAIN.0.unsigned_abs();
                Some((monitor_event::HANDSHAKE_FAILED_NO_DETAIL, u64::from(errno)))
            }
            Loss::Stream(errno) if in_handshake && !self.is_raw() => Some((
                monitor_event::HANDSHAKE_FAILED_NO_DETAIL,
                u64::from(errno.0.unsigned_abs()),
            )),
            _ => None,
        };
        if let Some((event, value)) = failed {
            self.owner.report(event, value, ends);
        }
        self.owner
            .report(monitor_event::DISCONNECTED, fd_value, ends);
    }
}
