//! What senders do wrong: streams of NORM with anything in them, and senders that vanish.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::carrier::{Carrier, Outlet};
use super::norm::Norm;
use crate::option::{ContextDefaults, SocketOptions};
use crate::pipe::{Reader, Writer, lane};
use crate::socket_type::SocketType;
use crate::sys::norm::{Congestion, SenderSetup, Session, Setup, is_available};
use crate::transport::NormRoute;

/// A receiver with its lane.
struct Receiver {
    norm: Norm,
    writer: Writer,
    reader: Reader,
}

impl Receiver {
    fn new(route: &NormRoute) -> Self {
        let mut options = SocketOptions::new(SocketType::Sub, &ContextDefaults::default());
        options.maxmsgsize = 100;
        let (writer, reader) = lane(0, false);
        Self {
            norm: Norm::open(route, false, &options).expect("opened"),
            writer,
            reader,
        }
    }

    /// The frames that have come, with what says that more follow.
    fn frames(&mut self) -> Vec<(Vec<u8>, bool)> {
        self.norm.receive(&mut Outlet::new(&mut self.writer));
        let mut frames = Vec::new();
        while let Some(next) = self.reader.recv() {
            frames.push((next.frame.data().to_vec(), next.frame.is_more()));
        }
        frames
    }

    /// Has `say` say something again and again until `wanted` has come; all that came.
    fn hear(&mut self, wanted: &[u8], mut say: impl FnMut()) -> Vec<(Vec<u8>, bool)> {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut heard = Vec::new();
        while !heard.iter().any(|(body, _)| body == wanted) {
            assert!(Instant::now() < deadline, "{heard:?}");
            say();
            std::thread::sleep(Duration::from_millis(20));
            heard.append(&mut self.frames());
        }
        heard
    }
}

/// A group by the loopback interface, with a port that was free a moment ago.
fn route() -> NormRoute {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let port = socket.local_addr().expect("bound").port();
    NormRoute {
        target: SocketAddr::from(([239, 7, 7, 8], port)),
        interface: Some("lo".to_owned()),
        node: None,
    }
}

fn sender(route: &NormRoute, node: u32) -> Session {
    let setup = Setup {
        address: route.target.ip(),
        port: route.target.port(),
        node,
        interface: route.interface.clone(),
        ttl: 1,
        loopback: true,
        tos: 0,
        unicast_nack: false,
        receive_buffer: None,
        send_buffer: None,
    };
    let sender = SenderSetup {
        buffer: 1 << 20,
        segment: 1400,
        block: 16,
        parity: 4,
        auto_parity: 0,
        push: false,
        congestion: Congestion::Fixed(1e7),
    };
    let mut session = Session::open(&setup).expect("opened");
    session.start_sender(&setup, &sender).expect("started");
    session
}

fn say(session: &mut Session, bytes: &[u8]) {
    assert_eq!(session.write(bytes), bytes.len());
    session.end_message();
    session.flush();
}

#[test]
fn what_is_malformed_costs_its_sender_no_more_than_what_is_near() {
    if !is_available() {
        return;
    }
    let route = route();
    let (mut receiver, mut bad) = (Receiver::new(&route), sender(&route, 1));
    receiver.hear(b"one", || say(&mut bad, b"\0\0\x03one"));
    let malformed: [&[u8]; 6] = [
        b"\x07\0\x01a",
        // A command, what goes on with nothing, what is too long, and lengths that cannot be.
        b"\0\x04\x01a",
        b"\xff\0\x01a",
        b"\0\0\x65too long",
        b"\0\x02\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\0\x02\0\0\0\x01\0\0\0\0",
    ];
    for (index, bytes) in malformed.iter().enumerate() {
        say(&mut bad, bytes);
        let good = [b"\0\0\x02g", &[b'0' + index as u8][..]].concat();
        let heard = receiver.hear(&good[3..], || say(&mut bad, &good));
        for (body, more) in heard {
            let is_known = body == b"one" || body.len() == 2 && body[0] == b'g';
            assert!(is_known && !more, "{body:?} after {bytes:?}");
        }
    }
    // Another sender is not concerned.
    let mut good = sender(&route, 2);
    say(&mut bad, malformed[0]);
    receiver.hear(b"two", || say(&mut good, b"\0\0\x03two"));
}

#[test]
fn a_message_whose_sender_vanishes_leaves_nothing() {
    if !is_available() {
        return;
    }
    let route = route();
    let mut receiver = Receiver::new(&route);
    let mut vanishing = sender(&route, 1);
    receiver.hear(b"one", || say(&mut vanishing, b"\0\0\x03one"));
    say(&mut vanishing, b"\0\x01\x04half");
    say(&mut vanishing, b"\xff\x01\x04more");
    drop(vanishing);
    let mut other = sender(&route, 2);
    let heard = receiver.hear(b"end", || say(&mut other, b"\0\x01\x01a\xff\0\x03end"));
    for frames in heard
        .iter()
        .filter(|(body, _)| body != b"one")
        .collect::<Vec<_>>()
        .chunks(2)
    {
        assert_eq!(frames, [&(b"a".to_vec(), true), &(b"end".to_vec(), false)]);
    }
}
