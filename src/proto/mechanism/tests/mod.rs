//! Handshakes between two engines in memory, with somebody in between who cuts, changes, repeats
//! or withholds what they say.
//!
//! Here is what the files beside it share: a pair of engines, and how they are configured.

mod agreement;
mod damage;
mod downgrade;
mod gssapi;
mod limits;
mod messages;
mod oracle;

use super::*;
use crate::crypto::SecretKey;
use crate::errno::Errno;
use crate::fuzzing::side::Side;
use crate::proto::error::{HandshakeFailure, protocol_error};

/// A client and a server.
struct Pair {
    client: Side,
    server: Side,
}

impl Pair {
    fn new((client, server): &(EngineConfig, EngineConfig)) -> Self {
        Self {
            client: Side::new(client),
            server: Side::new(server),
        }
    }

    fn with_reply(mut self, status: &str) -> Self {
        self.server.reply = Some(reply(status));
        self
    }

    /// Lets them talk until nobody has anything to say. `between` sees each flight, with whether it
    /// comes from the client and its number in that direction.
    fn talk_through(&mut self, mut between: impl FnMut(bool, usize, &mut Vec<u8>)) {
        let mut numbers = [0; 2];
        loop {
            let mut silent = true;
            for from_client in [true, false] {
                let (from, to) = if from_client {
                    (&mut self.client, &mut self.server)
                } else {
                    (&mut self.server, &mut self.client)
                };
                let mut bytes = from.take_output();
                if bytes.is_empty() {
                    continue;
                }
                silent = false;
                let number = &mut numbers[usize::from(from_client)];
                between(from_client, *number, &mut bytes);
                *number += 1;
                to.give(&bytes);
            }
            if silent {
                return;
            }
        }
    }

    fn talk(&mut self) {
        self.talk_through(|_, _, _| {});
    }

    fn is_made(&self) -> bool {
        self.client.established && self.server.established
    }
}

fn reply(status: &str) -> Vec<Vec<u8>> {
    let frames: [&[u8]; 7] = [
        b"",
        b"1.0",
        b"1",
        status.as_bytes(),
        b"text",
        b"joe",
        b"\x05Hello\0\0\0\x05World",
    ];
    frames.map(<[u8]>::to_vec).to_vec()
}

fn configs(client: MechanismConfig, server: MechanismConfig) -> (EngineConfig, EngineConfig) {
    let mut ours = EngineConfig::new(SocketType::Dealer);
    ours.mechanism = client;
    ours.routing_id = b"client".to_vec();
    let mut theirs = EngineConfig::new(SocketType::Router);
    theirs.mechanism = server;
    theirs.is_server_side = true;
    theirs.routing_id = b"server".to_vec();
    theirs.zap.peer_address = "127.0.0.1".to_owned();
    (ours, theirs)
}

fn null() -> (EngineConfig, EngineConfig) {
    let mut configs = configs(MechanismConfig::Null, MechanismConfig::Null);
    configs.1.zap.domain = b"here".to_vec();
    configs
}

fn plain() -> (EngineConfig, EngineConfig) {
    let credentials = PlainCredentials {
        username: b"admin".to_vec().into(),
        password: b"secret".to_vec().into(),
    };
    configs(
        MechanismConfig::PlainClient(credentials),
        MechanismConfig::PlainServer,
    )
}

fn curve() -> (EngineConfig, EngineConfig) {
    let server = SecretKey::from_bytes(&[7; 32]);
    let client = SecretKey::from_bytes(&[8; 32]);
    configs(
        MechanismConfig::CurveClient(CurveClientConfig {
            public_key: client.public(),
            secret_key: client,
            server_key: server.public(),
        }),
        MechanismConfig::CurveServer(CurveServerConfig {
            public_key: server.public(),
            secret_key: server,
        }),
    )
}

fn all() -> [(EngineConfig, EngineConfig); 3] {
    [null(), plain(), curve()]
}

fn protocol(value: u32) -> Option<EngineError> {
    Some(EngineError::protocol(value))
}

/// Flights of a handshake: the direction, the number in it, the bytes.
fn flights(configs: &(EngineConfig, EngineConfig)) -> Vec<(bool, usize, usize)> {
    let mut flights = Vec::new();
    let mut pair = Pair::new(configs).with_reply("200");
    pair.talk_through(|from_client, number, bytes| {
        flights.push((from_client, number, bytes.len()))
    });
    assert!(pair.is_made());
    flights
}
