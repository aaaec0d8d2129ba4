//! The symbols of the shared library: those of `EXPORTS`, which are those of `zmq.h`, and its name.
//!
//! The library is the one that cargo built along with this test, or what `ZMQ_LIBRARY` names.

#[allow(unreachable_pub, reason = "public in the library")]
#[path = "../src/exports.rs"]
mod exports;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use exports::EXPORTS;

#[test]
fn list_is_sorted() {
    assert!(EXPORTS.is_sorted_by(|a, b| a < b));
    assert_eq!(EXPORTS.len(), 97, "70 stable functions and 27 draft ones");
}

#[test]
fn list_is_what_the_header_declares() {
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/zmq.h");
    let header = std::fs::read_to_string(header).expect("include/zmq.h");
    let declared: BTreeSet<_> = header
        .split("ZMQ_EXPORT")
        .skip(1)
        .filter_map(|text| {
            text.split_once(';')?
                .0
                .split_once('(')?
                .0
                .rsplit([' ', '*'])
                .next()
        })
        .filter(|name| name.starts_with("zmq_"))
        .collect();
    assert_eq!(declared, EXPORTS.iter().copied().collect());
}

#[test]
fn library_exports_the_list_and_nothing_else() {
    let symbols = tool("nm", &["-D", "--defined-only"]);
    let exported: BTreeSet<_> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(exported, EXPORTS.iter().copied().collect());
}

#[test]
fn library_has_the_name_that_programs_ask_for() {
    let dynamic = tool("readelf", &["-d", "-W"]);
    let soname = dynamic
        .lines()
        .find(|line| line.contains("(SONAME)"))
        .unwrap_or_default();
    assert!(soname.contains("[libzmq.so.5]"), "{soname:?}");
    assert!(
        dynamic.contains("NODELETE"),
        "a thread that asks the resolver may outlive dlclose"
    );
}

/// What a tool of the binutils prints about the library.
fn tool(name: &str, args: &[&str]) -> String {
    let output = Command::new(name).args(args).arg(library()).output();
    let output = output.unwrap_or_else(|error| panic!("{name} (binutils): {error}"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("symbols are ASCII")
}

/// cargo builds all kinds of the library for a test that links one of them, and puts the shared one
/// next to the test.
fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("ZMQ_LIBRARY") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test has a path");
    let places = [test.parent(), test.parent().and_then(Path::parent)];
    let paths = places
        .into_iter()
        .flatten()
        .map(|place| place.join("libzmq.so"));
    let found: Vec<_> = paths
        .filter(|path| path.extension() == Some(OsStr::new("so")))
        .collect();
    let library = found.iter().find(|path| path.exists());
    library
        .unwrap_or_else(|| panic!("there is none of {found:?}"))
        .clone()
}
