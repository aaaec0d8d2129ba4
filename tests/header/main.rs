//! `include/zmq.h`: is it what `src/capi` says, does it compile, does it keep the contract?
//!
//! The committed header must be the generated one. `UPDATE_HEADER=1 cargo test --test header` writes
//! it anew. The contract is an installed reference header: `/usr/include/zmq.h`, or what
//! `ZMQ_REF_HEADER` names; without one these comparisons are skipped, which the test says.

mod compiler;
mod contract;
mod generate;
mod view;

use std::fs;
use std::path::{Path, PathBuf};

use compiler::{Language, check};
use contract::Reference;

fn include_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include")
}

#[test]
fn committed_header_is_the_generated_one() {
    let path = include_dir().join("zmq.h");
    let generated = generate::header();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&path, &generated).expect("cannot write include/zmq.h");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    for (i, (committed, generated)) in committed.lines().zip(generated.lines()).enumerate() {
        assert_eq!(committed, generated, "include/zmq.h:{}: {HINT}", i + 1);
    }
    assert!(
        committed == generated,
        "include/zmq.h has another length: {HINT}"
    );
}

const HINT: &str = "not what src/capi says; run UPDATE_HEADER=1 cargo test --test header";

#[test]
fn compiles_without_a_warning() {
    let uses = [
        ("alone", "#include <zmq.h>\n"),
        ("twice", "#include <zmq.h>\n#include <zmq.h>\n"),
        ("shim", "#include <zmq_utils.h>\n#include <zmq_utils.h>\n"),
        (
            "after its neighbours",
            "#include <sys/uio.h>\n#include <zmq.h>\n#include <poll.h>\n",
        ),
    ];
    let languages = [Language::C89, Language::C99, Language::Cpp98];
    for language in languages
        .into_iter()
        .filter(|language| language.is_installed())
    {
        for (name, source) in uses {
            for defines in [&[][..], &["-DZMQ_BUILD_DRAFT_API"], &["-DZMQ_NO_EXPORT"]] {
                let source = format!("{source}int unit_is_not_empty;\n");
                if let Err(output) = check(language, &include_dir(), defines, &source) {
                    panic!("{language:?}, {name}, {defines:?}:\n{output}");
                }
            }
        }
    }
}

#[test]
fn draft_part_is_hidden_by_default() {
    let stable = contract::macros(&include_dir(), &[]);
    let all = contract::macros(&include_dir(), &["-DZMQ_BUILD_DRAFT_API"]);
    for draft in [
        "ZMQ_SERVER",
        "ZMQ_HAVE_POLLER",
        "ZMQ_MSG_PROPERTY_USER_ID",
        "ZMQ_ZERO_COPY_RECV",
    ] {
        assert!(!stable.contains_key(draft), "{draft} is not stable");
        assert!(all.contains_key(draft), "{draft} is missing");
    }
}

#[test]
fn constants_and_layouts_are_the_contract() {
    for reference in Reference::installed() {
        let theirs = contract::macros(reference.dir(), reference.defines());
        let ours = contract::macros(&include_dir(), reference.defines());
        let missing: Vec<_> = theirs
            .keys()
            .filter(|name| !ours.contains_key(*name))
            .collect();
        assert!(
            missing.is_empty(),
            "{reference}: macros missing from ours: {missing:?}"
        );

        let program = contract::program(&theirs, reference.has_draft());
        let ours = contract::run(&program, &include_dir(), reference.defines());
        let theirs = contract::run(&program, reference.dir(), reference.defines());
        assert!(
            ours.lines().count() > 100,
            "the program prints too little:\n{ours}"
        );
        for (ours, theirs) in ours.lines().zip(theirs.lines()) {
            assert_eq!(ours, theirs, "{reference}: ours, theirs");
        }
        assert_eq!(ours.lines().count(), theirs.lines().count());
    }
}

#[test]
fn prototypes_are_the_contract() {
    for reference in Reference::installed() {
        let theirs = contract::prototypes(reference.dir(), reference.defines());
        let ours = contract::prototypes(&include_dir(), reference.defines());
        let (Some(theirs), Some(ours)) = (theirs, ours) else {
            eprintln!("skipped: the compiler does not list prototypes");
            return;
        };
        assert!(
            theirs.len() >= 70,
            "{reference} declares only {} functions",
            theirs.len()
        );
        for (name, theirs) in &theirs {
            assert_eq!(
                ours.get(name),
                Some(theirs),
                "{reference}: {name}: ours, theirs"
            );
        }
    }
}
