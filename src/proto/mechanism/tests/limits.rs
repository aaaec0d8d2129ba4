//! Commands that are longer, shorter or other than they may be.

use super::*;

#[test]
fn metadata_is_limited() {
    let mut configs = curve();
    configs.0.app_metadata = vec![("X-large".to_owned(), vec![1; 60_000])];
    let mut pair = Pair::new(&configs);
    pair.talk();
    assert!(pair.is_made());
    // Too long as a list, while the command around it is not.
    configs.0.app_metadata = vec![("X-large".to_owned(), vec![1; 65_700])];
    let mut pair = Pair::new(&configs);
    pair.talk();
    assert_eq!(
        pair.server.error,
        protocol(protocol_error::ZMTP_INVALID_METADATA)
    );
    configs.0.app_metadata = vec![("X-large".to_owned(), vec![1; 70_000])];
    let mut pair = Pair::new(&configs);
    pair.talk();
    assert_eq!(
        pair.server.error,
        Some(EngineError::Protocol(Errno::EMSGSIZE))
    );
}

#[test]
fn plain_commands_are_taken_to_the_letter() {
    let greeting = {
        let mut client = Side::new(&plain().0);
        client.run();
        let mut server = Side::new(&plain().1);
        let mut bytes = client.take_output();
        let answer = server.take_output();
        client.give(&answer);
        server.give(&bytes);
        let answer = server.take_output();
        client.give(&answer);
        bytes.extend(client.take_output());
        bytes.truncate(64);
        bytes
    };
    let hello = protocol_error::ZMTP_MALFORMED_COMMAND_HELLO;
    let unexpected = protocol_error::ZMTP_UNEXPECTED_COMMAND;
    let cases: [(&[u8], u32); 9] = [
        (b"\x05HELLO", hello),
        (b"\x05HELLO\0", hello),
        (b"\x05HELLO\x01a", hello),
        (b"\x05HELLO\x02a\0", hello),
        (b"\x05HELLO\0\0\0", hello),
        (b"\x05HELLO\x01a\x02b", hello),
        (b"\x05hello\0\0", unexpected),
        (b"\x08INITIATE", unexpected),
        (b"", protocol_error::ZMTP_MALFORMED_COMMAND_UNSPECIFIED),
    ];
    for (body, value) in cases {
        let mut server = Side::new(&plain().1);
        server.reply = Some(reply("200"));
        server.give(&greeting);
        assert_eq!(server.error, None);
        server.give(&[4, body.len() as u8]);
        server.give(body);
        assert_eq!(server.error, protocol(value), "{body:?}");
        assert_eq!(server.asked, None);
    }
}
