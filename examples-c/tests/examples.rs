//! Runs `run.sh`, so that `cargo test` compiles the C examples and runs them on the library as it is
//! now. What may not live here: knowledge of what an example does; the script checks that.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tests of one group of examples (a file in `run/`), on this library and on the reference.
macro_rules! group {
    ($name:ident) => {
        mod $name {
            #[test]
            fn on_ours() {
                super::run(super::our_library().as_os_str(), stringify!($name));
            }

            #[test]
            fn on_reference() {
                super::run_on_reference(stringify!($name));
            }
        }
    };
}

group!(basics);
group!(brokers);
group!(reliable);
group!(events);
group!(secure);

/// Exit code by which the script says that there is no such library here.
const SKIPPED: i32 = 77;

/// What a user who installed libzmq has; `ZMQ_REF_LIB` names another file or folder, or `none`.
fn run_on_reference(group: &str) {
    let Some(given) = env::var_os("ZMQ_REF_LIB").filter(|given| !given.is_empty()) else {
        return run("system".as_ref(), group);
    };
    if given != "none" {
        let given = Path::new(&given);
        let folder = if given.is_dir() {
            Some(given)
        } else {
            given.parent()
        };
        run(folder.expect("a file is in a folder").as_os_str(), group);
    }
}

fn run(library: &OsStr, group: &str) {
    let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("run.sh"))
        .arg(library)
        .arg(group)
        .output()
        .expect("run.sh starts");

    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(SKIPPED) {
        println!("skipped: {said}");
        return;
    }
    assert!(
        output.status.success(),
        "{}\n{said}{complained}",
        output.status
    );
    assert!(said.ends_with("all examples ran to their end\n"), "{said}");
}

fn our_library() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    env::var_os("FERROZMQ_LIB_DIR").map_or_else(|| build_library(here), PathBuf::from)
}

/// Builds the shared library, which `cargo test` alone does not, and returns the folder it is in.
fn build_library(here: &Path) -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(here)
        .args(["build", "--package", "ferrozmq"])
        .args(["--message-format", "json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo starts");
    assert!(
        output.status.success(),
        "the library does not build:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );

    // Cargo knows where it put the file, whatever the target directory is called.
    let messages = String::from_utf8_lossy(&output.stdout);
    let library = messages
        .split('"')
        .find(|word| word.ends_with("/libzmq.so"))
        .expect("cargo names libzmq.so among what it built");
    Path::new(library)
        .parent()
        .expect("a file is in a folder")
        .to_owned()
}
