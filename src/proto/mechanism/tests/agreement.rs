//! Two sides that mean it: who gets in, who is refused, and what each learns.

use super::*;

#[test]
fn handshakes_succeed_and_messages_pass() {
    for configs in all() {
        let mut pair = Pair::new(&configs).with_reply("200");
        pair.talk();
        assert!(
            pair.is_made(),
            "{:?} {:?}",
            pair.client.error,
            pair.server.error
        );
        assert_eq!(pair.server.peer().socket_type, Some(SocketType::Dealer));
        assert_eq!(pair.server.peer().routing_id, b"client");
        assert_eq!(pair.server.peer().user_id.as_deref(), Some(&b"joe"[..]));
        let hello = ("Hello".to_owned(), b"World".to_vec());
        assert_eq!(pair.server.peer().zap_properties, [hello]);
        assert_eq!(pair.client.peer().routing_id, b"server");
        assert_eq!(pair.client.peer().user_id, None);
        let mut expected = Vec::new();
        for len in [
            0, 1, 7, 40, 41, 222, 223, 8000, 9000, 65_000, 65_536, 300_000,
        ] {
            let body: Vec<u8> = (0..len).map(|i| (i * 3) as u8).collect();
            let more = len % 2 == 1;
            pair.client.send(&body, more);
            pair.server.send(&body, more);
            expected.push((body, more));
        }
        pair.talk();
        assert!(pair.client.inbox.frames == expected && pair.server.inbox.frames == expected);
    }
}

#[test]
fn zap_handlers_are_asked_as_the_rfc_wants_it() {
    let client_key = SecretKey::from_bytes(&[8; 32]).public();
    let credentials: [(&[u8], Vec<&[u8]>); 3] = [
        (b"NULL", vec![]),
        (b"PLAIN", vec![b"admin", b"secret"]),
        (b"CURVE", vec![&client_key]),
    ];
    for (mut configs, (mechanism, credentials)) in all().into_iter().zip(credentials) {
        configs.1.zap.domain = b"here".to_vec();
        let mut pair = Pair::new(&configs).with_reply("200");
        pair.talk();
        let mut expected: Vec<&[u8]> = vec![
            b"",
            b"1.0",
            b"1",
            b"here",
            b"127.0.0.1",
            b"server",
            mechanism,
        ];
        expected.extend(credentials);
        assert_eq!(pair.server.asked.unwrap(), expected);
        assert_eq!(pair.client.asked, None);
    }
}

#[test]
fn refusals_end_the_connection_and_the_client_learns_of_them() {
    for configs in all() {
        for status in [300, 400, 500] {
            let mut pair = Pair::new(&configs).with_reply(&status.to_string());
            pair.talk();
            let refused = Some(EngineError::Handshake(HandshakeFailure::Auth(status)));
            assert_eq!(pair.server.error, refused);
            // 300 is not told: the client may try again.
            assert_eq!(
                pair.client.error,
                if status == 300 { None } else { refused }
            );
            assert!(!pair.client.established && !pair.server.established);
        }
        let mut pair = Pair::new(&configs).with_reply("201");
        pair.talk();
        assert_eq!(
            pair.server.error,
            protocol(protocol_error::ZAP_INVALID_STATUS_CODE)
        );
        assert!(!pair.client.established && !pair.server.established);
    }
}

#[test]
fn without_a_handler_the_domain_decides() {
    let fault = Some(EngineError::Handshake(HandshakeFailure::NoDetail(
        Errno::EFAULT,
    )));
    for (i, configs) in all().into_iter().enumerate() {
        for domain in [&b""[..], b"here"] {
            for enforce in [false, true] {
                let mut configs = configs.clone();
                configs.1.zap.domain = domain.to_vec();
                configs.1.zap.enforce_domain = enforce;
                let mut pair = Pair::new(&configs);
                pair.talk();
                let is_plain = i == 1;
                let refused = is_plain || (enforce && !domain.is_empty());
                assert_eq!(pair.server.error, if refused { fault } else { None });
                assert_eq!(pair.is_made(), !refused, "{i} {domain:?} {enforce}");
            }
        }
    }
}

#[test]
fn wrong_keys_are_noticed_by_the_side_that_can() {
    let other = SecretKey::from_bytes(&[99; 32]);
    let (client, server) = curve();
    let MechanismConfig::CurveClient(keys) = &client.mechanism else {
        panic!()
    };
    let try_keys = |keys: CurveClientConfig| {
        let mut client = client.clone();
        client.mechanism = MechanismConfig::CurveClient(keys);
        let mut pair = Pair::new(&(client, server.clone()));
        pair.talk();
        assert!(!pair.server.established && !pair.client.established);
        (pair.client.error, pair.server.error)
    };
    let cryptographic = protocol(protocol_error::ZMTP_CRYPTOGRAPHIC);
    let mut wrong = keys.clone();
    wrong.server_key = other.public();
    assert_eq!(try_keys(wrong), (None, cryptographic));
    let mut wrong = keys.clone();
    wrong.server_key = [0; 32];
    assert_eq!(try_keys(wrong), (cryptographic, None));
    let mut wrong = keys.clone();
    wrong.public_key = other.public();
    assert_eq!(try_keys(wrong), (None, cryptographic));
    let mut wrong = keys.clone();
    wrong.public_key = [0; 32];
    assert_eq!(try_keys(wrong), (None, cryptographic));
}
