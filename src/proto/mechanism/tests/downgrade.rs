//! Peers that would rather have less security than is asked for.

use super::*;

#[test]
fn nobody_gets_around_the_mechanism() {
    let greetings: [&[u8]; 3] = [
        // ZMTP 1.0: an empty routing id, then a message.
        b"\x01\0\x06\0sneak",
        // ZMTP 2.0: signature, revision, DEALER, an empty routing id, a message.
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x05\0\0\0\x05sneak",
        // Revision 0.
        b"\xff\0\0\0\0\0\0\0\x01\x7f\x00\x05\x01\0\x06\0sneak",
    ];
    for (client, server) in all() {
        for config in [&client, &server] {
            if config.mechanism == MechanismConfig::Null && config.zap.domain.is_empty() {
                continue;
            }
            for greeting in greetings {
                let mut side = Side::new(config);
                side.give(greeting);
                assert_eq!(
                    side.error,
                    Some(EngineError::Protocol(Errno::EPROTONOSUPPORT))
                );
                assert!(!side.established && side.inbox.frames.is_empty());
            }
        }
    }
    for (i, (client, _)) in all().into_iter().enumerate() {
        for (j, (_, server)) in all().into_iter().enumerate() {
            if i != j {
                let mut pair = Pair::new(&(client.clone(), server)).with_reply("200");
                pair.talk();
                let mismatch = protocol(protocol_error::ZMTP_MECHANISM_MISMATCH);
                assert_eq!((pair.client.error, pair.server.error), (mismatch, mismatch));
            }
        }
    }
    // Two servers wait for each other, two clients contradict each other.
    for (client, server) in [plain(), curve()] {
        let mut pair = Pair::new(&(server.clone(), server));
        pair.talk();
        assert!(!pair.client.established && !pair.server.established);
        let mut pair = Pair::new(&(client.clone(), client));
        pair.talk();
        assert!(pair.client.error.is_some() && pair.server.error.is_some());
    }
}
