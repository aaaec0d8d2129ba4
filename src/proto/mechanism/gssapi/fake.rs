//! Contexts that need no Kerberos, for tests and fuzzing: tokens look like Kerberos', are as long
//! each time, and any change to one shows. They protect nothing from anyone.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::errno::Errno;

use super::{ContextError, ContextSource, Progress, SecurityContext};

const MAC_LEN: usize = 8;
/// Kind, role, filler, number.
const HEAD_LEN: usize = 16;
const SEALED_AT: usize = HEAD_LEN + MAC_LEN;

/// Makes contexts of one role.
#[derive(Clone, Debug)]
pub struct FakeSource {
    /// Whether they begin the handshake.
    pub initiates: bool,
    /// What both sides must share.
    pub secret: u64,
    /// The name that an initiator tells.
    pub name: Vec<u8>,
    /// Tokens of each side that the handshake takes, at least 1.
    pub rounds: u8,
    /// What every step of a handshake fails with, if it is to fail.
    pub error: Option<ContextError>,
    /// How many frames can be sealed.
    pub seals: u64,
}

impl FakeSource {
    /// Initiators whose name is `client@TEST`.
    #[must_use]
    pub fn initiator() -> Self {
        Self {
            initiates: true,
            secret: 7,
            name: b"client@TEST".to_vec(),
            rounds: 1,
            error: None,
            seals: u64::MAX,
        }
    }

    /// Acceptors for them.
    #[must_use]
    pub fn acceptor() -> Self {
        Self {
            initiates: false,
            ..Self::initiator()
        }
    }
}

impl ContextSource for FakeSource {
    fn context(&self) -> Box<dyn SecurityContext> {
        Box::new(FakeContext {
            source: self.clone(),
            round: 0,
            sent: 0,
            peer: None,
        })
    }
}

#[derive(Debug)]
struct FakeContext {
    source: FakeSource,
    /// Tokens that were made.
    round: u8,
    /// Frames that were sealed.
    sent: u64,
    /// The initiator's name, as it told it.
    peer: Option<Vec<u8>>,
}

impl FakeContext {
    fn mac(&self, head: &[u8], data: &[u8]) -> [u8; MAC_LEN] {
        let mut hasher = DefaultHasher::new();
        (self.source.secret, head, data).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    }

    fn make_token(&mut self) -> Vec<u8> {
        self.round += 1;
        let head = [u8::from(self.source.initiates), self.round];
        let name: &[u8] = if self.source.initiates {
            &self.source.name
        } else {
            b""
        };
        let mut token = head.to_vec();
        token.extend_from_slice(&self.mac(&head, name));
        token.extend_from_slice(name);
        token
    }

    /// The name in a token of the peer's that is the next one.
    fn read_token<'a>(&self, token: &'a [u8], round: u8) -> Option<&'a [u8]> {
        let (head, rest) = token.split_first_chunk::<2>()?;
        let (mac, name) = rest.split_first_chunk::<MAC_LEN>()?;
        let is_genuine = *mac == self.mac(head, name);
        let is_due = *head == [u8::from(!self.source.initiates), round];
        (is_genuine && is_due).then_some(name)
    }
}

impl SecurityContext for FakeContext {
    fn establish(&mut self, token: &[u8]) -> Result<Progress, ContextError> {
        if let Some(error) = self.source.error {
            return Err(error);
        }
        let is_first = self.source.initiates && self.round == 0;
        if !is_first {
            let due = self.round + u8::from(!self.source.initiates);
            let name = self
                .read_token(token, due)
                .ok_or(ContextError::Refused)?
                .to_vec();
            self.peer = Some(name);
            if self.source.initiates && self.round == self.source.rounds {
                return Ok(Progress {
                    token: Vec::new(),
                    complete: true,
                });
            }
        }
        let token = self.make_token();
        Ok(Progress {
            token,
            complete: !self.source.initiates && self.round == self.source.rounds,
        })
    }

    fn peer(&mut self) -> Result<Vec<u8>, ContextError> {
        self.peer.clone().ok_or(ContextError::Refused)
    }

    fn seal(&mut self, plain: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), ContextError> {
        if self.sent == self.source.seals {
            return Err(ContextError::Local(Errno::ENOMEM));
        }
        let mut token = vec![5, 4, u8::from(self.source.initiates), 0xFF, 0, 0, 0, 0];
        token.extend_from_slice(&self.sent.to_be_bytes());
        self.sent += 1;
        let mac = self.mac(&token, plain);
        token.extend_from_slice(&mac);
        token.extend(plain.iter().map(|byte| byte ^ 0x55));
        take(&token);
        Ok(())
    }

    fn open(&mut self, token: &mut [u8]) -> Result<usize, ContextError> {
        let (head, sealed) = token
            .split_at_mut_checked(SEALED_AT)
            .ok_or(ContextError::Refused)?;
        let (head, mac) = head.split_at(HEAD_LEN);
        sealed.iter_mut().for_each(|byte| *byte ^= 0x55);
        let is_from_peer = head[2] == u8::from(!self.source.initiates);
        if !is_from_peer || mac != self.mac(head, sealed) {
            return Err(ContextError::Refused);
        }
        Ok(SEALED_AT)
    }
}
