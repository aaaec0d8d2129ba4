//! The server's handshake. Between WELCOME and INITIATE nothing of a client is kept but the key of
//! its cookie, made for it alone; the rest comes back inside the cookie (RFC 26, "The WELCOME
//! Command").

use super::super::super::EngineConfig;
use super::super::super::command::READY;
use super::super::super::error::{EngineError, protocol_error};
use super::super::zap::{NO_HANDLER, Verdict, Zap};
use super::super::{PeerMetadata, Status, append_properties, error_body, named};
use super::traffic::{FROM_CLIENT, FROM_SERVER, Traffic};
use super::{
    COOKIE_LEN, Counter, CurveServerConfig, HELLO, HELLO_LEN, Handshake, INITIATE, INITIATE_MIN,
    NAME, WELCOME, WELCOME_LEN, Watch, append_box, check_properties, cryptographic, expect,
    failure, fresh, long_nonce, open_box, parse_properties, short_nonce, take,
};
use crate::crypto::{BoxKey, ConstantTimeEq, PublicKey, SecretKey};
use crate::msg::Msg;

#[derive(Debug)]
enum Step {
    AwaitHello,
    /// With the client's transient key and the key between it and our permanent one.
    SendWelcome {
        client: PublicKey,
        key: BoxKey,
        theirs: Watch,
    },
    /// With the key of the cookie that was given away.
    AwaitInitiate {
        cookie_key: BoxKey,
        theirs: Watch,
    },
    /// The client is who it says; a ZAP handler judges it.
    AwaitZap {
        key: BoxKey,
        theirs: Watch,
    },
    SendReady {
        key: BoxKey,
        theirs: Watch,
    },
    Done(Traffic),
    /// The refusal is to be told.
    SendError(u16),
    Refused(u16),
    /// Between two steps, or after a failure.
    Nowhere,
}

/// The server's side.
#[derive(Debug)]
pub(in super::super) struct ServerHandshake {
    step: Step,
    config: CurveServerConfig,
    zap: Zap,
    /// Our metadata.
    metadata: Vec<u8>,
    /// The client's, as it came: it is a stranger, and may have to wait for a ZAP handler.
    told: Vec<u8>,
}

impl ServerHandshake {
    pub(in super::super) fn new(config: &EngineConfig, keys: &CurveServerConfig) -> Self {
        let mut metadata = Vec::new();
        append_properties(&mut metadata, config);
        Self {
            step: Step::AwaitHello,
            config: keys.clone(),
            zap: Zap::new(config),
            metadata,
            told: Vec::new(),
        }
    }

    fn handle_hello(&self, body: &[u8]) -> Result<Step, EngineError> {
        let malformed = protocol_error::ZMTP_MALFORMED_COMMAND_HELLO;
        let mut data = expect(body, HELLO, |len| len == HELLO_LEN, malformed)?;
        let version: [u8; 2] = take(&mut data)?;
        let padding: [u8; 72] = take(&mut data)?;
        if version != [1, 0] || padding != [0; 72] {
            return Err(failure(malformed));
        }
        let client: PublicKey = take(&mut data)?;
        let number = take(&mut data)?;
        let key = self
            .config
            .secret_key
            .agree(&client)
            .map_err(|_| cryptographic())?;
        let plain = open_box(data, &key, &short_nonce(b"CurveZMQHELLO---", number))?;
        if !bool::from(plain[..].ct_eq(&[0; 64])) {
            return Err(failure(malformed));
        }
        Ok(Step::SendWelcome {
            client,
            key,
            theirs: Watch::first(number),
        })
    }

    /// Makes a transient key pair and gives it away in the cookie.
    fn welcome(
        body: &mut Vec<u8>,
        client: &PublicKey,
        key: &BoxKey,
    ) -> Result<BoxKey, EngineError> {
        let transient = SecretKey::generate()?;
        let cookie_key = BoxKey::generate()?;
        let mut secrets = zeroize::Zeroizing::new(Vec::with_capacity(64));
        secrets.extend_from_slice(client);
        secrets.extend_from_slice(transient.as_bytes());
        let cookie_random = fresh::<16>()?;
        let mut plain = transient.public().to_vec();
        plain.extend_from_slice(&cookie_random);
        append_box(
            &mut plain,
            &cookie_key,
            &long_nonce(b"COOKIE--", &cookie_random),
            &secrets,
        );
        let random = fresh::<16>()?;
        *body = named(WELCOME);
        body.extend_from_slice(&random);
        append_box(body, key, &long_nonce(b"WELCOME-", &random), &plain);
        debug_assert_eq!(body.len(), WELCOME_LEN);
        Ok(cookie_key)
    }

    fn handle_initiate(
        &mut self,
        body: &[u8],
        cookie_key: &BoxKey,
        theirs: Watch,
    ) -> Result<Step, EngineError> {
        let malformed = protocol_error::ZMTP_MALFORMED_COMMAND_INITIATE;
        let mut data = expect(body, INITIATE, |len| len >= INITIATE_MIN, malformed)?;
        let cookie: [u8; COOKIE_LEN] = take(&mut data)?;
        let mut cookie = &cookie[..];
        let cookie_nonce = long_nonce(b"COOKIE--", &take(&mut cookie)?);
        let secrets = open_box(cookie, cookie_key, &cookie_nonce)?;
        let mut secrets = &secrets[..];
        let client_transient: PublicKey = take(&mut secrets)?;
        let (transient, _) = secrets.split_first_chunk().ok_or_else(cryptographic)?;
        let transient = SecretKey::from_bytes(transient);

        let number = take(&mut data)?;
        let theirs = theirs.check(number)?;
        let key = transient
            .agree(&client_transient)
            .map_err(|_| cryptographic())?;
        let plain = open_box(data, &key, &short_nonce(b"CurveZMQINITIATE", number))?;
        let mut plain = &plain[..];
        let client: PublicKey = take(&mut plain)?;
        let vouch_nonce = long_nonce(b"VOUCH---", &take(&mut plain)?);
        let vouch: [u8; 80] = take(&mut plain)?;
        let vouch_key = transient.agree(&client).map_err(|_| cryptographic())?;
        let vouched = open_box(&vouch, &vouch_key, &vouch_nonce)?;
        let mut vouched = &vouched[..];
        let of_client: PublicKey = take(&mut vouched)?;
        let of_server: PublicKey = take(&mut vouched)?;
        let is_meant =
            of_client.ct_eq(&client_transient) & of_server.ct_eq(&self.config.public_key);
        if !bool::from(is_meant) {
            return Err(failure(protocol_error::ZMTP_KEY_EXCHANGE));
        }
        check_properties(plain)?;
        self.told = plain.to_vec();
        if self.zap.has_domain() || !self.zap.is_strict() {
            self.zap.ask(NAME, &[&client])?;
            return Ok(Step::AwaitZap { key, theirs });
        }
        Ok(Step::SendReady { key, theirs })
    }

    /// READY takes the first of our numbers.
    fn ready(
        &self,
        body: &mut Vec<u8>,
        key: &BoxKey,
        theirs: Watch,
    ) -> Result<Traffic, EngineError> {
        let mut ours = Counter::new();
        let number = ours.next()?;
        *body = named(READY);
        body.extend_from_slice(&number);
        append_box(
            body,
            key,
            &short_nonce(b"CurveZMQREADY---", number),
            &self.metadata,
        );
        Ok(Traffic::new(key, FROM_SERVER, FROM_CLIENT, ours, theirs))
    }
}

impl Handshake for ServerHandshake {
    const IS_SERVER: bool = true;

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        self.step = match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::SendWelcome {
                client,
                key,
                theirs,
            } => Step::AwaitInitiate {
                cookie_key: Self::welcome(body, &client, &key)?,
                theirs,
            },
            Step::SendReady { key, theirs } => Step::Done(self.ready(body, &key, theirs)?),
            Step::SendError(status) => {
                *body = error_body(status);
                Step::Refused(status)
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
            Step::AwaitHello => self.handle_hello(body)?,
            Step::AwaitInitiate { cookie_key, theirs } => {
                self.handle_initiate(body, &cookie_key, theirs)?
            }
            _ => return Err(failure(protocol_error::ZMTP_UNSPECIFIED)),
        };
        Ok(())
    }

    fn status(&self) -> Status {
        match self.step {
            Step::AwaitZap { .. } => Status::AwaitingZap,
            Step::Refused(status) => Status::Refused(status),
            _ => Status::Handshaking,
        }
    }

    fn finish(&mut self) -> Option<(Traffic, PeerMetadata)> {
        match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::Done(traffic) => {
                // It was checked when it came.
                let properties = parse_properties(&self.told).unwrap_or_default();
                Some((traffic, self.zap.complete(properties)))
            }
            other => {
                self.step = other;
                None
            }
        }
    }

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.zap.take_request()
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        let verdict = self.zap.judge(&frames)?;
        self.step = match (verdict, std::mem::replace(&mut self.step, Step::Nowhere)) {
            (Verdict::Granted, Step::AwaitZap { key, theirs }) => Step::SendReady { key, theirs },
            // A failure that may pass is not told: the client tries again.
            (Verdict::Denied(300), _) => Step::Refused(300),
            (Verdict::Denied(status), _) => Step::SendError(status),
            (Verdict::Granted, _) => return Err(failure(protocol_error::ZAP_UNSPECIFIED)),
        };
        Ok(())
    }

    /// Without a handler any client that knows our key gets in, unless the domain is enforced.
    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        if self.zap.is_strict() {
            return Err(NO_HANDLER);
        }
        match std::mem::replace(&mut self.step, Step::Nowhere) {
            Step::AwaitZap { key, theirs } => self.step = Step::SendReady { key, theirs },
            other => self.step = other,
        }
        Ok(())
    }
}
