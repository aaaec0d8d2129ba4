//! A SOCKS proxy that says what the input wants, held against a second reading of RFC 1928 and RFC 1929.

use super::Script;
use crate::transport::HostPort;
use crate::transport::socks::{Negotiation, Request};

/// The length of what a proxy says that lets a client through, if `said` begins with that.
fn plain_reading(said: &[u8], has_login: bool) -> Option<usize> {
    let rest = if has_login {
        said.strip_prefix(&[5, 2, 1, 0])?
    } else {
        said.strip_prefix(&[5, 0])?
    };
    let address = match *rest {
        [5, 0, _, 1, ..] => 4,
        [5, 0, _, 4, ..] => 16,
        [5, 0, _, 3, len, ..] => 1 + usize::from(len),
        _ => return None,
    };
    let whole = said.len() - rest.len() + 4 + address + 2;
    (said.len() >= whole).then_some(whole)
}

/// What the client says reads back, and nothing is read that is not the proxy's.
pub fn socks(input: &[u8]) {
    let mut script = Script::new(input);
    let (user, password) = (script.string(), script.string());
    let host = String::from_utf8_lossy(script.string()).into_owned();
    let piece = usize::from(script.byte()).max(1);
    let target = HostPort {
        host: host.clone(),
        port: Some(script.short()),
    };
    let said = script.rest();
    let Ok(request) = Request::new(&target, user, password) else {
        assert!(host.is_empty() || host.len() > 255);
        return;
    };
    let has_login = !user.is_empty();
    let through = plain_reading(said, has_login);
    let mut negotiation = Negotiation::new(request);
    let mut answers = Vec::new();
    let mut rest = said;
    let result = loop {
        if !negotiation.output().is_empty() {
            answers.push(negotiation.output().to_vec());
            negotiation.note_sent(answers[answers.len() - 1].len());
        }
        let wanted = negotiation.wanted();
        assert!(wanted <= 257);
        if wanted == 0 || rest.is_empty() {
            break Ok(());
        }
        let (taken, left) = rest.split_at(wanted.min(piece).min(rest.len()));
        rest = left;
        if let Err(errno) = negotiation.take(taken) {
            break Err(errno);
        }
    };
    assert_eq!(negotiation.is_done(), through.is_some());
    if let Some(through) = through {
        assert_eq!(result, Ok(()));
        assert_eq!(said.len() - rest.len(), through);
    }
    assert_eq!(answers[0], [5, 1, if has_login { 2 } else { 0 }]);
    if has_login && answers.len() > 1 {
        let length = |bytes: &[u8]| [u8::try_from(bytes.len()).expect("it was taken")];
        let login = [&[1], &length(user)[..], user, &length(password), password];
        assert_eq!(answers.remove(1), login.concat());
    }
    if let Some(question) = answers.get(1) {
        assert_eq!(question[..3], [5, 1, 0]);
        assert!(question.ends_with(&target.port.unwrap_or(0).to_be_bytes()));
    }
}
