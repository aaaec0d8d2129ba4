//! GSSAPI against a peer that has a genuine context (of the kind that needs no Kerberos), and changes
//! tokens and commands as the input wants it.

use std::sync::Arc;

use super::Script;
use super::curve::{answer, framed, spoil};
use super::handshakes::{choose_reply, is_granted};
use super::side::Side;
use super::streams::greeting_bytes;
use crate::proto::mechanism::GssapiConfig;
use crate::proto::mechanism::gssapi::fake::FakeSource;
use crate::proto::mechanism::gssapi::{ContextSource as _, SecurityContext};
use crate::proto::{EngineConfig, MechanismConfig};
use crate::socket_type::SocketType;

fn gssapi(source: FakeSource, plaintext: bool) -> GssapiConfig {
    GssapiConfig {
        contexts: Arc::new(source),
        plaintext,
    }
}

/// A command that holds a token.
fn with_token(name: &[u8], token: &[u8]) -> Vec<u8> {
    let mut body = vec![name.len() as u8];
    body.extend_from_slice(name);
    body.extend_from_slice(&(token.len() as u32).to_be_bytes());
    body.extend_from_slice(token);
    body
}

/// The token in a command of this name.
fn token_of<'a>(command: &'a [u8], name: &[u8]) -> &'a [u8] {
    let (len, rest) = command[1 + name.len()..]
        .split_first_chunk::<4>()
        .expect("a length");
    &rest[..u32::from_be_bytes(*len) as usize]
}

fn sealed(context: &mut dyn SecurityContext, plain: &[u8]) -> Vec<u8> {
    let mut token = Vec::new();
    context
        .seal(plain, &mut |sealed| token = sealed.to_vec())
        .expect("a genuine context");
    token
}

/// Says a command, changed if the input wants it; whether it was not.
fn say(script: &mut Script<'_>, side: &mut Side, mut command: Vec<u8>) -> bool {
    let intact = !spoil(script, &mut command);
    side.give(&framed(&command, 4));
    intact
}

/// Our READY, then a message, in the protection that was agreed on.
fn go_on(
    script: &mut Script<'_>,
    side: &mut Side,
    context: &mut dyn SecurityContext,
    plaintext: bool,
    mut intact: bool,
) {
    let mut ready = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER".to_vec();
    ready.extend_from_slice(script.string());
    let command = if plaintext {
        ready
    } else {
        with_token(b"MESSAGE", &sealed(context, &[&[0], &ready[..]].concat()))
    };
    let said = say(script, side, command);
    // In clear a change may make another property.
    intact &= said || plaintext;
    assert!(intact || !side.established, "let in with a changed command");
    if plaintext || !side.established {
        return;
    }
    let body = script.string();
    let message = with_token(b"MESSAGE", &sealed(context, &[&[0], body].concat()));
    if say(script, side, message.clone()) {
        assert!(side.inbox.frames == [(body.to_vec(), false)]);
        side.give(&framed(&message, 0));
        assert!(side.error.is_some(), "a repeated message");
    }
    assert!(side.inbox.frames.len() <= 1);
}

/// A server.
pub fn server(input: &[u8]) {
    let mut script = Script::new(input);
    let plaintext = script.flag();
    let mut config = EngineConfig::new(SocketType::Router);
    config.is_server_side = true;
    config.mechanism = MechanismConfig::GssapiServer(gssapi(FakeSource::acceptor(), plaintext));
    if script.flag() {
        config.zap.domain = b"here".to_vec();
    }
    let mut side = Side::new(&config);
    side.reply = choose_reply(&mut script);
    side.give(&greeting_bytes(b"GSSAPI", 1));
    let mut context = FakeSource::initiator().context();
    let token = context.establish(&[]).expect("a first token").token;
    side.take_output();
    let intact = say(&mut script, &mut side, with_token(b"INITIATE", &token));
    let Some(command) = answer(&mut side, b"\x08INITIATE") else {
        assert!(!side.established && side.inbox.frames.is_empty());
        return;
    };
    assert!(intact, "an answer to a changed token");
    let token = token_of(&command, b"INITIATE").to_vec();
    assert!(
        context
            .establish(&token)
            .expect("a genuine answer")
            .complete
    );
    let intact = say(&mut script, &mut side, Vec::new());
    go_on(&mut script, &mut side, &mut *context, plaintext, intact);
    if side.established {
        assert!(is_granted(side.reply.as_ref()) || side.reply.is_none());
    }
}

/// A client.
pub fn client(input: &[u8]) {
    let mut script = Script::new(input);
    let plaintext = script.flag();
    let mut config = EngineConfig::new(SocketType::Dealer);
    config.mechanism = MechanismConfig::GssapiClient(gssapi(FakeSource::initiator(), plaintext));
    let mut side = Side::new(&config);
    side.give(&greeting_bytes(b"GSSAPI", 1));
    let command = answer(&mut side, b"\x08INITIATE").expect("a first token");
    let token = token_of(&command, b"INITIATE").to_vec();
    let mut context = FakeSource::acceptor().context();
    let token = context.establish(&token).expect("a genuine token").token;
    let intact = say(&mut script, &mut side, with_token(b"INITIATE", &token));
    go_on(&mut script, &mut side, &mut *context, plaintext, intact);
}
