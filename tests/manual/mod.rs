//! The manual pages in `man/`, held against the code.
//!
//! Every function has a page with the very prototype of `zmq.h`, every option the facts of its table, and
//! what a page refers to exists. The lines of facts are in brackets behind the option's name;
//! `UPDATE_DOCS=1 cargo test --test docs` writes them. That the pages are well-formed and their examples work
//! is `ci/man.sh`'s to check. What the pages and documents promise in prose is held against the library in [`prose`].

mod prose;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use zmq::exports::EXPORTS;
use zmq::option::{Access, Kind, OptionSpec, TABLE, Types};
use zmq::socket_type::SocketType;

use super::{CONTEXT_OPTIONS, TRANSPORTS, context_default, default, effect, stable_and_draft};

/// How a page begins that only leads to another one.
const LINK: &str = ".so man";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// With `UPDATE_DOCS` set, writes a page that is not as it should be.
fn update(page: &str, text: &str) {
    let is_current = || fs::read_to_string(path(page)).is_ok_and(|there| there == text);
    if std::env::var_os("UPDATE_DOCS").is_some() && !is_current() {
        fs::write(path(page), text).expect("cannot write a page");
    }
}

fn path(page: &str) -> PathBuf {
    root().join("man").join(page)
}

/// All pages by file name, links included.
fn pages() -> BTreeMap<String, String> {
    let entries = fs::read_dir(root().join("man")).expect("man/");
    let page = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let text = fs::read_to_string(entry.path()).expect("a page");
        (name, text)
    };
    entries.map(|entry| page(entry.expect("man/"))).collect()
}

/// The pages that are no links.
fn texts() -> impl Iterator<Item = (String, String)> {
    pages()
        .into_iter()
        .filter(|(_, text)| !text.starts_with(LINK))
}

/// The part of a page below a heading.
fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let heading = format!("\n.Sh {title}\n");
    let Some(begin) = text.find(&heading) else {
        return "";
    };
    let body = &text[begin + heading.len()..];
    body.find("\n.Sh ").map_or(body, |end| &body[..end])
}

/// The arguments of every line that is the macro `name`, quotes taken into account.
fn macros<'a>(text: &'a str, name: &str) -> impl Iterator<Item = Vec<&'a str>> {
    let prefix = format!(".{name} ");
    text.lines()
        .filter_map(move |line| line.strip_prefix(&prefix).map(arguments))
}

/// What follows the macro `name` wherever it stands in a line, a heading of a list for instance.
fn mentions<'a>(text: &'a str, name: &str) -> impl Iterator<Item = Vec<&'a str>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('.'));
    lines.filter_map(move |line| {
        let mut words = arguments(line).into_iter();
        words.find(|word| *word == name)?;
        Some(words.collect())
    })
}

fn arguments(line: &str) -> Vec<&str> {
    let mut rest = line.trim_start();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (argument, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        found.push(argument);
        rest = after.trim_start();
    }
    found
}

fn names_of(text: &str) -> Vec<&str> {
    macros(section(text, "NAME"), "Nm")
        .filter_map(|arguments| arguments.first().copied())
        .collect()
}

// --- pages and names -----------------------------------------------------------------------------------

#[test]
fn every_name_has_a_page_or_a_link_to_it() {
    let pages = pages();
    let mut expected = BTreeMap::new();
    for (file, text) in &pages {
        if text.starts_with(LINK) {
            continue;
        }
        let (own, volume) = file.rsplit_once('.').expect("a name and a section");
        let names = names_of(text);
        assert_eq!(names.first(), Some(&own), "{file}: its first name");
        for name in &names[1..] {
            let link = format!(".so man{volume}/{file}\n");
            expected.insert(format!("{name}.{volume}"), link);
        }
    }
    for (file, link) in &expected {
        update(file, link);
    }
    let pages = self::pages();
    for (file, link) in &expected {
        assert_eq!(pages.get(file), Some(link), "man/{file}");
    }
    for (file, text) in &pages {
        let stray = text.starts_with(LINK) && !expected.contains_key(file);
        assert!(!stray, "man/{file} leads to a page that does not name it");
    }
    for name in EXPORTS {
        assert!(pages.contains_key(&format!("{name}.3")), "man/{name}.3");
    }
    for (transport, ..) in TRANSPORTS {
        let file = format!("zmq_{transport}.7");
        assert!(pages.contains_key(&file), "man/{file}");
    }
}

#[test]
fn what_pages_refer_to_exists_and_zmq_7_refers_to_all() {
    let pages = pages();
    let mut from_overview = BTreeSet::new();
    for (file, text) in texts() {
        for words in mentions(&text, "Xr") {
            let [name, volume, ..] = words[..] else {
                panic!("{file}: .Xr {words:?}");
            };
            let target = format!("{name}.{volume}");
            let exists = !name.starts_with("zmq") || pages.contains_key(&target);
            assert!(exists, "{file} refers to {target}");
            if file == "zmq.7" {
                from_overview.insert(target);
            }
        }
    }
    for (file, _) in texts().filter(|(file, _)| file != "zmq.7") {
        assert!(from_overview.contains(&file), "zmq.7 does not name {file}");
    }
}

#[test]
fn pages_have_the_usual_sections() {
    for (file, text) in texts() {
        let mut wanted = vec!["NAME", "DESCRIPTION", "SEE ALSO"];
        if file.ends_with(".3") {
            wanted.extend(["LIBRARY", "SYNOPSIS"]);
        }
        for title in wanted {
            assert!(!section(&text, title).is_empty(), "{file}: {title}");
        }
    }
}

// --- functions -----------------------------------------------------------------------------------------

/// Without the blanks that mean nothing.
fn squeeze(prototype: &str) -> String {
    let mut words = String::new();
    for word in prototype.split_whitespace() {
        words.push_str(word);
        words.push(' ');
    }
    for mark in ["*", "(", ")", ","] {
        words = words
            .replace(&format!(" {mark}"), mark)
            .replace(&format!("{mark} "), mark);
    }
    words.trim().to_owned()
}

#[test]
fn synopses_have_the_prototypes_of_the_header() {
    let header = fs::read_to_string(root().join("include/zmq.h")).expect("include/zmq.h");
    let declared: BTreeSet<String> = header
        .split("ZMQ_EXPORT")
        .filter_map(|text| {
            text.split_once(';')
                .map(|(prototype, _)| squeeze(prototype))
        })
        .collect();
    let (_, draft) = stable_and_draft();
    let mut described = BTreeSet::new();
    for (file, text) in texts() {
        let (mut returns, mut in_draft) = ("", false);
        for line in section(&text, "SYNOPSIS").lines() {
            if line.starts_with(".Fd #define ZMQ_BUILD_DRAFT_API") {
                in_draft = true;
            } else if let Some(ty) = line.strip_prefix(".Ft ") {
                returns = ty.trim_matches('"');
            } else if let Some(function) = line.strip_prefix(".Fn ") {
                let arguments = arguments(function);
                let name = arguments[0];
                if returns.starts_with("typedef") {
                    continue;
                }
                let prototype = squeeze(&format!("{returns} {name}({})", arguments[1..].join(",")));
                assert!(declared.contains(&prototype), "{file}: {prototype}");
                let is_draft = draft.contains(&name);
                assert_eq!(in_draft, is_draft, "{file}: {name} as a draft");
                assert!(described.insert(name.to_owned()), "{name} stands twice");
                let named = names_of(&text).contains(&name);
                assert!(named, "{file}: NAME is without {name}");
            }
        }
    }
    for name in EXPORTS {
        assert!(described.contains(*name), "no SYNOPSIS has {name}");
    }
}

#[test]
fn errors_exist() {
    let source = fs::read_to_string(root().join("src/errno.rs")).expect("src/errno.rs");
    let is_known = |name: &str| {
        source
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == name)
    };
    for (file, text) in texts() {
        for words in mentions(&text, "Er") {
            // `-width Er` means the macro itself.
            let Some(name) = words.first() else { continue };
            assert!(is_known(name), "{file}: {name}");
        }
    }
}

#[test]
fn socket_types_are_described() {
    let page = fs::read_to_string(path("zmq_socket.3")).expect("zmq_socket.3");
    let described: BTreeSet<&str> = macros(&page, "It").flatten().collect();
    for ty in (0..64).filter_map(SocketType::from_id) {
        let name = format!("ZMQ_{}", ty.name());
        assert!(described.contains(name.as_str()), "zmq_socket.3: {name}");
    }
}

// --- options -------------------------------------------------------------------------------------------

/// Type and facts of an option, as a page has them.
struct Facts {
    ty: &'static str,
    line: String,
}

#[test]
fn socket_options_have_the_facts_of_the_table() {
    let is_read_only = |spec: &&OptionSpec| spec.access == Access::Read;
    let facts = |spec: &OptionSpec| (format!("ZMQ_{}", spec.name), option_facts(spec));
    let settable = TABLE.iter().filter(|spec| !is_read_only(spec)).map(facts);
    check_facts("zmq_setsockopt.3", settable.collect());
    check_facts(
        "zmq_getsockopt.3",
        TABLE.iter().filter(is_read_only).map(facts).collect(),
    );
}

#[test]
fn context_options_have_the_facts_of_the_context() {
    let facts = CONTEXT_OPTIONS.iter().map(|(name, id, when)| {
        let default = context_default(*id, when);
        let line = match default.is_empty() {
            true => (*when).to_owned(),
            false => format!("default {default}; {when}"),
        };
        let ty = match *name {
            "THREAD_NAME_PREFIX" => "Vt int No or string",
            _ => "Vt int",
        };
        (format!("ZMQ_{name}"), Facts { ty, line })
    });
    check_facts("zmq_ctx_set.3", facts.collect());
}

/// Compares the options of a page with what is known of them, or writes the page anew.
fn check_facts(page: &str, mut facts: BTreeMap<String, Facts>) {
    let text = fs::read_to_string(path(page)).expect("a page");
    let mut written = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let item = line
            .strip_prefix(".It Dv ")
            .map(|item| item.split_once(' ').map_or(item, |(name, _)| name));
        let Some(Facts { ty, line: facts }) = item.and_then(|name| facts.remove(name)) else {
            written.extend([line, "\n"]);
            continue;
        };
        let name = item.unwrap_or_default();
        lines.next_if(|line| line.starts_with('['));
        let facts = facts.replace('-', "\\-");
        written.push_str(&format!(".It Dv {name} Pq {ty}\n[{facts}]\n"));
    }
    assert!(
        facts.is_empty(),
        "man/{page} is without {:?}",
        facts.keys().collect::<Vec<_>>()
    );
    update(page, &written);
    let text = fs::read_to_string(path(page)).expect("a page");
    for (i, (there, expected)) in text.lines().zip(written.lines()).enumerate() {
        assert_eq!(there, expected, "man/{page}:{}: {}", i + 1, super::HINT);
    }
}

fn option_facts(spec: &OptionSpec) -> Facts {
    let default = match default(spec).as_str() {
        "" => String::new(),
        default => format!("; default {default}"),
    };
    let access = match spec.access {
        Access::ReadWrite => "set and get",
        Access::Read => "get",
        Access::Write => "set",
    };
    let types = match spec.types {
        Types::All => "all types".to_owned(),
        Types::Only(types) => {
            let names: Vec<&str> = types.iter().map(|ty| ty.name()).collect();
            names.join(", ")
        }
    };
    let effect = match effect(spec) {
        "" => String::new(),
        stored if stored.starts_with("stored") => "; stored only".to_owned(),
        effect => format!("; {effect}"),
    };
    let draft = if spec.draft { "; draft" } else { "" };
    let (ty, range) = type_and_range(spec);
    let line = format!("{range}{default}; {access}; {types}{effect}{draft}");
    Facts {
        ty,
        line: line.trim_start_matches("; ").to_owned(),
    }
}

fn type_and_range(spec: &OptionSpec) -> (&'static str, String) {
    let bytes = |min: usize, max: usize| match (min, max) {
        (0, usize::MAX) => "any size".to_owned(),
        (min, usize::MAX) => format!("{min} byte or more"),
        (min, max) => format!("{min} to {max} bytes"),
    };
    match &spec.kind {
        Kind::Int { min, max, .. } => {
            let range = match (*min, *max) {
                (i32::MIN, i32::MAX) => "any number".to_owned(),
                (min, i32::MAX) => format!("{min} and up"),
                (min, max) => format!("{min} to {max}"),
            };
            ("Vt int", range)
        }
        Kind::Bool(_) | Kind::Server(_) => ("Vt int", "0 or 1".to_owned()),
        Kind::Switch(_) => ("Vt int", "0 or 1, more means 1".to_owned()),
        Kind::Truth(_) => ("Vt int", "0 or 1, anything else means 1".to_owned()),
        Kind::Millis { none, min, .. } => {
            let range = format!("milliseconds, {min} and up, {none} for none");
            ("Vt int", range)
        }
        Kind::I64(_) => ("Vt int64_t", "any number".to_owned()),
        Kind::U64(_) => ("Vt uint64_t", "any number".to_owned()),
        Kind::Text { min, max, .. } => ("string", bytes(*min, *max)),
        Kind::Binary { min, max, .. } => ("bytes", bytes(*min, *max)),
        Kind::Key(_) => ("key", "32 bytes, or 40 characters of Z85".to_owned()),
        Kind::State if spec.name == "LAST_ENDPOINT" => ("string", String::new()),
        Kind::State => ("Vt int", String::new()),
        Kind::Special(special) => match format!("{special:?}").as_str() {
            "Subscribe" | "Unsubscribe" => ("bytes", "any size".to_owned()),
            "Type" | "Mechanism" => ("Vt int", String::new()),
            "Ipv4Only" => ("Vt int", "0 or 1".to_owned()),
            "HeartbeatTtl" => (
                "Vt int",
                "milliseconds, 0 to 6553599, 0 for none".to_owned(),
            ),
            "Metadata" | "TcpAcceptFilter" => ("string", "each call adds one".to_owned()),
            "IpcFilterPid" | "IpcFilterUid" | "IpcFilterGid" => {
                ("Vt int", "each call adds one".to_owned())
            }
            other => panic!("a rule that the manual does not know: {other}"),
        },
    }
}
