//! Promises in prose, held against the library: what is said to be missing is missing, and nothing else is; the
//! messages that the page on troubleshooting explains are those that `zmq_strerror(3)` gives; links lead
//! somewhere.

use std::ffi::CStr;
use std::fs;
use std::path::PathBuf;

use zmq::capi::errors::zmq_strerror;
use zmq::errno::Errno;
use zmq::socket_type::SocketType;

use super::super::{PROBES, TRANSPORTS, missing_functions, missing_transport, missing_type};
use super::{path, root, section, texts};

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("a document")
}

/// The part of a document below a heading of the second level.
fn part<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, body) = document
        .split_once(&format!("\n## {heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    body.split("\n## ").next().unwrap_or(body)
}

/// Whether the tables of a document say that something is not there.
fn is_said_to_be_missing(tables: &str, name: &str) -> bool {
    let rows = tables.lines().filter_map(|line| line.strip_prefix('|'));
    rows.filter(|row| !row.contains("they work")).any(|row| {
        let what = row.split('|').next().unwrap_or_default();
        what.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| word == name)
    })
}

#[test]
fn documents_list_what_is_missing() {
    let missing = missing_functions();
    for (name, heading) in [
        ("README.md", "What does not"),
        ("docs/migration.md", "Not yet"),
    ] {
        let document = document(name);
        let tables = part(&document, heading);
        let check = |what: &str, is_missing: bool| {
            let said = is_said_to_be_missing(tables, what);
            assert_eq!(said, is_missing, "{name}, {heading}: {what} is missing");
        };
        for (function, ..) in PROBES {
            check(function, missing.contains(function));
        }
        for ty in (0..64).filter_map(SocketType::from_id) {
            check(ty.name(), missing_type(ty).is_some());
        }
        for (transport, endpoint, _) in TRANSPORTS {
            check(transport, missing_transport(transport, endpoint).is_some());
        }
    }
}

#[test]
fn pages_say_what_is_missing() {
    for (function, ..) in PROBES {
        let (file, page) = texts()
            .find(|(_, text)| section(text, "SYNOPSIS").contains(&format!(".Fn {function} ")))
            .expect("a page");
        let said = section(&page, "DESCRIPTION").contains("does not have them yet");
        let is_missing = missing_functions().contains(function);
        assert_eq!(said, is_missing, "man/{file}: {function} is missing");
    }
    for (transport, endpoint, _) in TRANSPORTS {
        let name = format!(".Nm zmq_{transport}");
        let (file, page) = texts()
            .find(|(_, text)| {
                section(text, "NAME")
                    .lines()
                    .any(|line| line.trim_end_matches(" ,") == name)
            })
            .expect("a page");
        let said = section(&page, "NAME").contains("not in this library");
        let is_missing = missing_transport(transport, endpoint).is_some();
        assert_eq!(said, is_missing, "man/{file}: {transport} is missing");
    }
    let page = fs::read_to_string(path("zmq_socket.3")).expect("zmq_socket.3");
    for ty in (0..64).filter_map(SocketType::from_id) {
        let name = format!("ZMQ_{}", ty.name());
        let item = page
            .split("\n.It ")
            .find(|item| {
                item.lines()
                    .next()
                    .is_some_and(|line| line.split(' ').any(|word| word == name))
            })
            .expect("an item");
        let said = item.contains("does not have them yet");
        let is_missing = missing_type(ty).is_some();
        assert_eq!(said, is_missing, "man/zmq_socket.3: {name} is missing");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut documents: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| root().join(name))
        .to_vec();
    let docs = fs::read_dir(root().join("docs")).expect("docs/");
    documents.extend(docs.map(|entry| entry.expect("docs/").path()));
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document");
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => document.clone(),
                file => document.with_file_name(file),
            };
            let is_there = match anchor {
                "" => target.exists(),
                _ => fs::read_to_string(&target)
                    .is_ok_and(|text| text.lines().any(|line| slug(line) == anchor)),
            };
            assert!(is_there, "{}: {link}", document.display());
        }
    }
}

/// A heading as links name it; empty for other lines.
fn slug(line: &str) -> String {
    let Some((_, heading)) = line.split_once("# ").filter(|_| line.starts_with('#')) else {
        return String::new();
    };
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let kept: String = heading.chars().filter(is_kept).collect();
    kept.to_lowercase().replace(' ', "-")
}

#[test]
fn troubleshooting_has_the_messages_of_strerror() {
    let page = document("docs/troubleshooting.md");
    for (errno, name) in [
        (Errno::EADDRINUSE, "EADDRINUSE"),
        (Errno::EFSM, "EFSM"),
        (Errno::EAGAIN, "EAGAIN"),
        (Errno::ETERM, "ETERM"),
        (Errno::ENOTSOCK, "ENOTSOCK"),
        (Errno::EFAULT, "EFAULT"),
        (Errno::EINVAL, "EINVAL"),
        (Errno::ENODEV, "ENODEV"),
        (Errno::EADDRNOTAVAIL, "EADDRNOTAVAIL"),
        (Errno::ENOENT, "ENOENT"),
        (Errno::ENAMETOOLONG, "ENAMETOOLONG"),
        (Errno::EACCES, "EACCES"),
        (Errno::EPROTONOSUPPORT, "EPROTONOSUPPORT"),
        (Errno::ENOCOMPATPROTO, "ENOCOMPATPROTO"),
        (Errno::ENOTSUP, "ENOTSUP"),
        (Errno::EHOSTUNREACH, "EHOSTUNREACH"),
        (Errno::EMTHREAD, "EMTHREAD"),
        (Errno::EMFILE, "EMFILE"),
        (Errno::EINTR, "EINTR"),
        (Errno::ENOTRECOVERABLE, "ENOTRECOVERABLE"),
    ] {
        // SAFETY: has no requirements.
        let text = unsafe { zmq_strerror(errno.0) };
        // SAFETY: a constant string of the library or the system's for this thread.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
        let heading = format!("\n### {text}\n");
        let (_, body) = page
            .split_once(&heading)
            .unwrap_or_else(|| panic!("docs/troubleshooting.md: no heading '{text}' for {name}"));
        let body = body.split("\n### ").next().unwrap_or(body);
        assert!(
            body.contains(name),
            "docs/troubleshooting.md, '{text}': {name}"
        );
    }
}
