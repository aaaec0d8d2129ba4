//! Every message of every handshake, changed in every bit, cut at every byte, left out, said twice:
//! the connection ends with the event that the oracle names, or goes on where nothing that counts
//! was changed. It never brings a message.

use std::time::Duration;

use super::oracle::{self, Fate};
use super::*;

const PATIENCE: Duration = Duration::from_secs(1);

/// One message of a handshake.
#[derive(Clone, Debug)]
struct Message {
    from_client: bool,
    /// Its number in its direction; 0 is the greeting.
    number: usize,
    /// The greeting, or the body of a command.
    body: Vec<u8>,
}

/// What is done to a message on its way, given its head and its body.
type Change<'a> = dyn Fn(&[u8], &[u8]) -> Changed + 'a;

/// A message as it arrives.
struct Changed {
    wire: Vec<u8>,
    /// What the receiver takes for the body.
    body: Vec<u8>,
}

impl Changed {
    fn whole(head: &[u8], body: Vec<u8>) -> Self {
        Self {
            wire: [head, &body].concat(),
            body,
        }
    }
}

/// One direction: splits the stream into messages as it passes.
#[derive(Default)]
struct Way {
    /// Bytes of the greeting that have passed.
    greeted: usize,
    /// Of a frame that is not whole.
    unread: Vec<u8>,
    frames: usize,
}

impl Way {
    /// The greeting, which is said in pieces: what arrives of it, and what follows it.
    fn greet<'b>(&mut self, bytes: &'b [u8], changed: Option<&[u8]>) -> (Vec<u8>, &'b [u8]) {
        let (greeting, rest) = bytes.split_at(bytes.len().min(64 - self.greeted));
        let from = self.greeted;
        self.greeted += greeting.len();
        let arrives = match changed {
            None => greeting.to_vec(),
            Some(changed) => {
                let end = self.greeted.min(changed.len());
                changed.get(from..end).unwrap_or_default().to_vec()
            }
        };
        (arrives, rest)
    }

    /// The frames that are whole: number, head, body.
    fn split(&mut self, bytes: &[u8]) -> Vec<(usize, Vec<u8>, Vec<u8>)> {
        self.unread.extend_from_slice(bytes);
        let mut frames = Vec::new();
        loop {
            let (head, len) = match *self.unread {
                [flags, len, ..] if flags & 2 == 0 => (2, usize::from(len)),
                [_, a, b, c, d, e, f, g, h, ..] => {
                    (9, u64::from_be_bytes([a, b, c, d, e, f, g, h]) as usize)
                }
                _ => return frames,
            };
            if self.unread.len() < head + len {
                return frames;
            }
            let rest = self.unread.split_off(head + len);
            let mut head_bytes = std::mem::replace(&mut self.unread, rest);
            let body = head_bytes.split_off(head);
            self.frames += 1;
            frames.push((self.frames, head_bytes, body));
        }
    }
}

/// How a handshake went.
struct Story {
    pair: Pair,
    seen: Vec<Message>,
    /// The message that was changed: how it was sent and how it arrived.
    changed: Option<(Vec<u8>, Vec<u8>)>,
}

impl Story {
    fn receiver(&self, message: &Message) -> &Side {
        if message.from_client {
            &self.pair.server
        } else {
            &self.pair.client
        }
    }
}

/// A handshake in which one message is changed; with `cut` nothing follows it. Then both sides'
/// time passes.
fn shake(
    configs: &(EngineConfig, EngineConfig),
    status: &str,
    target: Option<(&Message, &Change<'_>)>,
    cut: bool,
) -> Story {
    let mut pair = Pair::new(configs).with_reply(status);
    let mut ways = [Way::default(), Way::default()];
    let mut seen = Vec::new();
    let mut changed_bodies = None;
    let mut is_over = false;
    pair.talk_through(|from_client, _, bytes| {
        let way = &mut ways[usize::from(from_client)];
        let target = target.filter(|(message, _)| message.from_client == from_client);
        let greeting = target
            .filter(|(message, _)| message.number == 0)
            .map(|(message, change)| (&message.body, change(&[], &message.body)));
        let (mut arrives, rest) =
            way.greet(bytes, greeting.as_ref().map(|(_, changed)| &*changed.wire));
        if let Some((body, changed)) = greeting {
            changed_bodies = Some((body.clone(), changed.body));
            is_over |= cut && way.greeted == 64;
        }
        for (number, head, body) in way.split(rest) {
            let changed = target
                .filter(|(message, _)| message.number == number)
                .map(|(_, change)| change(&head, &body));
            if let Some(changed) = changed {
                arrives.extend(changed.wire);
                changed_bodies = Some((body.clone(), changed.body));
                is_over = cut;
            } else if target.is_none() || !is_over {
                arrives.extend([head, body.clone()].concat());
            }
            seen.push(Message {
                from_client,
                number,
                body,
            });
        }
        *bytes = arrives;
    });
    for side in [&mut pair.client, &mut pair.server] {
        if !side.established {
            side.pass_time(side.now + PATIENCE);
        }
    }
    Story {
        pair,
        seen,
        changed: changed_bodies,
    }
}

/// The messages of a handshake that nobody disturbs; both greetings first.
fn script(configs: &(EngineConfig, EngineConfig), status: &str) -> Vec<Message> {
    let story = shake(configs, status, None, false);
    assert_eq!(story.pair.is_made(), status == "200");
    let mut messages = Vec::new();
    for (from_client, config) in [(true, &configs.0), (false, &configs.1)] {
        let mechanism = config.mechanism.start(config);
        let mut body = crate::proto::greeting::signature(config.routing_id.len()).to_vec();
        body.push(3);
        body.extend(crate::proto::greeting::rest(
            mechanism.name(),
            mechanism.is_server(),
        ));
        messages.push(Message {
            from_client,
            number: 0,
            body,
        });
    }
    messages.extend(story.seen);
    messages
}

fn with_patience(
    (mut client, mut server): (EngineConfig, EngineConfig),
) -> (EngineConfig, EngineConfig) {
    client.handshake_ivl = Some(PATIENCE);
    server.handshake_ivl = Some(PATIENCE);
    (client, server)
}

fn name_of(body: &[u8]) -> &[u8] {
    crate::proto::command::split(body).map_or(&[], |(name, _)| name)
}

fn fate(config: &EngineConfig, message: &Message, sent: &[u8], arrived: &[u8]) -> Fate {
    let name = name_of(sent);
    let secure = config.mechanism != MechanismConfig::Null || !config.zap.domain.is_empty();
    let wanted: &[u8] = if message.from_client {
        b"DEALER"
    } else {
        b"ROUTER"
    };
    let mechanism = config.mechanism.start(config);
    match mechanism.name() {
        _ if message.number == 0 => oracle::greeting(sent, arrived, secure, mechanism.is_server()),
        "NULL" => oracle::null(arrived, wanted),
        "PLAIN" => oracle::plain(arrived, name, wanted),
        _ => oracle::curve(sent, arrived, name),
    }
}

/// Checks the receiver of a changed message.
fn check(configs: &(EngineConfig, EngineConfig), story: &Story, message: &Message, what: &str) {
    let receiver = story.receiver(message);
    let config = if message.from_client {
        &configs.1
    } else {
        &configs.0
    };
    let (sent, arrived) = story.changed.as_ref().expect("a changed message");
    let fate = fate(config, message, sent, arrived);
    let context = || {
        let name = String::from_utf8_lossy(name_of(sent)).into_owned();
        let from = if message.from_client {
            "client"
        } else {
            "server"
        };
        format!(
            "{what} of {name} from the {from}: {fate:?}, {:?}",
            receiver.error
        )
    };
    match fate {
        Fate::Ends(error) => assert_eq!(receiver.error, Some(error), "{}", context()),
        Fate::Waits => {
            let timed_out = receiver.error == Some(EngineError::HandshakeTimeout);
            let is_old = receiver.established && receiver.peer().zmtp < (3, 0);
            // A greeting that is another protocol's may also be no good there.
            let is_other = message.number == 0 && arrived.len() == 64 && receiver.error.is_some();
            assert!(timed_out || is_old || is_other, "{}", context());
        }
        Fate::GoesOn => assert!(receiver.established, "{}", context()),
    }
    for side in [&story.pair.client, &story.pair.server] {
        assert!(side.inbox.frames.is_empty(), "a message: {}", context());
        assert!(side.established || side.error.is_some(), "{}", context());
    }
    // Nobody is let in unseen.
    let asks = config.is_server_side && !config.zap.domain.is_empty();
    assert!(!receiver.established || !asks || receiver.asked.is_some());
}

/// The messages to change: those of a handshake that succeeds, and the ERROR of one that does not.
fn targets(
    configs: (EngineConfig, EngineConfig),
) -> Vec<((EngineConfig, EngineConfig), &'static str, Message)> {
    let configs = with_patience(configs);
    let mut targets = Vec::new();
    for status in ["200", "400"] {
        // Without a handler there is nobody to refuse.
        if status == "400"
            && configs.1.mechanism == MechanismConfig::Null
            && configs.1.zap.domain.is_empty()
        {
            continue;
        }
        for message in script(&configs, status) {
            if status == "200" || name_of(&message.body) == b"ERROR" {
                targets.push((configs.clone(), status, message));
            }
        }
    }
    targets
}

fn bits_are_flipped(configs: (EngineConfig, EngineConfig)) {
    for (configs, status, message) in targets(configs) {
        for bit in 0..message.body.len() * 8 {
            let flip = |head: &[u8], body: &[u8]| {
                let mut body = body.to_vec();
                body[bit / 8] ^= 1 << (bit % 8);
                Changed::whole(head, body)
            };
            let story = shake(&configs, status, Some((&message, &flip)), false);
            check(&configs, &story, &message, &format!("bit {bit}"));
        }
    }
}

/// Cut in the middle of the stream, and in a frame whose length is that of what is left.
fn bytes_are_cut(configs: (EngineConfig, EngineConfig)) {
    for (configs, status, message) in targets(configs) {
        for len in 0..message.body.len() {
            let cut = |head: &[u8], body: &[u8]| Changed::whole(head, body[..len].to_vec());
            let story = shake(&configs, status, Some((&message, &cut)), true);
            let receiver = story.receiver(&message);
            assert!(!receiver.established, "{message:?} cut at {len}");
            assert_eq!(receiver.error, Some(EngineError::HandshakeTimeout));
            assert!(receiver.inbox.frames.is_empty());
            if message.number == 0 {
                continue;
            }
            let shorten = |_: &[u8], body: &[u8]| {
                let head = [&[6][..], &(len as u64).to_be_bytes()].concat();
                Changed::whole(&head, body[..len].to_vec())
            };
            let story = shake(&configs, status, Some((&message, &shorten)), false);
            check(&configs, &story, &message, &format!("{len} bytes"));
        }
    }
}

fn messages_are_missing_or_repeated(configs: (EngineConfig, EngineConfig)) {
    for (configs, status, message) in targets(configs) {
        let lose = |_: &[u8], _: &[u8]| Changed::whole(&[], Vec::new());
        let story = shake(&configs, status, Some((&message, &lose)), false);
        assert!(!story.pair.is_made(), "without {message:?}");
        let repeat = |head: &[u8], body: &[u8]| Changed {
            wire: [head, body, head, body].concat(),
            body: body.to_vec(),
        };
        if message.number == 0 {
            continue;
        }
        let story = shake(&configs, status, Some((&message, &repeat)), false);
        let receiver = story.receiver(&message);
        // READY and INITIATE are the last of their side. In clear, traffic knows no such command;
        // in CURVE it is no MESSAGE.
        let is_last = matches!(name_of(&message.body), b"READY" | b"INITIATE");
        let passes = is_last && receiver.established;
        assert!(receiver.error.is_some() || passes, "twice {message:?}");
        for side in [&story.pair.client, &story.pair.server] {
            assert!(side.inbox.frames.is_empty());
        }
    }
}

/// Heads of frames: a length that is not the body's, and flags.
fn heads_are_changed(configs: (EngineConfig, EngineConfig)) {
    for (configs, status, message) in targets(configs) {
        for bit in 0..if message.number == 0 { 0 } else { 16 } {
            let change = |head: &[u8], body: &[u8]| {
                let mut wire = [head, body].concat();
                wire[bit / 8] ^= 1 << (bit % 8);
                Changed {
                    wire,
                    body: body.to_vec(),
                }
            };
            let story = shake(&configs, status, Some((&message, &change)), false);
            let receiver = story.receiver(&message);
            // In the handshake the name decides, whatever the flags say; one of them is part of
            // the length.
            let counts = bit == 1 || bit >= 8 || status != "200";
            assert_eq!(
                receiver.established, !counts,
                "bit {bit} of {message:?}: {:?}",
                receiver.error
            );
            assert!(receiver.established || receiver.error.is_some());
            assert!(receiver.inbox.frames.is_empty());
        }
    }
}

fn all_of(configs: (EngineConfig, EngineConfig)) {
    bits_are_flipped(configs.clone());
    bytes_are_cut(configs.clone());
    messages_are_missing_or_repeated(configs.clone());
    heads_are_changed(configs);
}

#[test]
fn null_with_a_handler() {
    all_of(null());
}

#[test]
fn null_without_a_handler() {
    all_of(configs(MechanismConfig::Null, MechanismConfig::Null));
}

#[test]
fn plain_messages() {
    all_of(plain());
}

#[test]
fn curve_bits() {
    bits_are_flipped(curve());
}

#[test]
fn curve_cuts() {
    bytes_are_cut(curve());
}

#[test]
fn curve_order_and_heads() {
    messages_are_missing_or_repeated(curve());
    heads_are_changed(curve());
}
