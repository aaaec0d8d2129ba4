//! What the library answers without a server: it is loaded, and failures come back as values.

use super::*;

fn principal(text: &[u8], kind: NameKind) -> Principal {
    Principal {
        text: text.to_vec(),
        kind,
    }
}

#[test]
fn garbage_is_refused() {
    if !is_available() {
        eprintln!("skipped: there is no GSS-API library");
        return;
    }
    for confidential in [false, true] {
        for token in [&b""[..], b"x", &[0x60; 300]] {
            let mut acceptor = Acceptor::new(None, confidential).unwrap();
            assert!(acceptor.step(token).is_err());
            assert!(acceptor.peer().is_err());
            assert!(acceptor.open(&mut [0; 100]).is_err());
            assert!(
                acceptor
                    .seal(b"plain", &mut |_| panic!("no token"))
                    .is_err()
            );
        }
    }
}

#[test]
fn contexts_move_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Initiator>();
    is_send::<Acceptor>();
}

#[test]
fn nobody_has_credentials_for_a_name_that_cannot_be() {
    if !is_available() {
        eprintln!("skipped: there is no GSS-API library");
        return;
    }
    for kind in [NameKind::HostBased, NameKind::User, NameKind::Krb5Principal] {
        // Nothing that would have anybody asked over a network.
        let nobody = principal(b"nobody@localhost", kind);
        let service = principal(b"service@localhost", NameKind::HostBased);
        let mut initiator = Initiator::new(Some(nobody), service, true).unwrap();
        let failure = initiator.step(b"").unwrap_err();
        assert_ne!(failure.major, 0);
        // It may be asked again.
        assert!(initiator.step(b"").is_err());
    }
}

/// Libraries may say that of a token without calling it an error.
#[test]
fn tokens_that_were_seen_before_establish_nothing() {
    let Some(library) = library::Library::get() else {
        eprintln!("skipped: there is no GSS-API library");
        return;
    };
    let step = |major, flags| {
        let token = objects::Buffer::new(library);
        let mut context = context::Context::new(library, true);
        let step = context.advance(major, flags, &token);
        step.map(|step| step.complete)
    };
    assert_eq!(step(0, u32::MAX), Ok(true));
    assert_eq!(step(1, 0), Ok(false));
    for major in [2, 4, 8, 16, 3, 5] {
        assert_eq!(step(major, u32::MAX), Err(Failure::UNFIT), "{major}");
    }
}
