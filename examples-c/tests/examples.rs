//! Runs `run.sh`, so that `cargo test` compiles the C examples and runs them on the library as it is
//! now. What may not live here: knowledge of what an example does; the script checks that.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn examples_run_to_their_end() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library_dir =
        env::var_os("FERROZMQ_LIB_DIR").map_or_else(|| build_library(here), PathBuf::from);

    let output = Command::new(here.join("run.sh"))
        .arg(&library_dir)
        .output()
        .expect("run.sh starts");

    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}\n{said}{complained}",
        output.status
    );
    assert!(said.ends_with("all examples ran to their end\n"), "{said}");
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
