//! Sessions with each other, where the library is there.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::*;

/// A group by the loopback interface, with a port that was free a moment ago.
fn setup(node: u32) -> Setup {
    let port = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    Setup {
        address: IpAddr::V4(Ipv4Addr::new(239, 7, 7, 7)),
        port: port.expect("a port").port(),
        node,
        interface: Some("lo".to_owned()),
        ttl: 1,
        loopback: true,
        tos: 0,
        unicast_nack: false,
        receive_buffer: None,
        send_buffer: Some(65_536),
    }
}

fn sender() -> SenderSetup {
    SenderSetup {
        buffer: 1 << 20,
        segment: 1400,
        block: 16,
        parity: 4,
        auto_parity: 0,
        push: false,
        congestion: Congestion::Fixed(1e7),
    }
}

/// Waits for an event of a session; they must come.
fn wait_for(session: &mut Session, wanted: impl Fn(&Event) -> bool) -> Event {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        while let Some(event) = session.next_event() {
            if wanted(&event) {
                return event;
            }
        }
        assert!(Instant::now() < deadline);
        // SAFETY: the session's, which lives.
        let fd = unsafe { BorrowedFd::borrow_raw(session.fd()) };
        let mut polled = [libc::pollfd {
            fd: fd.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        }];
        // SAFETY: one entry.
        unsafe { libc::poll(polled.as_mut_ptr(), 1, 100) };
    }
}

#[test]
fn a_stream_is_read_as_it_was_written() {
    if !is_available() {
        return;
    }
    let setup = setup(1);
    let mut receiver = Session::open(&setup).expect("opened");
    receiver.start_receiver(&setup, 1 << 20).expect("started");
    let other = Setup {
        node: 2,
        ..setup.clone()
    };
    let mut sending = Session::open(&other).expect("opened");
    sending.start_sender(&other, &sender()).expect("started");
    assert_eq!(sending.write(b"one"), 3);
    sending.end_message();
    assert_eq!(sending.write(b"two"), 3);
    sending.end_message();
    sending.flush();
    wait_for(&mut sending, |event| *event == Event::Empty);
    let Event::Readable(stream) =
        wait_for(&mut receiver, |event| matches!(event, Event::Readable(_)))
    else {
        unreachable!()
    };
    while !receiver.seek(stream) {
        wait_for(&mut receiver, |event| *event == Event::Readable(stream));
    }
    let (mut got, mut room) = (Vec::new(), [0; 4]);
    while got.len() < 6 {
        match receiver.read(stream, &mut room).expect("nothing was lost") {
            0 => drop(wait_for(&mut receiver, |event| {
                *event == Event::Readable(stream)
            })),
            count => got.extend_from_slice(&room[..count]),
        }
    }
    assert_eq!(got, b"onetwo");
    assert_eq!(receiver.read(stream, &mut room), Some(0));
    receiver.forget(stream);
    assert_eq!(receiver.read(stream, &mut room), Some(0));
    assert!(!receiver.seek(stream));
}

#[test]
fn what_cannot_be_opened() {
    if !is_available() {
        return;
    }
    let mut nowhere = setup(1);
    nowhere.interface = Some("no\0name".to_owned());
    assert!(Session::open(&nowhere).is_err());
    // A port of a host is one session's.
    let here = Setup {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        interface: None,
        ..setup(1)
    };
    let mut first = Session::open(&here).expect("opened");
    first.start_receiver(&here, 1 << 20).expect("started");
    let mut second = Session::open(&here).expect("opened");
    let error = second.start_receiver(&here, 1 << 20).expect_err("taken");
    assert_eq!(error.raw_os_error(), Some(libc::EADDRINUSE));
}
