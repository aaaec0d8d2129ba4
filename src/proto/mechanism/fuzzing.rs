//! A door for `proto::fuzzing` to the dialog with a ZAP handler.

use super::zap::{Verdict, Zap};
use crate::msg::Msg;
use crate::proto::EngineConfig;
use crate::socket_type::SocketType;

/// Asks about a peer and gives the answer; whether that lets the peer in.
pub(in super::super) fn judge(
    [domain, routing_id, credential]: [&[u8]; 3],
    address: &str,
    reply: &[Vec<u8>],
) -> bool {
    let mut config = EngineConfig::new(SocketType::Router);
    config.zap.domain = domain.to_vec();
    config.zap.peer_address = address.to_owned();
    config.routing_id = routing_id.to_vec();
    let mut zap = Zap::new(&config);
    zap.ask("PLAIN", &[credential, b"password"])
        .expect("memory");
    let request = zap.take_request().expect("a request");
    let frames: Vec<&[u8]> = request.iter().map(Msg::data).collect();
    let expected: [&[u8]; 9] = [
        b"",
        b"1.0",
        b"1",
        domain,
        address.as_bytes(),
        routing_id,
        b"PLAIN",
        credential,
        b"password",
    ];
    assert_eq!(frames, expected);
    let frames: Vec<Msg> = reply
        .iter()
        .map(|frame| Msg::copy_of(frame).expect("memory"))
        .collect();
    zap.judge(&frames) == Ok(Verdict::Granted)
}
