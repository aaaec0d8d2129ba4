//! Finds the reference library, libzmq itself, where it is installed. What may not live here: an
//! assumption that it is.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE: &str = "libzmq.so.5";
/// A text that is in our library only, in case ours is the one that is installed.
const OUR_NAME: &[u8] = b"ferrozmq";

/// The reference's file, `None` when there is none. Given but not usable is an error.
pub(crate) fn find(ours: &Path) -> Result<Option<PathBuf>, String> {
    if let Some(given) = env::var_os("ZMQ_REF_LIB").filter(|given| !given.is_empty()) {
        if given == "none" {
            return Ok(None);
        }
        let given = PathBuf::from(given);
        let file = if given.is_dir() {
            given.join(FILE)
        } else {
            given
        };
        return if usable(&file, ours) {
            Ok(Some(file))
        } else {
            Err(format!(
                "ZMQ_REF_LIB: {} is not a reference library",
                file.display()
            ))
        };
    }
    Ok(candidates().into_iter().find(|file| usable(file, ours)))
}

/// Where pkg-config and the loader's cache know a library of that name.
fn candidates() -> Vec<PathBuf> {
    let mut found = Vec::new();
    if let Some(dir) = output("pkg-config", &["--variable=libdir", "libzmq"]) {
        found.push(Path::new(dir.trim()).join(FILE));
    }
    for ldconfig in ["ldconfig", "/sbin/ldconfig"] {
        let cache = output(ldconfig, &["-p"]).unwrap_or_default();
        for line in cache
            .lines()
            .filter(|line| line.trim_start().starts_with(FILE))
        {
            found.extend(
                line.split_once("=> ")
                    .map(|(_, path)| PathBuf::from(path.trim())),
            );
        }
    }
    found
}

fn usable(file: &Path, ours: &Path) -> bool {
    let same = match (file.canonicalize(), ours.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    let Ok(bytes) = fs::read(file) else {
        return false;
    };
    !same && !bytes.windows(OUR_NAME.len()).any(|part| part == OUR_NAME)
}

fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
