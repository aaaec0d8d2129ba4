//! The environment, as far as it may be trusted.

use std::ffi::OsString;

/// The value of an environment variable; none in a program that runs with rights that its caller lacks
/// (set-user-id, set-group-id, capabilities: `secure_getenv(3)`).
///
/// Like every look into the environment it must not happen while another thread changes it: look once,
/// when the program asks for something, and remember.
#[must_use]
pub fn trusted_var(name: &str) -> Option<OsString> {
    // SAFETY: takes a number, reads what the kernel gave the process at its start.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    if secure == 0 {
        std::env::var_os(name)
    } else {
        None
    }
}
