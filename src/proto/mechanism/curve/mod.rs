//! The CURVE mechanism (RFC 25, RFC 26): four commands that agree on keys for this connection
//! alone, and MESSAGE, which carries every frame afterwards.
//!
//! `client` and `server` hold the handshake, `traffic` the frames; [`Curve`] goes from one to the
//! other. A box that cannot be opened, a nonce that does not grow or a command out of turn ends the
//! connection.

mod client;
mod server;
mod traffic;

use super::super::error::{EngineError, protocol_error};
use super::super::writer::FrameWriter;
use super::super::{command, metadata};
use super::{Mechanism, PeerMetadata, Status};
use crate::crypto::{BoxKey, PublicKey, SecretKey, TAG_LEN, random_bytes};
use crate::msg::Msg;
use traffic::{OVERHEAD, Traffic};

pub(super) use client::ClientHandshake;
pub(super) use server::ServerHandshake;

const NAME: &str = "CURVE";
const HELLO: &[u8] = b"HELLO";
const WELCOME: &[u8] = b"WELCOME";
const INITIATE: &[u8] = b"INITIATE";
const MESSAGE: &[u8] = b"MESSAGE";

const HELLO_LEN: usize = 200;
const WELCOME_LEN: usize = 168;
const COOKIE_LEN: usize = 96;
/// An INITIATE without metadata.
const INITIATE_MIN: usize = 257;
/// A READY without metadata.
const READY_MIN: usize = 30;
/// Longest metadata that an INITIATE or READY may carry, in bytes.
const METADATA_MAX: usize = 64 * 1024;

/// What a client must know; keys are wiped when dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurveClientConfig {
    /// `ZMQ_CURVE_PUBLICKEY`
    pub public_key: PublicKey,
    /// `ZMQ_CURVE_SECRETKEY`
    pub secret_key: SecretKey,
    /// `ZMQ_CURVE_SERVERKEY`
    pub server_key: PublicKey,
}

/// What a server must know; keys are wiped when dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurveServerConfig {
    /// `ZMQ_CURVE_SECRETKEY`
    pub secret_key: SecretKey,
    /// The public key of `secret_key`.
    pub public_key: PublicKey,
}

/// One side of a connection: its handshake, then the traffic, which is the same for both.
///
/// The handshake is dropped when it is done, and with it every key but those of this connection.
#[derive(Debug)]
pub(super) enum Curve<H> {
    Handshake(H),
    Traffic(Traffic, PeerMetadata),
}

/// What client and server do differently. The methods are those of [`Mechanism`].
pub(super) trait Handshake: Send + std::fmt::Debug {
    const IS_SERVER: bool;

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError>;

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError>;

    /// Any but [`Status::Ready`].
    fn status(&self) -> Status;

    /// What comes of it, once it is done.
    fn finish(&mut self) -> Option<(Traffic, PeerMetadata)>;

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        None
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        drop(frames);
        Ok(())
    }

    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        Ok(())
    }
}

impl<H: Handshake> Curve<H> {
    /// The handshake; a command or a reply after it is out of turn.
    fn handshake(&mut self) -> Result<&mut H, EngineError> {
        match self {
            Self::Handshake(handshake) => Ok(handshake),
            Self::Traffic(..) => Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        }
    }

    fn go_on(&mut self) {
        if let Self::Handshake(handshake) = self
            && let Some((traffic, peer)) = handshake.finish()
        {
            *self = Self::Traffic(traffic, peer);
        }
    }
}

impl<H: Handshake> Mechanism for Curve<H> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_server(&self) -> bool {
        H::IS_SERVER
    }

    fn next_command(&mut self, body: &mut Vec<u8>) -> Result<bool, EngineError> {
        let Self::Handshake(handshake) = self else {
            return Ok(false);
        };
        let said = handshake.next_command(body)?;
        self.go_on();
        Ok(said)
    }

    fn handle_command(&mut self, body: &[u8]) -> Result<(), EngineError> {
        self.handshake()?.handle_command(body)?;
        self.go_on();
        Ok(())
    }

    fn status(&self) -> Status {
        match self {
            Self::Handshake(handshake) => handshake.status(),
            Self::Traffic(..) => Status::Ready,
        }
    }

    fn take_peer_metadata(&mut self) -> PeerMetadata {
        match self {
            Self::Handshake(_) => PeerMetadata::default(),
            Self::Traffic(_, peer) => std::mem::take(peer),
        }
    }

    fn take_zap_request(&mut self) -> Option<Vec<Msg>> {
        self.handshake().ok()?.take_zap_request()
    }

    fn handle_zap_reply(&mut self, frames: Vec<Msg>) -> Result<(), EngineError> {
        self.handshake()?.handle_zap_reply(frames)
    }

    fn handle_zap_absent(&mut self) -> Result<(), EngineError> {
        self.handshake()?.handle_zap_absent()
    }

    fn is_clear(&self) -> bool {
        false
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
        match self {
            Self::Traffic(traffic, _) => traffic.encode(flags, body, frames),
            Self::Handshake(_) => Ok(()),
        }
    }

    fn decode(&mut self, body: &mut [u8]) -> Result<(u8, usize), EngineError> {
        match self {
            Self::Traffic(traffic, _) => traffic.decode(body),
            Self::Handshake(_) => Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        }
    }
}

const fn failure(value: u32) -> EngineError {
    EngineError::protocol(value)
}

const fn cryptographic() -> EngineError {
    failure(protocol_error::ZMTP_CRYPTOGRAPHIC)
}

/// The data of the command `name`. `malformed` says what a body of the right name and a wrong
/// length is.
fn expect<'a>(
    body: &'a [u8],
    name: &[u8],
    is_length: impl Fn(usize) -> bool,
    malformed: u32,
) -> Result<&'a [u8], EngineError> {
    match command::split(body) {
        Some((found, data)) if found == name => {
            if is_length(body.len()) {
                Ok(data)
            } else {
                Err(failure(malformed))
            }
        }
        Some(_) => Err(failure(protocol_error::ZMTP_UNEXPECTED_COMMAND)),
        None => Err(failure(protocol_error::ZMTP_MALFORMED_COMMAND_UNSPECIFIED)),
    }
}

fn parse_properties(list: &[u8]) -> Result<Vec<(String, Vec<u8>)>, EngineError> {
    check_properties(list)?;
    metadata::parse(list).map_err(|_| failure(protocol_error::ZMTP_INVALID_METADATA))
}

/// Whether [`parse_properties`] would succeed.
fn check_properties(list: &[u8]) -> Result<(), EngineError> {
    if list.len() > METADATA_MAX {
        return Err(failure(protocol_error::ZMTP_INVALID_METADATA));
    }
    metadata::check(list).map_err(|_| failure(protocol_error::ZMTP_INVALID_METADATA))
}

/// A nonce of a constant and 8 bytes of a counter.
fn short_nonce(prefix: &[u8; 16], number: [u8; 8]) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..16].copy_from_slice(prefix);
    nonce[16..].copy_from_slice(&number);
    nonce
}

/// A nonce of a constant and 16 random bytes.
fn long_nonce(prefix: &[u8; 8], random: &[u8; 16]) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(prefix);
    nonce[8..].copy_from_slice(random);
    nonce
}

/// Appends the box of `plain`: tag, then ciphertext.
fn append_box(body: &mut Vec<u8>, key: &BoxKey, nonce: &[u8; 24], plain: &[u8]) {
    let at = body.len();
    body.extend_from_slice(&[0; TAG_LEN]);
    body.extend_from_slice(plain);
    let tag = key.seal(nonce, &mut body[at + TAG_LEN..]);
    body[at..at + TAG_LEN].copy_from_slice(&tag);
}

/// Opens a box; what was inside is wiped when dropped.
fn open_box(
    boxed: &[u8],
    key: &BoxKey,
    nonce: &[u8; 24],
) -> Result<zeroize::Zeroizing<Vec<u8>>, EngineError> {
    let (tag, data) = boxed
        .split_first_chunk::<TAG_LEN>()
        .ok_or_else(cryptographic)?;
    let mut plain = zeroize::Zeroizing::new(data.to_vec());
    key.open(nonce, tag, &mut plain)
        .map_err(|_| cryptographic())?;
    Ok(plain)
}

/// Takes `N` bytes from the front; every caller has checked the length.
fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], EngineError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(cryptographic)?;
    *bytes = rest;
    Ok(*head)
}

fn fresh<const N: usize>() -> Result<[u8; N], EngineError> {
    Ok(random_bytes()?)
}

/// Our numbers: each used once, in order.
#[derive(Debug)]
struct Counter(u64);

impl Counter {
    const fn new() -> Self {
        Self(1)
    }

    #[inline]
    fn next(&mut self) -> Result<[u8; 8], EngineError> {
        let number = self.0;
        // The last one is given up, so that there is no way past it.
        self.0 = number
            .checked_add(1)
            .ok_or(failure(protocol_error::ZMTP_INVALID_SEQUENCE))?;
        Ok(number.to_be_bytes())
    }
}

/// The peer's numbers: each greater than the one before.
#[derive(Clone, Copy, Debug)]
struct Watch(u64);

impl Watch {
    /// Starts with the peer's first number, which may be any.
    fn first(number: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(number))
    }

    /// The state after `number`, if that is a new one. To be kept once its box was opened.
    #[inline]
    fn check(self, number: [u8; 8]) -> Result<Self, EngineError> {
        let number = u64::from_be_bytes(number);
        if number <= self.0 {
            return Err(failure(protocol_error::ZMTP_INVALID_SEQUENCE));
        }
        Ok(Self(number))
    }
}
