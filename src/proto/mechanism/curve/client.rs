//! The client's handshake: HELLO, WELCOME, INITIATE, READY (RFC 26, "CurveZMQ Commands").

use super::super::super::EngineConfig;
use super::super::super::command::{self, ERROR, READY};
use super::super::super::error::{EngineError, protocol_error};
use super::super::{PeerMetadata, Status, append_properties, named};
use super::traffic::{FROM_CLIENT, FROM_SERVER, Traffic};
use super::{
    COOKIE_LEN, Counter, CurveClientConfig, HELLO, HELLO_LEN, Handshake, INITIATE, READY_MIN,
    WELCOME, WELCOME_LEN, Watch, append_box, cryptographic, expect, failure, fresh, long_nonce,
    open_box, parse_properties, short_nonce, take,
};
use crate::crypto::{BoxKey, PublicKey, SecretKey};

#[derive(Debug)]
enum Step {
    SendHello,
    /// With the key between our transient key and the server's permanent one.
    AwaitWelcome(BoxKey),
    SendInitiate {
        cookie: [u8; COOKIE_LEN],
        transient_key: PublicKey,
    },
    /// With the connection's key.
    AwaitReady(BoxKey),
    Done(Traffic),
    /// Between two steps, or after a failure.
    Nowhere,
}

/// The client's side.
#[derive(Debug)]
pub(in super::super) struct ClientHandshake {
    step: Step,
    config: CurveClientConfig,
    /// Our transient key pair, made for this connection.
    transient: Option<SecretKey>,
    numbers: Counter,
    /// Our metadata.
    metadata: Vec<u8>,
    properties: Vec<(String, Vec<u8>)>,
}

impl ClientHandshake {
    pub(in super::super) fn new(config: &EngineConfig, keys: &CurveClientConfig) -> Self {
        let mut metadata = Vec::new();
        append_properties(&mut metadata, config);
        Self {
            step: Step::SendHello,
            config: keys.clone(),
            transient: None,
            numbers: Counter::new(),
            metadata,
            properties: Vec::new(),
        }
    }

    fn say_hello(&mut self, body: &mut Vec<u8>) -> Result<BoxKey, EngineError> {
        let transient = SecretKey::generate()?;
        let key = transient
            .agree(&self.config.server_key)
            .map_err(|_| cryptographic())?;
        let number = self.numbers.next()?;
        *body = named(HELLO);
        body.extend_from_slice(&[1, 0]);
        body.extend_from_slice(&[0; 72]);
        body.extend_from_slice(&transient.public());
        body.extend_from_slice(&number);
        append_box(
            body,
            &key,
            &short_nonce(b"CurveZMQHELLO---", number),
            &[0; 64],
        );
        debug_assert_eq!(body.len(), HELLO_LEN);
        self.transient = Some(transient);
        Ok(key)
    }

    fn handle_welcome(&self, body: &[u8], key: &BoxKey) -> Result<Step, EngineError> {
        // A WELCOME of another length is none that was sealed for us, and is reported as such.
        let malformed = protocol_error::ZMTP_CRYPTOGRAPHIC;
        let mut data = expect(body, WELCOME, |len| len == WELCOME_LEN, malformed)?;
        let nonce = long_nonce(b"WELCOME-", &take(&mut data)?);
        let plain = open_box(data, key, &nonce)?;
        let mut plain = &plain[..];
        Ok(Step::SendInitiate {
            transient_key: take(&mut plain)?,
            cookie: take(&mut plain)?,
        })
    }

    fn initiate(
        &mut self,
        body: &mut Vec<u8>,
        cookie: &[u8; COOKIE_LEN],
        server_transient: &PublicKey,
    ) -> Result<BoxKey, EngineError> {
        let transient = self.transient.take().ok_or_else(cryptographic)?;
        let key = transient
            .agree(server_transient)
            .map_err(|_| cryptographic())?;
        let vouch_key = self
            .config
            .secret_key
            .agree(server_transient)
            .map_err(|_| cryptographic())?;
        let mut vouched = transient.public().to_vec();
        vouched.extend_from_slice(&self.config.server_key);
        let vouch_random = fresh::<16>()?;
        let mut plain = self.config.public_key.to_vec();
        plain.extend_from_slice(&vouch_random);
        append_box(
            &mut plain,
            &vouch_key,
            &long_nonce(b"VOUCH---", &vouch_random),
            &vouched,
        );
        plain.append(&mut self.metadata);
        let number = self.numbers.next()?;
        *body = named(INITIATE);
        body.extend_from_slice(cookie);
        body.extend_from_slice(&number);
        append_box(
            body,
            &key,
            &short_nonce(b"CurveZMQINITIATE", number),
            &plain,
        );
        Ok(key)
    }

    fn handle_ready(&mut self, body: &[u8], key: &BoxKey) -> Result<Step, EngineError> {
        let malformed = protocol_error::ZMTP_MALFORMED_COMMAND_READY;
        let mut data = expect(body, READY, |len| len >= READY_MIN, malformed)?;
        let number = take(&mut data)?;
        let plain = open_box(data, key, &short_nonce(b"CurveZMQREADY---", number))?;
        self.properties = parse_properties(&plain)?;
        let ours = std::mem::replace(&mut self.numbers, Counter::new());
        let theirs = Watch::first(number);
        Ok(Step::Done(Traffic::new(
            key,
            FROM_CLIENT,
            FROM_SERVER,
            ours,
            theirs,
        )))
    }
}

impl Handshake for ClientHandshake {
    const IS_SERVER: bool = false;

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        self.step = match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::SendHello => Step::AwaitWelcome(self.say_hello(body)?),
            Step::SendInitiate {
                cookie,
                transient_key,
            } => Step::AwaitReady(self.initiate(body, &cookie, &transient_key)?),
            other => {
                self.step = other;
                return Ok(false);
            }
        };
        Ok(true)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        let step = std::mem::replace(&mut self.step, Step::Nowhere);
        match (&step, command::split(body)) {
            (Step::AwaitWelcome(_) | Step::AwaitReady(_), Some((ERROR, data))) => {
                return Err(command::parse_error(data));
            }
            (_, None) => return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
            _ => {}
        }
        self.step = match step {
            Step::AwaitWelcome(key) => self.handle_welcome(body, &key)?,
            Step::AwaitReady(key) => self.handle_ready(body, &key)?,
            _ => return Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        };
        Ok(())
    }

    fn status(&self) -> Status {
        Status::Handshaking
    }

    fn finish(&mut self) -> Option<(Traffic, PeerMetadata)> {
        match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::Done(traffic) => Some((
                traffic,
                PeerMetadata {
                    properties: std::mem::take(&mut self.properties),
                    ..PeerMetadata::default()
                },
            )),
            other => {
                self.step = other;
                None
            }
        }
    }
}
