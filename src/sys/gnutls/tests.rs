//! Credentials that are none. What sessions do with good ones is tested from C (`capi-tests/c/tr_wss.c`).

use super::*;

#[test]
fn what_is_no_credential_is_refused() {
    if !is_available() {
        eprintln!("skipped: there is no libgnutls.so.30");
        return;
    }
    let none = |made: Result<Credentials>| made.map(|_| ());
    assert_eq!(none(Credentials::server(b"", b"")), Err(Errno::EINVAL));
    assert_eq!(none(Credentials::server(b"x", b"y")), Err(Errno::EINVAL));
    assert_eq!(none(Credentials::client(b"x", false)), Err(Errno::EINVAL));
    assert_eq!(none(Credentials::client(b"", false)), Ok(()));
    assert_eq!(none(Credentials::client(b"", true)), Ok(()));
}
