//! What every transport must do, and what only one of them does.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, IntoRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::errno::Errno;
use crate::option::{ContextDefaults, SocketOptions, id};
use crate::socket_type::SocketType;
use crate::sys::{poll, socket};

const PATIENCE: Duration = Duration::from_secs(20);

fn options() -> SocketOptions {
    SocketOptions::new(SocketType::Pair, &ContextDefaults::default())
}

fn with_ipv6() -> SocketOptions {
    let context = ContextDefaults {
        ipv6: true,
        ..ContextDefaults::default()
    };
    SocketOptions::new(SocketType::Pair, &context)
}

fn listen(endpoint: &str, options: &SocketOptions) -> Result<Listener, Errno> {
    Listener::bind(&address::parse(endpoint, Purpose::Bind)?, options)
}

fn at(listener: &Listener) -> &str {
    str::from_utf8(listener.endpoint()).expect("UTF-8")
}

fn resolve(endpoint: &str, options: &SocketOptions) -> Result<Resolved, Errno> {
    super::resolve(&address::parse(endpoint, Purpose::Connect)?, options.ipv6)
}

fn wait(fd: RawFd, events: i16) {
    let mut set = [libc::pollfd {
        fd,
        events,
        revents: 0,
    }];
    assert_eq!(
        poll::poll(&mut set, Some(PATIENCE), None).expect("poll"),
        1,
        "nothing happens"
    );
}

fn dial(endpoint: &str, options: &SocketOptions) -> Result<Stream, Errno> {
    match dial::start(&resolve(endpoint, options)?, options)? {
        Dial::Connected(stream) => Ok(stream),
        Dial::InProgress(dialing) => {
            wait(dialing.as_raw_fd(), libc::POLLOUT);
            dialing.finish()
        }
    }
}

fn accept(listener: &Listener, options: &SocketOptions) -> Accepted {
    wait(listener.as_raw_fd(), libc::POLLIN);
    listener.accept(options).expect("accept")
}

fn accepted(listener: &Listener, options: &SocketOptions) -> Stream {
    match accept(listener, options) {
        Accepted::Stream(stream) => stream,
        other => panic!("{other:?}"),
    }
}

/// A path that no other test has.
fn unique_path() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("ferrozmq-{}-{next}.ipc", std::process::id()))
}

fn ipc(path: &Path) -> String {
    format!("ipc://{}", path.display())
}

/// Listens, connects, talks both ways, sees the end of the stream.
fn conformance(endpoint: &str, options: &SocketOptions) -> (Stream, Stream) {
    let listener = listen(endpoint, options).expect("bind");
    assert!(matches!(listener.accept(options), Ok(Accepted::WouldBlock)));
    let mut client = dial(at(&listener), options).expect("connect");
    let server = accepted(&listener, options);

    let mut buffer = [0; 16];
    let nothing = server.recv(&mut buffer).expect_err("nothing was sent");
    assert_eq!(nothing.raw_os_error(), Some(libc::EAGAIN));
    assert_eq!(
        client
            .send_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")])
            .ok(),
        Some(5)
    );
    wait(server.as_raw_fd(), libc::POLLIN);
    assert_eq!(server.recv(&mut buffer).ok(), Some(5));
    assert_eq!(&buffer[..5], b"hello");
    assert_eq!(server.send(b"there").ok(), Some(5));
    wait(client.as_raw_fd(), libc::POLLIN);
    assert_eq!(client.recv(&mut buffer).ok(), Some(5));

    // The kernel's buffers are finite, and a full one blocks nobody.
    let big = vec![0; 1 << 20];
    let full = (0..1000)
        .find_map(|_| client.send(&big).err())
        .expect("full in the end");
    assert_eq!(full.raw_os_error(), Some(libc::EAGAIN));

    server.shutdown_write().expect("connected");
    wait(client.as_raw_fd(), libc::POLLIN);
    assert_eq!(client.recv(&mut buffer).ok(), Some(0));
    (server, client)
}

#[test]
fn conformance_of_tcp() {
    for endpoint in ["tcp://127.0.0.1:*", "tcp://lo:0"] {
        let (server, client) = conformance(endpoint, &options());
        assert_eq!(
            (server.peer_address(), client.peer_address()),
            ("127.0.0.1", "127.0.0.1")
        );
    }
    let (server, _) = conformance("tcp://*:*", &options());
    assert_eq!(server.peer_address(), "127.0.0.1");
    let (server, _) = conformance("tcp://127.0.0.1:*", &with_ipv6());
    assert_eq!(
        server.peer_address().trim_start_matches("::ffff:"),
        "127.0.0.1"
    );
}

#[test]
fn conformance_of_ipc() {
    let path = unique_path();
    let name = format!("ipc://@ferrozmq-{}-conformance", std::process::id());
    for endpoint in [&ipc(&path), "ipc://*", &name] {
        let (server, client) = conformance(endpoint, &options());
        for stream in [server, client] {
            assert!(stream.peer_address().starts_with("localhost:"));
            assert!(
                stream
                    .peer_address()
                    .ends_with(&std::process::id().to_string())
            );
        }
    }
    assert!(!path.exists());
}

#[test]
fn endpoints_tell_the_port() {
    let listener = listen("tcp://*:*", &options()).expect("bind");
    let port = at(&listener)
        .strip_prefix("tcp://0.0.0.0:")
        .expect("wildcard");
    assert_ne!(port.parse::<u16>(), Ok(0));
    let taken = listen(&format!("tcp://127.0.0.1:{port}"), &options());
    assert_eq!(taken.err(), Some(Errno::EADDRINUSE));
    if let Ok(listener) = listen("tcp://*:*", &with_ipv6()) {
        let port = at(&listener).rsplit_once(':').expect("a port").1.to_owned();
        let client = dial(&format!("tcp://127.0.0.1:{port}"), &options()).expect("connect");
        drop((accepted(&listener, &options()), client));
    }
}

#[test]
fn errors_of_bind_and_dial() {
    for (endpoint, errno) in [
        ("tcp://[::1]:*", Errno::ENODEV),
        ("tcp://192.0.2.1:*", Errno::EADDRNOTAVAIL),
        ("ipc:///no/such/dir/x", Errno::ENOENT),
        ("ipc:///tmp", Errno::EADDRINUSE),
        ("inproc://a", Errno::EINVAL),
    ] {
        assert_eq!(
            listen(endpoint, &options()).err(),
            Some(errno),
            "{endpoint}"
        );
    }
    // Bound but not listening: the port is nobody else's, and refuses.
    let local = crate::sys::sockaddr::Address::Ip(([127, 0, 0, 1], 0).into());
    let deaf = socket::stream(&local).expect("socket");
    socket::bind(deaf.as_fd(), &local).expect("bind");
    let crate::sys::sockaddr::Address::Ip(at) = socket::local_address(deaf.as_fd()).expect("bound")
    else {
        panic!("not an IP address")
    };
    let refused = dial(&format!("tcp://{at}"), &options());
    assert_eq!(refused.err(), Some(Errno::ECONNREFUSED));
    assert_eq!(
        dial(&ipc(&unique_path()), &options()).err(),
        Some(Errno::ENOENT)
    );
    let mut options = options();
    assert!(options.set(id::BINDTODEVICE, b"nodev0\0").is_ok());
    assert!(listen("tcp://127.0.0.1:*", &options).is_err());
    assert!(dial("tcp://127.0.0.1:1", &options).is_err());
}

#[test]
fn source_addresses() {
    let first = listen("tcp://127.0.0.1:*", &options()).expect("bind");
    let second = listen("tcp://127.0.0.1:*", &options()).expect("bind");
    let place = |listener: &Listener| at(listener).strip_prefix("tcp://").map(str::to_owned);
    let (first_at, second_at) = (place(&first).expect("tcp"), place(&second).expect("tcp"));
    let one = dial(&format!("tcp://lo;{first_at}"), &options()).expect("connect");
    let local = socket::local_address(one.as_fd()).expect("bound");
    let crate::sys::sockaddr::Address::Ip(local) = local else {
        panic!("{local:?}")
    };
    // The same local port once more, to another peer.
    let two = dial(&format!("tcp://{local};{second_at}"), &options()).expect("connect");
    assert_eq!(accepted(&first, &options()).peer_address(), "127.0.0.1");
    assert_eq!(accepted(&second, &options()).peer_address(), "127.0.0.1");
    drop((one, two));
}

#[test]
fn options_reach_the_socket() {
    let mut options = options();
    for (id, value) in [
        (id::TOS, 0x28),
        (id::TCP_KEEPALIVE, 1),
        (id::TCP_KEEPALIVE_CNT, 5),
        (id::TCP_KEEPALIVE_IDLE, 60),
        (id::TCP_KEEPALIVE_INTVL, 7),
        (id::TCP_MAXRT, 4321),
        (id::PRIORITY, 3),
        (id::SNDBUF, 16_384),
        (id::RCVBUF, 16_384),
    ] {
        assert!(options.set(id, &i32::to_ne_bytes(value)).is_ok());
    }
    let listener = listen("tcp://127.0.0.1:*", &options).expect("bind");
    let client = dial(at(&listener), &options).expect("connect");
    let server = accepted(&listener, &options);
    for (level, name, value) in [
        (libc::IPPROTO_TCP, libc::TCP_NODELAY, 1),
        (libc::IPPROTO_IP, libc::IP_TOS, 0x28),
        (libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1),
        (libc::IPPROTO_TCP, libc::TCP_KEEPCNT, 5),
        (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, 60),
        (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, 7),
        (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, 4321),
        (libc::SOL_SOCKET, libc::SO_PRIORITY, 3),
        // The kernel doubles what it is asked for.
        (libc::SOL_SOCKET, libc::SO_SNDBUF, 32_768),
        (libc::SOL_SOCKET, libc::SO_RCVBUF, 32_768),
    ] {
        for stream in [&client, &server] {
            let got = socket::int(stream.as_fd(), level, name).expect("readable");
            // An accepted socket has the priority that belongs to its type of service.
            if name != libc::SO_PRIORITY || std::ptr::eq(stream, &client) {
                assert_eq!(got, value, "option {level} {name}");
            }
        }
    }
}

#[test]
fn tcp_filters() {
    let listener = listen("tcp://127.0.0.1:*", &options()).expect("bind");
    for (filter, welcome) in [
        ("127.0.0.1/32", true),
        ("0.0.0.0/0", true),
        ("127.0.0.255/32", false),
    ] {
        let mut options = options();
        assert!(
            options
                .set(id::TCP_ACCEPT_FILTER, filter.as_bytes())
                .is_ok()
        );
        let client = dial(at(&listener), &options).expect("connect");
        let outcome = accept(&listener, &options);
        assert_eq!(matches!(outcome, Accepted::Stream(_)), welcome, "{filter}");
        if !welcome {
            drop(outcome);
            wait(client.as_raw_fd(), libc::POLLIN);
            assert_eq!(client.recv(&mut [0; 1]).ok(), Some(0));
        }
    }
}

#[test]
fn ipc_filters() {
    let listener = listen("ipc://*", &options()).expect("bind");
    let probe = dial(at(&listener), &options()).expect("connect");
    let who = socket::peer_credentials(probe.as_fd()).expect("credentials");
    drop(accepted(&listener, &options()));
    let mut cases = vec![
        (id::IPC_FILTER_PID, who.pid, true),
        (id::IPC_FILTER_PID, who.pid + 1, false),
        (id::IPC_FILTER_UID, who.uid.cast_signed(), true),
        (id::IPC_FILTER_UID, who.uid.cast_signed() + 1, false),
        (id::IPC_FILTER_GID, who.gid.cast_signed(), true),
        (id::IPC_FILTER_GID, i32::MAX, false),
    ];
    let groups = socket::peer_groups(probe.as_fd()).expect("groups");
    cases.extend(
        groups
            .iter()
            .map(|group| (id::IPC_FILTER_GID, group.cast_signed(), true)),
    );
    for (id, value, welcome) in cases {
        let mut options = options();
        assert!(options.set(id, &value.to_ne_bytes()).is_ok());
        let _client = dial(at(&listener), &options).expect("connect");
        let outcome = accept(&listener, &options);
        assert_eq!(
            matches!(outcome, Accepted::Stream(_)),
            welcome,
            "{id} {value}"
        );
    }
}

#[test]
fn a_wildcard_leaves_nothing_behind() {
    let listener = listen("ipc://*", &options()).expect("bind");
    let path = PathBuf::from(at(&listener).strip_prefix("ipc://").expect("ipc"));
    assert!(path.ends_with("socket") && path.exists());
    drop(listener);
    assert!(!path.exists() && !path.parent().is_some_and(Path::exists));
}

#[test]
fn a_rebind_keeps_its_file() {
    let path = unique_path();
    let first = listen(&ipc(&path), &options()).expect("bind");
    let second = listen(&ipc(&path), &options()).expect("overrides");
    drop(first);
    let client = dial(&ipc(&path), &options()).expect("the successor's file is there");
    drop((accepted(&second, &options()), client));
    drop(second);
    assert!(!path.exists());
}

#[test]
fn stale_files_are_replaced_and_data_is_not() {
    let path = unique_path();
    drop(std::os::unix::net::UnixListener::bind(&path).expect("leaves its file behind"));
    drop(listen(&ipc(&path), &options()).expect("replaces it"));
    std::fs::write(&path, b"").expect("writable");
    drop(listen(&ipc(&path), &options()).expect("replaces an empty file"));
    std::fs::write(&path, b"data").expect("writable");
    assert_eq!(
        listen(&ipc(&path), &options()).err(),
        Some(Errno::EADDRINUSE)
    );
    assert_eq!(std::fs::read(&path).ok().as_deref(), Some(&b"data"[..]));
    std::fs::remove_file(&path).expect("there");
}

#[test]
fn an_abstract_name_has_one_owner() {
    let name = format!("ipc://@ferrozmq-{}-owner", std::process::id());
    let first = listen(&name, &options()).expect("bind");
    assert_eq!(at(&first), name);
    assert_eq!(listen(&name, &options()).err(), Some(Errno::EADDRINUSE));
    drop(first);
    assert!(listen(&name, &options()).is_ok());
}

#[test]
fn descriptors_of_the_application() {
    let path = unique_path();
    let theirs = std::os::unix::net::UnixListener::bind(&path)
        .expect("bind")
        .into_raw_fd();
    let mut with_fd = options();
    with_fd.use_fd = theirs;
    let listener = listen(&ipc(&path), &with_fd).expect("taken over");
    assert_eq!(at(&listener), ipc(&path));
    let client = dial(at(&listener), &options()).expect("connect");
    drop((accepted(&listener, &options()), client, listener));
    assert!(path.exists());
    std::fs::remove_file(&path).expect("there");

    let theirs = std::net::TcpListener::bind("127.0.0.1:0").expect("bind");
    let endpoint = format!("tcp://{}", theirs.local_addr().expect("bound"));
    with_fd.use_fd = theirs.into_raw_fd();
    let listener = listen("tcp://127.0.0.1:*", &with_fd).expect("taken over");
    assert_eq!(listener.endpoint(), endpoint.as_bytes());
    with_fd.use_fd = i32::MAX;
    assert_eq!(
        listen("tcp://127.0.0.1:*", &with_fd).err(),
        Some(Errno::EBADF)
    );
}
