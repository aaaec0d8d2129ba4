//! What programs hand over as text or bytes: endpoints, values of options, Z85; and datagrams, which are
//! as simple.

use super::Script;
use crate::msg::Msg;
use crate::option::{
    AcceptFilter, Access, ContextDefaults, Kind, OptionWriter, SocketOptions, TABLE,
};
use crate::proto::datagram::{self, DATAGRAM_MAX};
use crate::socket_type::SocketType;
use crate::transport::address::{self, Address, IpcAddress, Purpose};
use crate::transport::datagram::{name_of, peer_of};
use crate::util::z85;

/// An endpoint for bind and for connect.
pub fn endpoint(input: &[u8]) {
    for purpose in [Purpose::Bind, Purpose::Connect] {
        let Ok(parsed) = address::parse(input, purpose) else {
            continue;
        };
        let (scheme, rest) = address::split(input).expect("an endpoint that was parsed");
        match parsed {
            Address::Inproc(name) => assert_eq!((scheme, rest), ("inproc", &*name)),
            Address::Ipc(IpcAddress::Path(path)) => {
                assert_eq!((scheme, rest), ("ipc", &*path));
                assert!((1..=107).contains(&path.len()));
            }
            Address::Ipc(IpcAddress::Abstract(name)) => {
                assert_eq!(rest.strip_prefix(b"@"), Some(&*name));
                assert!((1..=106).contains(&name.len()));
            }
            Address::Ipc(IpcAddress::Wildcard) => assert_eq!(purpose, Purpose::Bind),
            Address::Tcp(tcp) => {
                assert_eq!(scheme, "tcp");
                let text = std::str::from_utf8(rest).expect("text");
                assert!(text.contains(&tcp.target.host));
                assert!(tcp.target.port.is_some());
                let source = tcp.source.as_ref();
                assert!(source.is_none_or(|source| text.contains(&source.host)));
            }
            Address::Ws(ws) => {
                assert_eq!(scheme, ws.scheme());
                let text = std::str::from_utf8(rest).expect("text");
                let whole = format!("{}{}", ws.authority, ws.path);
                assert!(text == whole || format!("{text}/") == whole);
                assert!(ws.path.bytes().all(|byte| byte.is_ascii_graphic()));
                assert!(ws.place.target.port.is_some() && ws.place.source.is_none());
            }
            Address::Udp(udp) => {
                assert_eq!(scheme, "udp");
                let text = std::str::from_utf8(rest).expect("text");
                assert!(text.contains(&udp.target.host));
                assert!(udp.target.port.is_some());
                assert!(udp.interface.is_none_or(|name| text.contains(&name)));
            }
            Address::Vsock(_) | Address::Tipc(_) => {
                let kernel = parsed.of_kernel().expect("an address of the kernel");
                let shown = address::endpoint_of(&kernel);
                assert!(shown.starts_with(scheme.as_bytes()));
                assert_eq!(address::parse(&shown, purpose), Ok(parsed));
            }
            Address::Pgm(pgm) => {
                assert_eq!(scheme, if pgm.udp { "epgm" } else { "pgm" });
                assert!(pgm.port > 0 && pgm.target.is_multicast());
                assert!(!pgm.groups.is_empty());
                assert!(pgm.groups.iter().all(std::net::Ipv4Addr::is_multicast));
            }
            Address::Norm(norm) => {
                assert_eq!(scheme, "norm");
                let text = std::str::from_utf8(rest).expect("text");
                assert!(text.contains(&norm.target.host));
                assert!(norm.target.port.is_some_and(|port| port > 0));
                assert!(norm.interface.is_none_or(|name| text.contains(&name)));
                assert!(!matches!(norm.node, Some(0 | u32::MAX)));
            }
        }
    }
    for ipv6 in [false, true] {
        let _ = AcceptFilter::parse(input, ipv6);
    }
}

/// Options set to anything on all types of sockets; what was taken can be read back.
pub fn setsockopt(input: &[u8]) {
    let mut script = Script::new(input);
    let ty = SocketType::from_id(i32::from(script.byte() % 21)).expect("a type");
    let mut options = SocketOptions::new(ty, &ContextDefaults::default());
    for _ in 0..50 {
        if script.is_over() {
            break;
        }
        let choice = script.byte();
        let spec = &TABLE[usize::from(choice) % TABLE.len()];
        let id = if choice == 0xFF {
            i32::from(script.short())
        } else {
            spec.id
        };
        let value = script.string();
        let taken = options.set(id, value).is_ok();
        let mut buffer = [0; 300];
        let size = usize::from(script.short()) % (buffer.len() + 1);
        let mut out = OptionWriter::new(&mut buffer[..size]);
        let read = options.get(id, &mut out).is_ok();
        assert!(!read || out.written().is_some_and(|written| written <= size));
        if !taken || id != spec.id || spec.access == Access::Write {
            continue;
        }
        if let Kind::Int { min, max, .. } = spec.kind {
            let mut buffer = [0; 4];
            options
                .get(id, &mut OptionWriter::new(&mut buffer))
                .expect("a number");
            assert_eq!(buffer, value, "another number than was set");
            assert!((min..=max).contains(&i32::from_ne_bytes(buffer)));
        }
        if let Kind::Text { .. } = spec.kind {
            let mut buffer = [0; 300];
            let mut out = OptionWriter::new(&mut buffer);
            options.get(id, &mut out).expect("a text");
            let written = out.written().expect("a length");
            assert!(written >= 1 && written <= value.len() + 1);
        }
    }
    options.security.derive_keys();
    let _ = (
        options.max_msg_size(),
        options.wants_zap(),
        options.needs_security(),
    );
}

/// A datagram of a RADIO; the address that a DGRAM is to send to.
pub fn datagram(input: &[u8]) {
    if let Some((group, body)) = datagram::decode(input) {
        assert_eq!(usize::from(input[0]), group.len());
        assert!(!group.contains(&0));
        let parts = datagram::encode(group, body).expect("it fits");
        assert_eq!(parts.concat(), input);
        let mut message = Msg::copy_of(body).expect("memory");
        message.set_group(group).expect("a good name");
        assert_eq!(message.group(), [group, b"\0"].concat());
    } else {
        let is_long = input.len() > DATAGRAM_MAX;
        let is_cut = input.first().is_none_or(|&n| input.len() <= usize::from(n));
        assert!(is_long || is_cut || input[1..=usize::from(input[0])].contains(&0));
    }
    // Any bytes may be the body, and the group of a message that a program sends.
    let (group, body) = input.split_at(input.len().min(300));
    assert_eq!(
        datagram::encode(group, body).is_some(),
        group.len() <= 255 && input.len() < DATAGRAM_MAX
    );
    if let Some(peer) = peer_of(input) {
        let name = name_of(peer);
        let again = peer_of(&name).expect("a name of ours");
        assert_eq!(again.ip(), peer.ip().to_canonical());
        assert_eq!(again.port(), peer.port());
    }
}

/// Z85 both ways.
pub fn z85(input: &[u8]) {
    let text = z85::encode(input);
    assert_eq!(text.is_some(), input.len().is_multiple_of(4));
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        assert_eq!(z85::decode(&text).as_deref(), Some(input));
    }
    if let Ok(text) = std::str::from_utf8(input)
        && let Some(data) = z85::decode(text)
    {
        assert_eq!(z85::encode(&data).as_deref(), Some(text));
    }
}
