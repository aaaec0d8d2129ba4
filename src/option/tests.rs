//! The table against the manual, and the rules of setting and reading.

use std::time::Duration;

use super::table::Special;
use super::*;
use crate::errno::{Errno, Result};
use crate::socket_type::SocketType;

fn options(ty: SocketType) -> SocketOptions {
    SocketOptions::new(ty, &ContextDefaults::default())
}

fn all_types() -> impl Iterator<Item = SocketType> {
    (0..=20).filter_map(SocketType::from_id)
}

fn set_int(options: &mut SocketOptions, id: i32, value: i32) -> Result<()> {
    options.set(id, &value.to_ne_bytes()).map(|_| ())
}

/// Reads an option through a buffer of `size` bytes; gives the size of the value and the buffer.
fn read(options: &SocketOptions, id: i32, size: usize) -> Result<(usize, Vec<u8>)> {
    let mut buffer = vec![0xee; size];
    let mut out = OptionWriter::new(&mut buffer);
    options.get(id, &mut out)?;
    let written = out.written().expect("a value");
    Ok((written, buffer))
}

fn read_int(options: &SocketOptions, id: i32) -> Result<i32> {
    let (_, bytes) = read(options, id, 4)?;
    Ok(i32::from_ne_bytes(bytes.try_into().expect("four bytes")))
}

#[test]
fn table_is_sorted_by_number() {
    assert!(TABLE.is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(find(id::LINGER).map(|spec| spec.name), Some("LINGER"));
    for unknown in [-1, 0, 1, 10, 20, 26, 70, 125, i32::MAX] {
        assert!(find(unknown).is_none());
        assert_eq!(
            set_int(&mut options(SocketType::Pair), unknown, 1),
            Err(Errno::EINVAL)
        );
        assert_eq!(
            read_int(&options(SocketType::Pair), unknown),
            Err(Errno::EINVAL)
        );
    }
}

/// Default values of the numbers, from the manual.
#[test]
fn defaults() {
    let defaults = [
        (id::RATE, 100),
        (id::RECOVERY_IVL, 10_000),
        (id::SNDBUF, -1),
        (id::RCVBUF, -1),
        (id::LINGER, -1),
        (id::RECONNECT_IVL, 100),
        (id::BACKLOG, 100),
        (id::RECONNECT_IVL_MAX, 0),
        (id::SNDHWM, 1000),
        (id::RCVHWM, 1000),
        (id::MULTICAST_HOPS, 1),
        (id::RCVTIMEO, -1),
        (id::SNDTIMEO, -1),
        (id::IPV4ONLY, 1),
        (id::TCP_KEEPALIVE, -1),
        (id::TCP_KEEPALIVE_CNT, -1),
        (id::TCP_KEEPALIVE_IDLE, -1),
        (id::TCP_KEEPALIVE_INTVL, -1),
        (id::IMMEDIATE, 0),
        (id::IPV6, 0),
        (id::MECHANISM, 0),
        (id::PLAIN_SERVER, 0),
        (id::CURVE_SERVER, 0),
        (id::CONFLATE, 0),
        (id::TOS, 0),
        (id::GSSAPI_SERVER, 0),
        (id::GSSAPI_PLAINTEXT, 0),
        (id::HANDSHAKE_IVL, 30_000),
        (id::INVERT_MATCHING, 0),
        (id::HEARTBEAT_IVL, 0),
        (id::HEARTBEAT_TTL, 0),
        (id::HEARTBEAT_TIMEOUT, -1),
        (id::CONNECT_TIMEOUT, 0),
        (id::TCP_MAXRT, 0),
        (id::MULTICAST_MAXTPDU, 1500),
        (id::VMCI_CONNECT_TIMEOUT, -1),
        (id::USE_FD, -1),
        (id::GSSAPI_PRINCIPAL_NAMETYPE, 0),
        (id::ZAP_ENFORCE_DOMAIN, 0),
        (id::MULTICAST_LOOP, 1),
        (id::ROUTER_NOTIFY, 0),
        (id::IN_BATCH_SIZE, 8192),
        (id::OUT_BATCH_SIZE, 8192),
        (id::RECONNECT_STOP, 0),
        (id::PRIORITY, 0),
        (id::NORM_MODE, 1),
        (id::NORM_BUFFER_SIZE, 2048),
        (id::NORM_SEGMENT_SIZE, 1400),
        (id::NORM_BLOCK_SIZE, 16),
        (id::NORM_NUM_PARITY, 4),
        (id::NORM_NUM_AUTOPARITY, 0),
    ];
    for (id, value) in defaults {
        assert_eq!(
            read_int(&options(SocketType::Pair), id),
            Ok(value),
            "option {id}"
        );
    }
    for ty in all_types() {
        let fleeting = matches!(ty, SocketType::Sub | SocketType::Xsub | SocketType::Dish);
        assert_eq!(
            read_int(&options(ty), id::LINGER),
            Ok(if fleeting { 0 } else { -1 })
        );
        assert_eq!(read_int(&options(ty), id::TYPE), Ok(ty as i32));
    }
    let context = ContextDefaults {
        ipv6: true,
        blocky: false,
        zero_copy: false,
    };
    let inherited = SocketOptions::new(SocketType::Push, &context);
    assert_eq!(read_int(&inherited, id::LINGER), Ok(0));
    assert_eq!(read_int(&inherited, id::IPV6), Ok(1));
    assert!(!inherited.zero_copy);
}

/// Every number: the ends of its range and what lies beyond, wrong sizes, reading back.
#[test]
fn ranges_of_numbers() {
    for spec in TABLE {
        let (min, max) = match spec.kind {
            Kind::Int { min, max, .. } => (min, max),
            Kind::Bool(_) | Kind::Server(_) => (0, 1),
            Kind::Switch(_) => (0, i32::MAX),
            Kind::Truth(_) => (i32::MIN, i32::MAX),
            Kind::Millis { min, .. } => (min, i32::MAX),
            _ => continue,
        };
        let truth = matches!(spec.kind, Kind::Switch(_) | Kind::Truth(_));
        let ty = all_types()
            .find(|&ty| spec.types.include(ty))
            .expect("a type that has it");
        let mut options = options(ty);
        for value in [min, min.saturating_add(1), max - 1, max] {
            assert_eq!(
                set_int(&mut options, spec.id, value),
                Ok(()),
                "{} {value}",
                spec.name
            );
            if spec.access == Access::ReadWrite {
                let expected = if truth { i32::from(value != 0) } else { value };
                assert_eq!(
                    read_int(&options, spec.id),
                    Ok(expected),
                    "{} {value}",
                    spec.name
                );
            }
        }
        for value in [min.wrapping_sub(1), max.wrapping_add(1)] {
            if !(min..=max).contains(&value) {
                assert_eq!(set_int(&mut options, spec.id, value), Err(Errno::EINVAL));
            }
        }
        for size in [0, 1, 3, 5, 8] {
            assert_eq!(
                options.set(spec.id, &vec![0; size]),
                Err(Errno::EINVAL),
                "{}",
                spec.name
            );
            assert!(read(&options, spec.id, size).is_err(), "{}", spec.name);
        }
    }
}

#[test]
fn lengths_of_strings_and_data() {
    for spec in TABLE {
        let (Kind::Text { min, max, .. } | Kind::Binary { min, max, .. }) = spec.kind else {
            continue;
        };
        let ty = all_types()
            .find(|&ty| spec.types.include(ty))
            .expect("a type that has it");
        let mut options = options(ty);
        for length in [0, 1, 16, 17, 255, 256, 70_000] {
            let fits = (min..=max).contains(&length);
            let ok = options.set(spec.id, &vec![b'a'; length]).is_ok();
            assert_eq!(ok, fits, "{} {length}", spec.name);
            if fits && spec.access == Access::ReadWrite {
                let nul = usize::from(matches!(spec.kind, Kind::Text { .. }));
                assert!(length + nul == 0 || read(&options, spec.id, length + nul - 1).is_err());
                let (written, buffer) = read(&options, spec.id, length + 3).expect("fits");
                assert_eq!(written, length + nul, "{}", spec.name);
                assert!(buffer[..length].iter().all(|&byte| byte == b'a'));
                assert_eq!(buffer[length..], [0; 3]);
            }
        }
    }
}

#[test]
fn options_of_a_pattern_belong_to_its_types() {
    for spec in TABLE {
        for ty in all_types() {
            if spec.types.include(ty) || spec.access == Access::Read {
                continue;
            }
            let mut options = options(ty);
            assert_eq!(
                set_int(&mut options, spec.id, 1),
                Err(Errno::EINVAL),
                "{}",
                spec.name
            );
            assert_eq!(
                options.set(spec.id, b"abc"),
                Err(Errno::EINVAL),
                "{}",
                spec.name
            );
        }
    }
    assert_eq!(
        set_int(&mut options(SocketType::Push), id::ROUTER_MANDATORY, 1),
        Err(Errno::EINVAL)
    );
}

#[test]
fn changes_that_others_hear_of() {
    let one = 1_i32.to_ne_bytes();
    let mut sub = options(SocketType::Sub);
    assert_eq!(sub.set(id::SUBSCRIBE, b"a"), Ok(Change::Subscribe(b"a")));
    assert_eq!(sub.set(id::UNSUBSCRIBE, b""), Ok(Change::Unsubscribe(b"")));
    assert_eq!(sub.set(id::RCVHWM, &one), Ok(Change::Hwm));
    assert_eq!(sub.set(id::LINGER, &one), Ok(Change::Linger));
    assert_eq!(sub.set(id::SNDTIMEO, &one), Ok(Change::Stored));
    let matching = sub.set(id::INVERT_MATCHING, &one);
    assert_eq!(matching, Ok(Change::Pattern(id::INVERT_MATCHING)));

    let mut xpub = options(SocketType::Xpub);
    assert_eq!(xpub.set(id::SUBSCRIBE, b"a"), Err(Errno::EINVAL));
    let manual = xpub.set(id::XPUB_MANUAL, &one);
    assert_eq!(manual, Ok(Change::Pattern(id::XPUB_MANUAL)));
    assert_eq!(xpub.set(id::SUBSCRIBE, b"a"), Ok(Change::Subscribe(b"a")));
    assert_eq!(
        xpub.set(id::UNSUBSCRIBE, b"a"),
        Ok(Change::Unsubscribe(b"a"))
    );
}

#[test]
fn typed_fields() {
    let mut options = options(SocketType::Xpub);
    assert_eq!(set_int(&mut options, id::LINGER, 0), Ok(()));
    assert_eq!(options.linger, Some(Duration::ZERO));
    assert_eq!(set_int(&mut options, id::RECONNECT_IVL, -1), Ok(()));
    assert_eq!(options.reconnect_ivl, None);
    assert_eq!(set_int(&mut options, id::HANDSHAKE_IVL, 0), Ok(()));
    assert_eq!(options.handshake_ivl, None);
    assert_eq!(options.max_msg_size(), None);
    assert!(options.set(id::MAXMSGSIZE, &7_i64.to_ne_bytes()).is_ok());
    assert_eq!(options.max_msg_size(), Some(7));
    assert_eq!(set_int(&mut options, id::IPV4ONLY, 0), Ok(()));
    assert!(options.ipv6);
    assert_eq!(set_int(&mut options, id::XPUB_VERBOSER, 1), Ok(()));
    assert!(options.xpub_verbose && options.xpub_verboser);
    assert_eq!(set_int(&mut options, id::XPUB_VERBOSE, 1), Ok(()));
    assert!(options.xpub_verbose && !options.xpub_verboser);
    assert_eq!(set_int(&mut options, id::XPUB_MANUAL_LAST_VALUE, 1), Ok(()));
    assert!(options.xpub_manual);
}

#[test]
fn heartbeat_ttl_counts_tenths() {
    let mut options = options(SocketType::Dealer);
    for (set, got) in [
        (6_553_599, 6_553_500),
        (99, 0),
        (100, 100),
        (250, 200),
        (0, 0),
        (-99, 0),
    ] {
        assert_eq!(
            set_int(&mut options, id::HEARTBEAT_TTL, set),
            Ok(()),
            "{set}"
        );
        assert_eq!(read_int(&options, id::HEARTBEAT_TTL), Ok(got), "{set}");
    }
    assert_eq!(options.heartbeat_ttl, None);
    for bad in [6_553_600, -100, i32::MIN] {
        assert_eq!(
            set_int(&mut options, id::HEARTBEAT_TTL, bad),
            Err(Errno::EINVAL),
            "{bad}"
        );
    }
}

#[test]
fn mechanism_follows_the_last_option() {
    let mut options = options(SocketType::Req);
    assert!(!options.needs_security());
    let mechanism = |options: &SocketOptions| read_int(options, id::MECHANISM).expect("readable");
    assert!(options.set(id::PLAIN_USERNAME, b"admin").is_ok());
    assert_eq!(mechanism(&options), 1);
    assert!(options.needs_security());
    assert!(options.set(id::PLAIN_USERNAME, b"").is_ok());
    assert_eq!(mechanism(&options), 0);
    assert_eq!(set_int(&mut options, id::PLAIN_SERVER, 1), Ok(()));
    assert_eq!(
        (mechanism(&options), read_int(&options, id::PLAIN_SERVER)),
        (1, Ok(1))
    );
    assert_eq!(set_int(&mut options, id::CURVE_SERVER, 1), Ok(()));
    assert_eq!(
        (mechanism(&options), read_int(&options, id::PLAIN_SERVER)),
        (2, Ok(0))
    );
    assert!(options.set(id::CURVE_SECRETKEY, &[7; 32]).is_ok());
    assert_eq!(read_int(&options, id::CURVE_SERVER), Ok(1));
    assert!(options.set(id::CURVE_SERVERKEY, &[7; 32]).is_ok());
    assert_eq!(
        (mechanism(&options), read_int(&options, id::CURVE_SERVER)),
        (2, Ok(0))
    );
    assert_eq!(set_int(&mut options, id::CURVE_SERVER, 0), Ok(()));
    assert!(!options.needs_security());
    assert_eq!(set_int(&mut options, id::GSSAPI_SERVER, 0), Ok(()));
    assert_eq!(mechanism(&options), 3);
    assert_eq!(set_int(&mut options, id::PLAIN_SERVER, 0), Ok(()));
    assert!(options.set(id::ZAP_DOMAIN, b"global").is_ok());
    assert!(options.wants_zap() && options.needs_security());
}

#[test]
fn curve_keys_in_both_forms() {
    let mut options = options(SocketType::Req);
    let text = b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    let with_nul = [&text[..], b"\0"].concat();
    assert!(options.set(id::CURVE_PUBLICKEY, text).is_ok());
    let key = options.security.curve_public_key;
    assert_ne!(key, [0; 32]);
    assert!(options.set(id::CURVE_PUBLICKEY, &[0; 32]).is_ok());
    assert!(options.set(id::CURVE_PUBLICKEY, &with_nul).is_ok());
    assert_eq!(options.security.curve_public_key, key);
    assert_eq!(
        read(&options, id::CURVE_PUBLICKEY, 41),
        Ok((41, with_nul.clone()))
    );
    assert_eq!(
        read(&options, id::CURVE_PUBLICKEY, 32),
        Ok((32, key.to_vec()))
    );
    assert_eq!(read(&options, id::CURVE_PUBLICKEY, 40), Err(Errno::EINVAL));
    for bad in [
        &[b'0'; 41][..],
        &[0; 31],
        &[b'#'; 40],
        b" 00000000000000000000000000000000000000",
        b"",
    ] {
        assert_eq!(options.set(id::CURVE_SECRETKEY, bad), Err(Errno::EINVAL));
    }
    assert!(!format!("{options:?}").contains("curve_secret_key"));
}

#[test]
fn metadata_and_filters_pile_up() {
    let mut options = options(SocketType::Router);
    for good in [&b"X-a:b"[..], b"X-key:v:w\0"] {
        assert!(options.set(id::METADATA, good).is_ok());
    }
    let expected = [
        ("X-a".to_owned(), b"b".to_vec()),
        ("X-key".to_owned(), b"v:w".to_vec()),
    ];
    assert_eq!(options.metadata, expected);
    let long = [b"X-".as_slice(), &[b'a'; 254], b":b"].concat();
    for bad in [
        &b"X-:b"[..],
        b"a:b",
        b"X-a:",
        b"X-a",
        b"",
        b"Xa:b",
        b"x-a:b",
        &long,
    ] {
        assert_eq!(options.set(id::METADATA, bad), Err(Errno::EINVAL));
    }

    assert!(options.set(id::TCP_ACCEPT_FILTER, b"127.0.0.1/32").is_ok());
    assert!(options.set(id::TCP_ACCEPT_FILTER, b"10.0.0.0/8\0").is_ok());
    assert_eq!(options.tcp_accept_filters.len(), 2);
    assert!(options.set(id::TCP_ACCEPT_FILTER, b"").is_ok());
    assert!(options.tcp_accept_filters.is_empty());

    assert!(!options.filters_ipc());
    for id in [id::IPC_FILTER_PID, id::IPC_FILTER_UID, id::IPC_FILTER_GID] {
        assert_eq!(set_int(&mut options, id, 42), Ok(()));
        assert!(options.filters_ipc());
        assert_eq!(options.set(id, &[0; 3]), Err(Errno::EINVAL));
        assert!(options.set(id, b"").is_ok());
        assert!(!options.filters_ipc());
    }
}

#[test]
fn what_the_socket_knows_is_not_here() {
    for spec in TABLE.iter().filter(|spec| matches!(spec.kind, Kind::State)) {
        assert_eq!(spec.access, Access::Read);
        assert_eq!(
            read_int(&options(SocketType::Pair), spec.id),
            Err(Errno::EINVAL)
        );
        assert_eq!(
            set_int(&mut options(SocketType::Pair), spec.id, 1),
            Err(Errno::EINVAL)
        );
    }
    let subscribe = find(id::SUBSCRIBE).expect("there");
    assert!(matches!(subscribe.kind, Kind::Special(Special::Subscribe)));
}

#[test]
fn writer_clears_behind_state_and_only_there() {
    let mut buffer = [0xff; 8];
    let mut out = OptionWriter::new(&mut buffer);
    assert_eq!(out.int(1), Err(Errno::EINVAL));
    assert_eq!(out.written(), None);
    assert_eq!(out.state(1), Ok(()));
    assert_eq!(out.written(), Some(4));
    assert_eq!(buffer, [1, 0, 0, 0, 0, 0, 0, 0].map(|byte: u8| byte));
    let mut small = [0xff; 3];
    assert_eq!(OptionWriter::new(&mut small).state(1), Err(Errno::EINVAL));
    assert_eq!(
        OptionWriter::new(&mut small).text(b"abc"),
        Err(Errno::EINVAL)
    );
    assert_eq!(OptionWriter::new(&mut small).text(b""), Ok(()));
    assert_eq!(small, [0; 3]);
}
