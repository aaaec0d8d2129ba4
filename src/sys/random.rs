//! Random bytes from the kernel.

use std::io;

/// Fills `bytes` from the kernel's generator, fit for keys; waits only while the machine boots.
///
/// # Errors
/// What `getrandom(2)` fails with: `ENOSYS` on kernels that lack it.
pub fn fill(bytes: &mut [u8]) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        // SAFETY: the pointer and the length describe writable memory of ours.
        let got = unsafe { libc::getrandom(left.as_mut_ptr().cast(), left.len(), 0) };
        match usize::try_from(got) {
            Ok(got) => left = &mut left[got..],
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_are_filled() {
        let mut long = vec![0; 100_000];
        fill(&mut long).unwrap();
        assert!(long[99_900..].iter().any(|&byte| byte != 0));
        let mut short = [0; 32];
        fill(&mut short).unwrap();
        assert_ne!(short, [0; 32]);
        fill(&mut []).unwrap();
    }
}
