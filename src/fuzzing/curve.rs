//! CURVE against a peer that has keys of its own and knows the protocol, but writes what the input
//! wants into the commands, and changes them on the way.

use super::Script;
use super::handshakes::{choose_reply, is_granted};
use super::side::Side;
use super::streams::greeting_bytes;
use crate::crypto::{BoxKey, PublicKey, SecretKey, TAG_LEN};
use crate::proto::mechanism::{CurveClientConfig, CurveServerConfig};
use crate::proto::{EngineConfig, MechanismConfig};
use crate::socket_type::SocketType;

fn server_key() -> SecretKey {
    SecretKey::from_bytes(&[7; 32])
}

fn client_key() -> SecretKey {
    SecretKey::from_bytes(&[8; 32])
}

/// A ROUTER that is a server.
#[must_use]
pub fn server_config() -> EngineConfig {
    let mut config = EngineConfig::new(SocketType::Router);
    config.is_server_side = true;
    config.mechanism = MechanismConfig::CurveServer(CurveServerConfig {
        public_key: server_key().public(),
        secret_key: server_key(),
    });
    config
}

/// A DEALER that is a client of the former.
#[must_use]
pub fn client_config() -> EngineConfig {
    let mut config = EngineConfig::new(SocketType::Dealer);
    config.mechanism = MechanismConfig::CurveClient(CurveClientConfig {
        public_key: client_key().public(),
        secret_key: client_key(),
        server_key: server_key().public(),
    });
    config
}

/// Changes some bytes of a command as the input wants it; tells whether that made a difference.
pub(super) fn spoil(script: &mut Script<'_>, bytes: &mut Vec<u8>) -> bool {
    let before = bytes.clone();
    match script.byte() % 16 {
        0 => {
            let at = usize::from(script.short()) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= script.byte();
            }
        }
        1 => bytes.truncate(usize::from(script.short())),
        2 => bytes.extend_from_slice(script.string()),
        3 => *bytes = script.string().to_vec(),
        _ => {}
    }
    *bytes != before
}

fn nonce(prefix: &[u8], rest: &[u8]) -> [u8; 24] {
    let mut nonce = [0; 24];
    nonce[..prefix.len()].copy_from_slice(prefix);
    nonce[prefix.len()..].copy_from_slice(rest);
    nonce
}

fn append_box(to: &mut Vec<u8>, key: &BoxKey, nonce: &[u8; 24], plain: &[u8]) {
    let mut data = plain.to_vec();
    let tag = key.seal(nonce, &mut data);
    to.extend_from_slice(&tag);
    to.extend_from_slice(&data);
}

fn open_box(boxed: &[u8], key: &BoxKey, nonce: &[u8; 24]) -> Vec<u8> {
    let (tag, data) = boxed.split_first_chunk::<TAG_LEN>().expect("a whole box");
    let mut data = data.to_vec();
    key.open(nonce, tag, &mut data).expect("an honest box");
    data
}

pub(super) fn framed(body: &[u8], flags: u8) -> Vec<u8> {
    let mut frame = vec![2 | flags];
    frame.extend_from_slice(&(body.len() as u64).to_be_bytes());
    frame.extend_from_slice(body);
    frame
}

/// The body of the command that a side has sent in answer; none if it has sent none.
pub(super) fn answer(side: &mut Side, name: &[u8]) -> Option<Vec<u8>> {
    let output = side.take_output();
    let at = output
        .windows(name.len())
        .position(|window| window == name)?;
    Some(output[at..].to_vec())
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("enough bytes")
}

/// The connection's key, and whether all that was said so far is what an honest peer says.
struct Agreed {
    key: BoxKey,
    number: u64,
    honest: bool,
}

/// MESSAGEs after the handshake: whole ones, repeated ones, changed ones, ones in clear.
fn messages(script: &mut Script<'_>, side: &mut Side, agreed: &Agreed, prefix: &[u8; 16]) {
    let mut number = agreed.number;
    let mut expected = Vec::new();
    let mut intact = side.established;
    for _ in 0..6 {
        if script.is_over() {
            break;
        }
        let choice = script.byte();
        let step = u64::from(script.byte() % 4);
        number = number.saturating_add(step);
        let flags = script.byte();
        let body = script.string();
        let plain = [&[flags], body].concat();
        let mut command = b"\x07MESSAGE".to_vec();
        command.extend_from_slice(&number.to_be_bytes());
        append_box(
            &mut command,
            &agreed.key,
            &nonce(prefix, &number.to_be_bytes()),
            &plain,
        );
        let spoiled = choice & 1 != 0 && spoil(script, &mut command);
        intact &= !spoiled && step > 0;
        side.give(&framed(&command, choice & 4));
        if intact && side.error.is_none() && flags & 2 == 0 {
            expected.push((body.to_vec(), flags & 1 != 0));
        }
    }
    assert!(side.inbox.frames == expected, "messages that nobody sent");
    assert!(intact || side.error.is_some() || !agreed.honest);
}

/// A server against a client that is not what it should be.
pub fn server(input: &[u8]) {
    let mut script = Script::new(input);
    let mut config = server_config();
    if script.flag() {
        config.zap.domain = b"here".to_vec();
    }
    config.zap.enforce_domain = script.flag();
    let mut side = Side::new(&config);
    side.reply = choose_reply(&mut script);
    side.give(&greeting_bytes(b"CURVE", 1));
    let agreed = say_hello(&mut script, &mut side)
        .and_then(|hello| say_initiate(&mut script, &mut side, hello));
    let Some(agreed) = agreed else {
        assert!(!side.established && side.asked.is_none());
        return;
    };
    if side.established {
        assert!(agreed.honest, "let in with a changed command");
        let asks = !config.zap.domain.is_empty() || !config.zap.enforce_domain;
        assert_eq!(side.asked.is_some(), asks);
        if asks {
            let demands_handler = config.zap.enforce_domain && !config.zap.domain.is_empty();
            let may_do_without = side.reply.is_none() && !demands_handler;
            assert!(is_granted(side.reply.as_ref()) || may_do_without);
        }
    }
    messages(&mut script, &mut side, &agreed, b"CurveZMQMESSAGEC");
}

struct Hello {
    transient: SecretKey,
    number: u64,
    server_transient: PublicKey,
    cookie: [u8; 96],
    honest: bool,
}

/// Says HELLO, and reads WELCOME if there is one.
fn say_hello(script: &mut Script<'_>, side: &mut Side) -> Option<Hello> {
    let transient = SecretKey::from_bytes(&[9; 32]);
    let mut key = transient.agree(&server_key().public()).expect("a good key");
    let mut plain = vec![0; 64];
    let mut honest = !spoil(script, &mut plain);
    if script.byte() == 1 {
        key = transient.agree(&client_key().public()).expect("a good key");
        honest = false;
    }
    let number = u64::from(script.byte()) << 56 | 1;
    let mut command = b"\x05HELLO\x01\0".to_vec();
    command.extend_from_slice(&[0; 72]);
    command.extend_from_slice(&transient.public());
    command.extend_from_slice(&number.to_be_bytes());
    let nonce = nonce(b"CurveZMQHELLO---", &number.to_be_bytes());
    append_box(&mut command, &key, &nonce, &plain);
    let said = command.clone();
    honest &= !spoil(script, &mut command);
    side.take_output();
    side.give(&framed(&command, 4));
    // The highest bit of a key does not count (RFC 7748 section 5), so the box opens all the same. The vouch,
    // which has the key as it was, will not do.
    let opens = honest || has_same_key(&said, &command);
    assert_eq!(side.error.is_none(), opens, "{:?}", side.error);
    let welcome = answer(side, b"\x07WELCOME")?;
    let random: [u8; 16] = array(&welcome[8..]);
    let plain = open_box(&welcome[24..168], &key, &self::nonce(b"WELCOME-", &random));
    Some(Hello {
        transient,
        number,
        server_transient: array(&plain),
        cookie: array(&plain[32..]),
        honest,
    })
}

/// Whether two HELLOs differ in a bit that makes no other key.
fn has_same_key(one: &[u8], other: &[u8]) -> bool {
    const LAST_OF_KEY: usize = 111;
    let mut one = one.to_vec();
    one[LAST_OF_KEY] ^= 0x80;
    one == other
}

/// Whether what an INITIATE says of its client stands: what was appended is metadata, and the highest bit of the
/// client's key, which is the first field, does not count.
fn is_still_said(said: &[u8], spoiled: &[u8]) -> bool {
    const LAST_OF_KEY: usize = 31;
    let mut spoiled = spoiled.to_vec();
    if let Some(byte) = spoiled.get_mut(LAST_OF_KEY) {
        *byte &= 0x7f;
    }
    spoiled.starts_with(said)
}

/// Says INITIATE with metadata out of the input.
fn say_initiate(script: &mut Script<'_>, side: &mut Side, hello: Hello) -> Option<Agreed> {
    let Hello {
        transient,
        server_transient,
        mut honest,
        ..
    } = hello;
    let key = transient.agree(&server_transient).ok()?;
    let vouch_key = client_key().agree(&server_transient).ok()?;
    let mut vouched = [transient.public(), server_key().public()].concat();
    honest &= !spoil(script, &mut vouched);
    let mut plain = client_key().public().to_vec();
    plain.extend_from_slice(&[5; 16]);
    append_box(
        &mut plain,
        &vouch_key,
        &nonce(b"VOUCH---", &[5; 16]),
        &vouched,
    );
    let said = plain.clone();
    spoil(script, &mut plain);
    honest &= is_still_said(&said, &plain);
    // Metadata may be anything that parses.
    plain.extend_from_slice(b"\x0bSocket-Type\0\0\0\x06DEALER");
    plain.extend_from_slice(script.string());
    let step = script.byte() % 3;
    let number = hello.number.wrapping_add(u64::from(step));
    honest &= step > 0;
    let mut command = b"\x08INITIATE".to_vec();
    let mut cookie = hello.cookie.to_vec();
    honest &= !spoil(script, &mut cookie);
    command.extend_from_slice(&cookie);
    command.extend_from_slice(&number.to_be_bytes());
    let nonce = nonce(b"CurveZMQINITIATE", &number.to_be_bytes());
    append_box(&mut command, &key, &nonce, &plain);
    honest &= !spoil(script, &mut command);
    side.give(&framed(&command, 4));
    Some(Agreed {
        key,
        number,
        honest,
    })
}

/// A client against a server that is not what it should be.
pub fn client(input: &[u8]) {
    let mut script = Script::new(input);
    let mut side = Side::new(&client_config());
    side.give(&greeting_bytes(b"CURVE", 1));
    let hello = answer(&mut side, b"\x05HELLO").expect("HELLO");
    let client_transient: PublicKey = array(&hello[80..]);
    let key = server_key().agree(&client_transient).expect("a good key");
    let transient = SecretKey::from_bytes(&[10; 32]);
    let mut plain = transient.public().to_vec();
    plain.extend_from_slice(&[3; 96]);
    // Another key or cookie is as good; another length is not.
    let mut honest = !(spoil(&mut script, &mut plain) && plain.len() != 128);
    let mut command = b"\x07WELCOME".to_vec();
    command.extend_from_slice(&[4; 16]);
    append_box(&mut command, &key, &nonce(b"WELCOME-", &[4; 16]), &plain);
    honest &= !spoil(&mut script, &mut command);
    side.give(&framed(&command, 4));
    let Some(initiate) = answer(&mut side, b"\x08INITIATE") else {
        assert!(side.error.is_some() && !side.established);
        return;
    };
    assert!(honest, "INITIATE after a changed WELCOME");
    if plain[..32] != transient.public() {
        return;
    }
    let key = transient.agree(&client_transient).expect("a good key");
    let number: [u8; 8] = array(&initiate[105..]);
    let told = open_box(&initiate[113..], &key, &nonce(b"CurveZMQINITIATE", &number));
    assert_eq!(told[..32], client_key().public());
    let number = u64::from(script.byte());
    let mut metadata = b"\x0bSocket-Type\0\0\0\x06ROUTER".to_vec();
    metadata.extend_from_slice(script.string());
    let mut command = b"\x05READY".to_vec();
    command.extend_from_slice(&number.to_be_bytes());
    let nonce = nonce(b"CurveZMQREADY---", &number.to_be_bytes());
    append_box(&mut command, &key, &nonce, &metadata);
    honest &= !spoil(&mut script, &mut command);
    side.give(&framed(&command, 4));
    assert!(honest || !side.established, "content with a changed READY");
    let agreed = Agreed {
        key,
        number,
        honest,
    };
    messages(&mut script, &mut side, &agreed, b"CurveZMQMESSAGES");
}
