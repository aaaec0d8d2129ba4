//! Fuzz targets for parts of the protocol that nobody outside sees: property lists, and what ZAP
//! handlers are asked and answer. See `crate::fuzzing`.

use super::mechanism::fuzzing::judge;
use super::metadata;
use crate::fuzzing::Script;

/// A property list; what can be read can be written and read again.
pub fn metadata(input: &[u8]) {
    let Ok(properties) = metadata::parse(input) else {
        return;
    };
    let mut list = Vec::new();
    for (name, value) in &properties {
        metadata::append(&mut list, name, value);
    }
    assert_eq!(list.len(), input.len());
    assert_eq!(metadata::parse(&list), Ok(properties));
}

/// A question to a ZAP handler with parts of any content, and an answer of any shape: it grants only
/// what RFC 27 says grants.
pub fn zap(input: &[u8]) {
    let mut script = Script::new(input);
    let parts = [script.string(), script.string(), script.string()];
    let address = String::from_utf8_lossy(script.string()).into_owned();
    let mut reply: Vec<Vec<u8>> = [&b""[..], b"1.0", b"1", b"200", b"OK", b"joe", b""]
        .map(<[u8]>::to_vec)
        .to_vec();
    let status: [&[u8]; 5] = [b"200", b"300", b"400", b"500", b"600"];
    reply[3] = script.pick(&status).to_vec();
    while !script.is_over() && reply.len() < 20 {
        let choice = script.byte();
        let at = usize::from(choice >> 3) % (reply.len() + 1);
        match choice % 8 {
            0 => reply.insert(at, script.string().to_vec()),
            1 if at < reply.len() => drop(reply.remove(at)),
            _ => {
                if let Some(frame) = reply.get_mut(at) {
                    *frame = script.string().to_vec();
                }
            }
        }
    }
    let granted = judge(parts, &address, &reply);
    let good = reply.len() == 7
        && reply[0].is_empty()
        && reply[1] == b"1.0"
        && reply[2] == b"1"
        && reply[3] == b"200"
        && metadata::parse(&reply[6]).is_ok();
    assert_eq!(granted, good, "{reply:?}");
}
