//! The client's handshake: INITIATE until its context is established, then READY.

use super::super::super::EngineConfig;
use super::super::super::error::{EngineError, protocol_error};
use super::super::super::outbuf::OutBuf;
use super::super::{Mechanism, PeerMetadata, Status};
use super::traffic::OVERHEAD;
use super::{
    GssapiConfig, INITIATE, NAME, Progress, SecurityContext, Task, TaskDone, TaskRole, Traffic,
    failure, initiate_token, put_token, ready_body, send_ready, take_ready,
};
use crate::msg::Msg;

#[derive(Debug)]
enum Step {
    /// A step is to be done, or is being done, elsewhere.
    Working(Option<Task>),
    SendToken(Progress, Box<dyn SecurityContext>),
    AwaitToken(Box<dyn SecurityContext>),
    AwaitReady(Traffic),
    SendReady(Traffic),
    Ready(Traffic),
    /// Between two steps, or after a failure.
    Nowhere,
}

/// The client's side.
#[derive(Debug)]
pub(in super::super) struct GssapiClient {
    step: Step,
    plaintext: bool,
    /// Our READY.
    ready: Vec<u8>,
    properties: Vec<(String, Vec<u8>)>,
}

impl GssapiClient {
    pub(in super::super) fn new(config: &EngineConfig, gssapi: &GssapiConfig) -> Self {
        let task = Task::new(gssapi.contexts.context(), Vec::new(), TaskRole::Initiate);
        Self {
            step: Step::Working(Some(task)),
            plaintext: gssapi.plaintext,
            ready: ready_body(config),
            properties: Vec::new(),
        }
    }

    /// Even if the context has nothing more to tell there is a command: an empty one. The server
    /// waits for it before it says READY.
    fn send_token(
        body: &mut Vec<u8>,
        progress: &Progress,
        context: Box<dyn SecurityContext>,
    ) -> Result<Step, EngineError> {
        if !progress.token.is_empty() {
            put_token(body, INITIATE, &progress.token)?;
        }
        Ok(if progress.complete {
            Step::AwaitReady(Traffic::new(context))
        } else {
            Step::AwaitToken(context)
        })
    }
}

impl Mechanism for GssapiClient {
    fn name(&self) -> &'static str {
        NAME
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        self.step = match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::SendToken(progress, context) => Self::send_token(body, &progress, context)?,
            Step::SendReady(mut traffic) => {
                let ready = std::mem::take(&mut self.ready);
                send_ready(body, ready, &mut traffic, self.plaintext)?;
                Step::Ready(traffic)
            }
            other => {
                self.step = other;
                return Ok(false);
            }
        };
        Ok(true)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        self.step = match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::AwaitToken(context) => {
                let token = initiate_token(body)?.to_vec();
                Step::Working(Some(Task::new(context, token, TaskRole::Initiate)))
            }
            Step::AwaitReady(mut traffic) => {
                self.properties = take_ready(body, &mut traffic, self.plaintext)?;
                Step::SendReady(traffic)
            }
            _ => return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        };
        Ok(())
    }

    fn status(&self) -> Status {
        match self.step {
            Step::Ready(_) => Status::Ready,
            Step::Working(_) => Status::AwaitingTask,
            _ => Status::Handshaking,
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        PeerMetadata {
            properties: std::mem::take(&mut self.properties),
            ..PeerMetadata::default()
        }
    }

    fn take_task(&mut self) -> Option<Task> {
        match &mut self.step {
            Step::Working(task) => task.take(),
            _ => None,
        }
    }

    fn handle_task(&mut self, done: TaskDone) -> Result<(), EngineError> {
        if !matches!(self.step, Step::Working(None)) {
            return Err(failure(protocol_error::ZMTP_UNSPECIFIED));
        }
        let progress = done.outcome?;
        if progress.token.is_empty() && !progress.complete {
            // Each side would wait for the other.
            return Err(failure(protocol_error::ZMTP_CRYPTOGRAPHIC));
        }
        self.step = Step::SendToken(progress, done.context);
        Ok(())
    }

    fn is_clear(&self) -> bool {
        self.plaintext
    }

    fn overhead(&self) -> usize {
        OVERHEAD
    }

    fn encode(&mut self, flags: u8, body: &Msg, out: &mut OutBuf) -> Result<(), EngineError> {
        match &mut self.step {
            Step::Ready(traffic) => traffic.encode(flags, body, out),
            _ => Ok(()),
        }
    }

    fn decode(&mut self, body: &mut [u8]) -> Result<(u8, usize), EngineError> {
        match &mut self.step {
            Step::Ready(traffic) => traffic.decode(body),
            _ => Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        }
    }
}
