//! The handshake of either side, and the traffic after it.
//!
//! The client begins. INITIATE goes to and fro until the context is established on both sides, each step of
//! which is done elsewhere; then the client says so, by an empty command if there is no token left to
//! send, the server asks a ZAP handler about the peer's name, and READY goes to the client and back.

use super::super::super::EngineConfig;
use super::super::super::error::{EngineError, protocol_error};
use super::super::super::writer::FrameWriter;
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
    /// The server's context is established; the client is to say that it is on its side, too.
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

/// One side of a connection.
#[derive(Debug)]
pub(in super::super) struct Gssapi {
    step: Step,
    plaintext: bool,
    /// Whom a server asks; a client has none.
    zap: Option<Zap>,
    /// Our READY.
    ready: Vec<u8>,
    properties: Vec<(String, Vec<u8>)>,
}

impl Gssapi {
    pub(in super::super) fn client(config: &EngineConfig, gssapi: &GssapiConfig) -> Self {
        let task = Task::new(gssapi.contexts.context(), Vec::new(), TaskRole::Initiate);
        Self::new(config, gssapi, Step::Working(Some(task)), None)
    }

    pub(in super::super) fn server(config: &EngineConfig, gssapi: &GssapiConfig) -> Self {
        let step = Step::AwaitToken(gssapi.contexts.context());
        Self::new(config, gssapi, step, Some(Zap::new(config)))
    }

    fn new(config: &EngineConfig, gssapi: &GssapiConfig, step: Step, zap: Option<Zap>) -> Self {
        Self {
            step,
            plaintext: gssapi.plaintext,
            zap,
            ready: ready_body(config),
            properties: Vec::new(),
        }
    }

    /// The step to leave; whoever takes it says which one follows.
    fn leave(&mut self) -> Step {
        std::mem::replace(&mut self.step, Step::Nowhere)
    }

    fn role(&self) -> TaskRole {
        if self.is_server() {
            TaskRole::Accept
        } else {
            TaskRole::Initiate
        }
    }

    fn send_token(
        &self,
        body: &mut Vec<u8>,
        progress: &Progress,
        context: Box<dyn SecurityContext>,
    ) -> Result<Step, EngineError> {
        // A client's may be empty: the command by which it says that it is done.
        if !progress.token.is_empty() {
            put_token(body, INITIATE, &progress.token)?;
        }
        Ok(match (progress.complete, self.is_server()) {
            (false, _) => Step::AwaitToken(context),
            (true, false) => Step::AwaitReady(Traffic::new(context)),
            (true, true) => Step::AwaitConsent(Traffic::new(context)),
        })
    }

    fn handle_consent(&mut self, body: &[u8], mut traffic: Traffic) -> Result<Step, EngineError> {
        if !body.is_empty() {
            return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND));
        }
        let principal = traffic.peer()?;
        if let Some(zap) = &mut self.zap {
            zap.ask(NAME, &[&principal])?;
        }
        Ok(Step::AwaitZap(traffic))
    }
}

impl Mechanism for Gssapi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_server(&self) -> bool {
        self.zap.is_some()
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        self.step = match self.leave() {
            Step::SendToken(progress, context) => self.send_token(body, &progress, context)?,
            Step::SendReady(mut traffic) => {
                let ready = std::mem::take(&mut self.ready);
                send_ready(body, ready, &mut traffic, self.plaintext)?;
                if self.is_server() {
                    Step::AwaitReady(traffic)
                } else {
                    Step::Ready(traffic)
                }
            }
            other => {
                self.step = other;
                return Ok(false);
            }
        };
        Ok(true)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        self.step = match self.leave() {
            Step::AwaitToken(context) => {
                let token = initiate_token(body)?.to_vec();
                Step::Working(Some(Task::new(context, token, self.role())))
            }
            Step::AwaitConsent(traffic) => self.handle_consent(body, traffic)?,
            Step::AwaitReady(mut traffic) => {
                self.properties = take_ready(body, &mut traffic, self.plaintext)?;
                if self.is_server() {
                    Step::Ready(traffic)
                } else {
                    Step::SendReady(traffic)
                }
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
        match &mut self.zap {
            Some(zap) => zap.complete(properties),
            None => PeerMetadata {
                properties,
                ..PeerMetadata::default()
            },
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
        if progress.token.is_empty() && (self.is_server() || !progress.complete) {
            // Each side would wait for the other, or the client has not asked to know who the server is.
            return Err(failure(protocol_error::ZMTP_CRYPTOGRAPHIC));
        }
        self.step = Step::SendToken(progress, done.context);
        Ok(())
    }

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.zap.as_mut()?.take_request()
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        let Some(zap) = &mut self.zap else {
            return Ok(());
        };
        let verdict = zap.judge(&frames)?;
        self.step = match (verdict, self.leave()) {
            (Verdict::Granted, Step::AwaitZap(traffic)) => Step::SendReady(traffic),
            (Verdict::Denied(status), _) => Step::Refused(status),
            (Verdict::Granted, _) => return Err(failure(protocol_error::ZAP_UNSPECIFIED)),
        };
        Ok(())
    }

    /// Without a handler whoever has a ticket gets in, unless the domain is enforced.
    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        let must_ask = |zap: &Zap| zap.is_strict() && zap.has_domain();
        if self.zap.as_ref().is_some_and(must_ask) {
            return Err(NO_HANDLER);
        }
        self.step = match self.leave() {
            Step::AwaitZap(traffic) => Step::SendReady(traffic),
            other => other,
        };
        Ok(())
    }

    fn is_clear(&self) -> bool {
        self.plaintext
    }

    fn overhead(&self) -> usize {
        OVERHEAD
    }

    fn encode(
        &mut self,
        flags: u8,
        body: &Msg,
        frames: &mut FrameWriter<'_>,
    ) -> Result<(), EngineError> {
        match &mut self.step {
            Step::Ready(traffic) => traffic.encode(flags, body, frames),
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
