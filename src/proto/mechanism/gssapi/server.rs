//! The server's handshake: INITIATE until its context is established, then the ZAP handler's word
//! on the peer's name, then READY.

use super::super::super::EngineConfig;
use super::super::super::error::{EngineError, protocol_error};
use super::super::super::outbuf::OutBuf;
use super::super::zap::{NO_HANDLER, Verdict, Zap};
use super::super::{Mechanism, PeerMetadata, Status};
use super::traffic::OVERHEAD;
use super::{
    GssapiConfig, INITIATE, NAME, Progress, SecurityContext, Task, TaskDone, TaskRole, Traffic,
    failure, initiate_token, put_token, ready_body, send_ready, take_ready,
};
use crate::msg::Msg;

#[derive(Debug)]
enum Step {
    AwaitToken(Box<dyn SecurityContext>),
    /// A step is to be done, or is being done, elsewhere.
    Working(Option<Task>),
    SendToken(Progress, Box<dyn SecurityContext>),
    /// The context is established; the client is to say that it is on its side, too.
    AwaitConsent(Traffic),
    AwaitZap(Traffic),
    SendReady(Traffic),
    AwaitReady(Traffic),
    Ready(Traffic),
    /// Not told to the peer: RFC 38 has no command for it, and the reference library closes.
    Refused(u16),
    /// Between two steps, or after a failure.
    Nowhere,
}

/// The server's side.
#[derive(Debug)]
pub(in super::super) struct GssapiServer {
    step: Step,
    plaintext: bool,
    zap: Zap,
    /// Our READY.
    ready: Vec<u8>,
    properties: Vec<(String, Vec<u8>)>,
}

impl GssapiServer {
    pub(in super::super) fn new(config: &EngineConfig, gssapi: &GssapiConfig) -> Self {
        Self {
            step: Step::AwaitToken(gssapi.contexts.context()),
            plaintext: gssapi.plaintext,
            zap: Zap::new(config),
            ready: ready_body(config),
            properties: Vec::new(),
        }
    }

    fn handle_consent(&mut self, body: &[u8], mut traffic: Traffic) -> Result<Step, EngineError> {
        if !body.is_empty() {
            return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND));
        }
        let principal = traffic.peer()?;
        self.zap.ask(NAME, &[&principal])?;
        Ok(Step::AwaitZap(traffic))
    }
}

impl Mechanism for GssapiServer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_server(&self) -> bool {
        true
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        self.step = match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::SendToken(progress, context) => {
                put_token(body, INITIATE, &progress.token)?;
                if progress.complete {
                    Step::AwaitConsent(Traffic::new(context))
                } else {
                    Step::AwaitToken(context)
                }
            }
            Step::SendReady(mut traffic) => {
                let ready = std::mem::take(&mut self.ready);
                send_ready(body, ready, &mut traffic, self.plaintext)?;
                Step::AwaitReady(traffic)
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
                Step::Working(Some(Task::new(context, token, TaskRole::Accept)))
            }
            Step::AwaitConsent(traffic) => self.handle_consent(body, traffic)?,
            Step::AwaitReady(mut traffic) => {
                self.properties = take_ready(body, &mut traffic, self.plaintext)?;
                Step::Ready(traffic)
            }
            _ => return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        };
        Ok(())
    }

    fn status(&self) -> Status {
        match self.step {
            Step::Ready(_) => Status::Ready,
            Step::Working(_) => Status::AwaitingTask,
            Step::AwaitZap(_) => Status::AwaitingZap,
            Step::Refused(status) => Status::Refused(status),
            _ => Status::Handshaking,
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        let properties = std::mem::take(&mut self.properties);
        self.zap.complete(properties)
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
        if progress.token.is_empty() {
            // The client has not asked to know who we are, or each side would wait for the other.
            return Err(failure(protocol_error::ZMTP_CRYPTOGRAPHIC));
        }
        self.step = Step::SendToken(progress, done.context);
        Ok(())
    }

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.zap.take_request()
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        let verdict = self.zap.judge(&frames)?;
        self.step = match (verdict, std::mem::replace(&mut self.step, Step::Nowhere)) {
            (Verdict::Granted, Step::AwaitZap(traffic)) => Step::SendReady(traffic),
            (Verdict::Denied(status), _) => Step::Refused(status),
            (Verdict::Granted, _) => return Err(failure(protocol_error::ZAP_UNSPECIFIED)),
        };
        Ok(())
    }

    /// Without a handler whoever has a ticket gets in, unless the domain is enforced.
    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        if self.zap.is_strict() && self.zap.has_domain() {
            return Err(NO_HANDLER);
        }
        match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::AwaitZap(traffic) => self.step = Step::SendReady(traffic),
            other => self.step = other,
        }
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
