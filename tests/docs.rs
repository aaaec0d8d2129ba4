//! `docs/options.md`: what there is and in what state, generated from the code.
//!
//! Options come from the table, functions from the export list, and which socket types, transports and
//! capabilities there are is asked of the library itself, so that the page cannot promise what is not
//! there. `UPDATE_DOCS=1 cargo test --test docs` writes the page anew. The manual pages are checked in [`manual`].

mod manual;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use zmq::capi;
use zmq::errno::Errno;
use zmq::exports::EXPORTS;
use zmq::option::{
    Access, ContextDefaults, Effect, Kind, OptionSpec, OptionWriter, SocketOptions, TABLE, Types,
};
use zmq::runtime::{Context, SocketHandle};
use zmq::socket_type::SocketType;
use zmq::sys::sleep::block_on;

const HINT: &str = "not what the code says; run UPDATE_DOCS=1 cargo test --test docs";

#[test]
fn committed_page_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/options.md");
    let generated = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &generated).expect("cannot write docs/options.md");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    for (i, (committed, generated)) in committed.lines().zip(generated.lines()).enumerate() {
        assert_eq!(committed, generated, "docs/options.md:{}: {HINT}", i + 1);
    }
    assert!(
        committed == generated,
        "docs/options.md has another length: {HINT}"
    );
}

#[test]
fn options_that_are_stored_only_exist() {
    for (names, _) in STORED_ONLY {
        for name in *names {
            assert!(TABLE.iter().any(|spec| spec.name == *name), "{name}");
        }
    }
}

fn page() -> String {
    let mut page = String::from(
        "# What works\n\n\
         Generated from the code by `UPDATE_DOCS=1 cargo test --test docs`; do not edit. A test compares.\n\
         What the functions and options mean is in the manual pages, `../man`; the numbers are those of `zmq.h`.\n\n",
    );
    functions(&mut page);
    socket_types(&mut page);
    transports(&mut page);
    capabilities(&mut page);
    context_options(&mut page);
    socket_options(&mut page);
    page
}

// --- functions -------------------------------------------------------------------------------------

/// Draft functions whose work is not done yet, and how to see that: each is called on a socket of a type.
type Probe = fn(SocketHandle) -> Result<(), Errno>;
const PROBES: &[(&str, SocketType, Probe)] = &[
    ("zmq_connect_peer", SocketType::Peer, |socket| {
        socket.connect_peer(b"inproc://nobody").map(drop)
    }),
    ("zmq_disconnect_peer", SocketType::Peer, |socket| {
        socket.disconnect_peer(1)
    }),
    ("zmq_join", SocketType::Dish, |socket| socket.join(b"group")),
    ("zmq_leave", SocketType::Dish, |socket| {
        socket.leave(b"group")
    }),
    (
        "zmq_socket_monitor_pipes_stats",
        SocketType::Router,
        |socket| {
            socket.monitor(
                Some(b"inproc://docs-monitor".as_slice()),
                0xFFFF,
                2,
                SocketType::Pair as i32,
            )?;
            let result = socket.monitor_pipes_stats();
            socket.monitor(None, 0, 2, SocketType::Pair as i32)?;
            result
        },
    ),
];

/// Those of them that are not there.
fn missing_functions() -> Vec<&'static str> {
    let missing = PROBES
        .iter()
        .filter(|(_, ty, probe)| with_socket(*ty, probe) == Err(Errno::ENOTSUP));
    missing.map(|(name, ..)| *name).collect()
}

fn functions(page: &mut String) {
    let missing = missing_functions();
    let (stable, draft) = stable_and_draft();
    assert_eq!(stable.len() + draft.len(), EXPORTS.len());
    let _ = write!(
        page,
        "## Functions\n\nAll {} functions of the 4.3.6 contract are exported, and nothing else.\n\n\
         The {} stable ones work:\n\n{}\n\n",
        EXPORTS.len(),
        stable.len(),
        names(&stable)
    );
    let (absent, present): (Vec<&str>, Vec<&str>) =
        draft.iter().partition(|name| missing.contains(name));
    let _ = write!(
        page,
        "Of the {} draft ones these work:\n\n{}\n\n",
        draft.len(),
        names(&present)
    );
    if !absent.is_empty() {
        let _ = write!(
            page,
            "and these answer `ENOTSUP`, after checking their handle:\n\n{}\n\n",
            names(&absent)
        );
    }
}

/// The header says which functions are drafts: those behind the guard.
fn stable_and_draft() -> (Vec<&'static str>, Vec<&'static str>) {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/zmq.h");
    let header = fs::read_to_string(header).expect("include/zmq.h");
    let guard = header
        .rfind("#ifdef ZMQ_BUILD_DRAFT_API")
        .expect("the draft part");
    let declares = |part: &str, name: &str| {
        let mut text = part;
        while let Some(at) = text.find(name) {
            text = &text[at + name.len()..];
            if text.trim_start().starts_with('(') && !text.trim_start().starts_with("()") {
                return true;
            }
        }
        false
    };
    EXPORTS.iter().copied().partition(|name| {
        let stable = declares(&header[..guard], name);
        assert!(
            stable || declares(&header[guard..], name),
            "{name} is not declared"
        );
        stable
    })
}

fn names(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

// --- socket types, transports, capabilities ----------------------------------------------------------

/// Why there are no sockets of a type; `None`: there are.
fn missing_type(ty: SocketType) -> Option<Errno> {
    let context = Context::new();
    let opened = context.socket(ty as i32);
    if let Ok(socket) = opened {
        socket.close().expect("just opened");
    }
    block_on(async |bed| context.terminate(bed).await).expect("nothing is open");
    opened.err()
}

fn socket_types(page: &mut String) {
    page.push_str("## Socket types\n\n| type | number | state | talks to |\n|---|---|---|---|\n");
    let types: Vec<SocketType> = (0..64).filter_map(SocketType::from_id).collect();
    for &ty in &types {
        let state = match missing_type(ty) {
            None if (ty as i32) < SocketType::Server as i32 => "works".to_owned(),
            None => "draft: works".to_owned(),
            Some(errno) => format!(
                "draft: not there, `zmq_socket` fails with `{}`",
                errno_name(errno)
            ),
        };
        let peers: Vec<&str> = types
            .iter()
            .filter(|&&peer| ty.talks_to(peer))
            .map(|peer| peer.name())
            .collect();
        let peers = if ty == SocketType::Stream {
            "raw TCP".to_owned()
        } else {
            peers.join(", ")
        };
        let _ = writeln!(
            page,
            "| {} | {} | {state} | {peers} |",
            ty.name(),
            ty as i32
        );
    }
    page.push('\n');
}

/// A transport, an endpoint of it that can be bound, and its name for people.
const TRANSPORTS: &[(&str, &str, &str)] = &[
    ("inproc", "inproc://docs", "between threads of a process"),
    (
        "ipc",
        "ipc://@ferrozmq-docs-",
        "Unix sockets, also in the abstract namespace",
    ),
    ("tcp", "tcp://127.0.0.1:*", "IPv4 and IPv6"),
    (
        "udp",
        "udp://127.0.0.1:*",
        "draft: datagrams, for RADIO, DISH and DGRAM",
    ),
    ("ws", "ws://127.0.0.1:*", "WebSocket"),
    (
        "wss",
        "wss://127.0.0.1:*",
        "WebSocket over TLS; by the system's GnuTLS",
    ),
    ("vsock", "vsock://@:*", "virtual machines and their host"),
    ("vmci", "vmci://*:5555", "virtual machines"),
    ("tipc", "tipc://{5560,0,0}", "clusters"),
    (
        "pgm",
        "pgm://127.0.0.1;239.7.7.7:5555",
        "multicast with repairs, for PUB, SUB, XPUB and XSUB; by the system's libpgm",
    ),
    (
        "epgm",
        "epgm://127.0.0.1;239.7.7.7:5555",
        "the same within UDP",
    ),
    (
        "norm",
        "norm://lo;239.7.7.7:5555",
        "multicast with repairs, for PUB, SUB, XPUB and XSUB; by the system's libnorm",
    ),
];

/// Those that not every kernel has: what is said of them is the same on all machines.
const OF_KERNEL: &[&str] = &["vsock", "tipc"];

/// Why a transport cannot be used; `None`: it can.
fn missing_transport(name: &str, endpoint: &str) -> Option<Errno> {
    let endpoint = match name {
        // Tests run at the same time, each in a process of its own or on a thread.
        "ipc" => {
            format!("{endpoint}{:?}", std::thread::current().id()) + &std::process::id().to_string()
        }
        _ => endpoint.to_owned(),
    };
    let ty = match name {
        "udp" => SocketType::Dish,
        "norm" | "pgm" | "epgm" => SocketType::Sub,
        _ => SocketType::Pair,
    };
    let error = with_socket(ty, |socket| socket.bind(endpoint.as_bytes())).err();
    // What needs a privilege is there without it.
    let error = error.filter(|&errno| errno != Errno::EPERM);
    // wss has no certificate here.
    let may_fail = OF_KERNEL.contains(&name) || name == "wss";
    error.filter(|&errno| !may_fail || errno == Errno::EPROTONOSUPPORT)
}

fn transports(page: &mut String) {
    page.push_str("## Transports\n\n| transport | | state |\n|---|---|---|\n");
    for (name, endpoint, what) in TRANSPORTS {
        let state = match missing_transport(name, endpoint) {
            None if OF_KERNEL.contains(name) => "works where the kernel has it".to_owned(),
            None => "works".to_owned(),
            Some(errno) => format!(
                "not there: bind and connect fail with `{}`",
                errno_name(errno)
            ),
        };
        let _ = writeln!(page, "| {name} | {what} | {state} |");
    }
    page.push('\n');
}

fn capabilities(page: &mut String) {
    page.push_str("## `zmq_has`\n\n| capability | answer |\n|---|---|\n");
    for name in [
        c"ipc", c"curve", c"draft", c"gssapi", c"norm", c"pgm", c"tipc", c"vmci", c"vsock", c"WS",
        c"WSS",
    ] {
        // SAFETY: a string with its NUL.
        let answer = unsafe { capi::capability::zmq_has(name.as_ptr()) };
        // The one that depends on the machine.
        let answer = match name.to_bytes() {
            b"gssapi" if cfg!(feature = "gssapi") => {
                "1 where `libgssapi_krb5.so.2` can be loaded".to_owned()
            }
            _ => answer.to_string(),
        };
        let _ = writeln!(page, "| {} | {answer} |", name.to_string_lossy());
    }
    page.push('\n');
}

fn with_socket<T>(ty: SocketType, f: impl FnOnce(SocketHandle) -> T) -> T {
    let context = Context::new();
    let socket = context.socket(ty as i32).expect("a type that is there");
    let linger = 0_i32.to_ne_bytes();
    socket
        .set_option(zmq::option::id::LINGER, Some(&linger))
        .expect("every socket has it");
    let result = f(socket);
    socket.close().expect("it is open");
    block_on(async |bed| context.terminate(bed).await).expect("nothing is open");
    result
}

fn errno_name(errno: Errno) -> String {
    match errno {
        Errno::EINVAL => "EINVAL".to_owned(),
        Errno::ENOTSUP => "ENOTSUP".to_owned(),
        Errno::EPROTONOSUPPORT => "EPROTONOSUPPORT".to_owned(),
        errno => format!("{errno}"),
    }
}

// --- options -----------------------------------------------------------------------------------------

const CONTEXT_OPTIONS: &[(&str, i32, &str)] = &[
    ("IO_THREADS", 1, "before the first bind or connect"),
    ("MAX_SOCKETS", 2, "before the first socket"),
    ("SOCKET_LIMIT", 3, "read only"),
    ("THREAD_PRIORITY", 3, "set only; threads started later"),
    ("THREAD_SCHED_POLICY", 4, "threads started later"),
    ("MAX_MSGSZ", 5, "stored and validated only"),
    ("MSG_T_SIZE", 6, "read only"),
    (
        "THREAD_AFFINITY_CPU_ADD",
        7,
        "set only; threads started later",
    ),
    (
        "THREAD_AFFINITY_CPU_REMOVE",
        8,
        "set only; threads started later",
    ),
    ("THREAD_NAME_PREFIX", 9, "threads started later"),
    ("ZERO_COPY_RECV", 10, "draft; sockets made later"),
    ("IPV6", zmq::option::id::IPV6, "sockets made later"),
    ("BLOCKY", zmq::option::id::BLOCKY, "sockets made later"),
];

fn context_options(page: &mut String) {
    page.push_str(
        "## Options of a context\n\n| option | number | default | takes effect |\n|---|---|---|---|\n",
    );
    for (name, id, effect) in CONTEXT_OPTIONS {
        let default = context_default(*id, effect);
        let _ = writeln!(page, "| {name} | {id} | {default} | {effect} |");
    }
    page.push('\n');
}

/// What a new context answers; nothing for options that can only be set.
fn context_default(id: i32, effect: &str) -> String {
    match Context::new().get(id) {
        Ok(value) if !effect.starts_with("set only") => value.to_string(),
        _ => String::new(),
    }
}

/// Options that nothing acts on, and why.
const STORED_ONLY: &[(&[&str], &str)] = &[
    (
        &[
            "VMCI_BUFFER_SIZE",
            "VMCI_BUFFER_MIN_SIZE",
            "VMCI_BUFFER_MAX_SIZE",
            "VMCI_CONNECT_TIMEOUT",
        ],
        "stored: no VMCI",
    ),
    (
        &["IN_BATCH_SIZE", "OUT_BATCH_SIZE"],
        "stored: batches have the size that pays",
    ),
    (&["LOOPBACK_FASTPATH"], "stored: for Windows only"),
];

fn socket_options(page: &mut String) {
    let _ = write!(
        page,
        "## Options of a socket\n\n\
         {} options. *Now* means that existing connections hear of a change, *next* that it holds for later\n\
         calls of `zmq_bind` and `zmq_connect`. Numbers are `int` unless they say otherwise.\n\n\
         | option | number | value | default | access | sockets | takes effect |\n\
         |---|---|---|---|---|---|---|\n",
        TABLE.len()
    );
    for spec in TABLE {
        let draft = if spec.draft { " (draft)" } else { "" };
        let _ = writeln!(
            page,
            "| {}{draft} | {} | {} | {} | {} | {} | {} |",
            spec.name,
            spec.id,
            value(&spec.kind),
            default(spec),
            match spec.access {
                Access::ReadWrite => "get, set",
                Access::Read => "get",
                Access::Write => "set",
            },
            match spec.types {
                Types::All => "all".to_owned(),
                Types::Only(types) => types
                    .iter()
                    .map(|ty| ty.name())
                    .collect::<Vec<_>>()
                    .join(", "),
            },
            effect(spec),
        );
    }
}

fn effect(spec: &OptionSpec) -> &'static str {
    let stored = STORED_ONLY
        .iter()
        .find(|(names, _)| names.contains(&spec.name));
    match (stored, spec.access, spec.effect) {
        (Some((_, why)), ..) => why,
        (None, Access::Read, _) => "",
        (None, _, Effect::Now) => "now",
        (None, _, Effect::NextEndpoint) => "next",
    }
}

fn value(kind: &Kind) -> String {
    let at_most = |max: usize| match max {
        usize::MAX => String::new(),
        max => format!(" to {max}"),
    };
    match kind {
        Kind::Int { min, max, .. } => match (*min, *max) {
            (i32::MIN, i32::MAX) => "any number".to_owned(),
            (min, i32::MAX) => format!("{min} and up"),
            (min, max) => format!("{min} to {max}"),
        },
        Kind::Bool(_) | Kind::Server(_) => "0, 1".to_owned(),
        Kind::Switch(_) => "0, on above".to_owned(),
        Kind::Truth(_) => "0, on otherwise".to_owned(),
        Kind::Millis { none, min, .. } => format!("ms, {min} and up; {none}: none"),
        Kind::I64(_) => "`int64_t`".to_owned(),
        Kind::U64(_) => "`uint64_t`".to_owned(),
        Kind::Text { min, max, .. } => format!("string, {min}{} bytes", at_most(*max)),
        Kind::Binary { min, max, .. } => format!("data, {min}{} bytes", at_most(*max)),
        Kind::Key(_) => "key, 32 bytes or Z85".to_owned(),
        Kind::State => String::new(),
        Kind::Special(special) => match format!("{special:?}").as_str() {
            "Subscribe" | "Unsubscribe" => "data: how a topic begins",
            "Type" | "Mechanism" => "",
            "Ipv4Only" => "0, 1: the opposite of IPV6",
            "HeartbeatTtl" => "ms, in steps of 100",
            "Metadata" => "string, `X-name:value`; adds one",
            "TcpAcceptFilter" => "string, address/bits; adds one",
            "IpcFilterPid" | "IpcFilterUid" | "IpcFilterGid" => "a number; adds one",
            other => panic!("a rule that this page does not know: {other}"),
        }
        .to_owned(),
    }
}

/// What `zmq_getsockopt` answers for a new socket of the first type that has the option; for options
/// that can only be set, the field of the same name.
fn default(spec: &OptionSpec) -> String {
    let ty = match spec.types {
        Types::All => SocketType::Dealer,
        Types::Only(types) => types[0],
    };
    let options = SocketOptions::new(ty, &ContextDefaults::default());
    let size = match spec.kind {
        Kind::State => return String::new(),
        Kind::Special(_) if spec.access == Access::Read => return String::new(),
        Kind::I64(_) | Kind::U64(_) => 8,
        Kind::Text { .. } | Kind::Binary { .. } | Kind::Key(_) => 256,
        _ => 4,
    };
    let mut buffer = vec![0; size];
    let mut writer = OptionWriter::new(&mut buffer[..if size == 256 { 41 } else { size }]);
    if options.get(spec.id, &mut writer).is_err() {
        return switch_in_debug_text(&options, spec).unwrap_or_default();
    }
    let len = writer.written().unwrap_or(0);
    let bytes = &buffer[..len];
    match spec.kind {
        Kind::I64(_) => i64::from_ne_bytes(bytes.try_into().expect("8 bytes")).to_string(),
        Kind::U64(_) => u64::from_ne_bytes(bytes.try_into().expect("8 bytes")).to_string(),
        Kind::Key(_) => "none".to_owned(),
        Kind::Text { .. } | Kind::Binary { .. } => {
            if bytes.iter().all(|&byte| byte == 0) {
                "empty".to_owned()
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            }
        }
        _ => i32::from_ne_bytes(bytes.try_into().expect("4 bytes")).to_string(),
    }
}

fn switch_in_debug_text(options: &SocketOptions, spec: &OptionSpec) -> Option<String> {
    let text = format!("{options:?}");
    let field = format!(" {}: ", spec.name.to_lowercase());
    let rest = &text[text.find(&field)? + field.len()..];
    match rest.split([',', ' ']).next()? {
        "true" => Some("1".to_owned()),
        "false" => Some("0".to_owned()),
        "[]" => Some("empty".to_owned()),
        number => number.parse::<i64>().ok().map(|number| number.to_string()),
    }
}

/// Defaults that the manual names: if the page is wrong about these, it is wrong about more.
#[test]
fn some_defaults_are_those_of_the_manual() {
    let of = |name: &str| {
        let spec = TABLE
            .iter()
            .find(|spec| spec.name == name)
            .expect("an option");
        default(spec)
    };
    assert_eq!(of("SNDHWM"), "1000");
    assert_eq!(of("LINGER"), "-1");
    assert_eq!(
        of("HANDSHAKE_IVL"),
        Duration::from_secs(30).as_millis().to_string()
    );
    assert_eq!(of("STREAM_NOTIFY"), "1");
    assert_eq!(of("ROUTER_MANDATORY"), "0");
    assert_eq!(of("MAXMSGSIZE"), "-1");
}
