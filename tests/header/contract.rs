//! Ours against a reference header: macros, sizes, offsets, prototypes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::compiler::{Language, compile};

const DRAFT: &str = "-DZMQ_BUILD_DRAFT_API";

/// What differs in a reference before 4.3.6: its version, and a draft constant that was mended.
const CHANGED: &[&str] = &[
    "ZMQ_VERSION_PATCH",
    "ZMQ_VERSION",
    "ZMQ_RECONNECT_STOP_AFTER_DISCONNECT",
];

/// A header of the reference library, with or without its draft part.
pub(crate) struct Reference {
    /// Holds `zmq.h` and nothing else.
    dir: PathBuf,
    name: PathBuf,
    draft: bool,
}

impl Reference {
    /// Both ways to use the installed header; none if there is none.
    pub(crate) fn installed() -> Vec<Self> {
        let name =
            std::env::var_os("ZMQ_REF_HEADER").unwrap_or_else(|| "/usr/include/zmq.h".into());
        let name = PathBuf::from(name);
        let Ok(text) = fs::read(&name) else {
            eprintln!("skipped: no reference header at {}", name.display());
            return Vec::new();
        };
        // In a folder of its own: with -I/usr/include, gcc would still look into its other folders
        // first, and find whatever zmq.h is there.
        let dir = scratch("reference");
        fs::create_dir_all(&dir).expect("cannot make a folder");
        fs::write(dir.join("zmq.h"), text).expect("cannot copy the reference header");
        let with = |draft| Self {
            dir: dir.clone(),
            name: name.clone(),
            draft,
        };
        let mut all = vec![with(false)];
        if macros(&dir, &[DRAFT]).contains_key("ZMQ_HAVE_POLLER") {
            all.push(with(true));
        }
        all
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn has_draft(&self) -> bool {
        self.draft
    }

    pub(crate) fn defines(&self) -> &'static [&'static str] {
        if self.draft { &[DRAFT] } else { &[] }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({})",
            self.name.display(),
            if self.draft { "all" } else { "stable part" }
        )
    }
}

/// Everything that the header defines, with its text: name (with parameters), replacement.
pub(crate) fn macros(include: &Path, defines: &[&str]) -> BTreeMap<String, String> {
    let list = |source: &str| -> BTreeMap<String, String> {
        let output = compile(include, defines, &["-E", "-dM"], source);
        let output = String::from_utf8(output.stdout).expect("macros are ASCII");
        output.lines().filter_map(definition).collect()
    };
    // What its includes define is not the header's, and neither is the guard's name.
    let theirs = list(
        "#include <errno.h>\n#include <signal.h>\n#include <stddef.h>\n#include <stdint.h>\n\
         #include <stdio.h>\n",
    );
    let mut all = list("#include <zmq.h>\n");
    all.retain(|name, _| !theirs.contains_key(name) && !name.starts_with("__ZMQ"));
    all
}

/// "#define NAME TEXT" or "#define NAME(a, b) TEXT"
fn definition(line: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("#define ")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    if rest[end..].starts_with('(') {
        end += rest[end..].find(')')? + 1;
    }
    Some((rest[..end].to_owned(), rest[end..].trim().to_owned()))
}

/// A C program that prints the values of `macros` and the layout of the types.
pub(crate) fn program(macros: &BTreeMap<String, String>, draft: bool) -> String {
    let is_older = macros
        .get("ZMQ_VERSION_PATCH")
        .is_some_and(|patch| patch != "6");
    let mut body = String::new();
    for (name, text) in macros {
        if text.is_empty() || (is_older && CHANGED.contains(&name.as_str())) {
            continue;
        }
        body += &if name.contains('(') {
            "    printf (\"make_version %d\\n\", ZMQ_MAKE_VERSION (4, 3, 6));\n".to_owned()
        } else if text.starts_with('"') {
            format!("    printf (\"{name} %s\\n\", {name});\n")
        } else {
            format!(
                "    printf (\"{name} %lld %d\\n\", (long long) ({name}), (int) sizeof ({name}));\n"
            )
        };
    }
    let mut types = vec![
        ("zmq_msg_t", &["_"][..]),
        ("zmq_pollitem_t", &["socket", "fd", "events", "revents"]),
    ];
    if draft {
        types.push((
            "zmq_poller_event_t",
            &["socket", "fd", "user_data", "events"],
        ));
    }
    for (name, fields) in types {
        body += &format!(
            "    printf (\"{name} %d %d\\n\", (int) sizeof ({name}), (int) __alignof__ ({name}));\n"
        );
        for field in fields {
            let place = format!("(int) offsetof ({name}, {field})");
            let size = format!("(int) sizeof ((({name} *) 0)->{field})");
            body += &format!("    printf (\"{name}.{field} %d %d\\n\", {place}, {size});\n");
        }
    }
    format!("#include <zmq.h>\nint main (void)\n{{\n{body}    return 0;\n}}\n")
}

/// Compiles a program against a header and returns what it prints.
pub(crate) fn run(program: &str, include: &Path, defines: &[&str]) -> String {
    let binary = scratch("facts");
    compile(
        include,
        defines,
        &[OsString::from("-o"), binary.clone().into()],
        program,
    );
    let output = Command::new(&binary)
        .output()
        .expect("cannot run the program");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("the program prints ASCII")
}

/// The prototypes as gcc lists them, without parameters' names; None with other compilers.
pub(crate) fn prototypes(include: &Path, defines: &[&str]) -> Option<BTreeMap<String, String>> {
    let version = Command::new(Language::C99.compiler())
        .arg("--version")
        .output()
        .ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("Free Software Foundation") {
        return None;
    }
    let list = scratch("prototypes");
    let extra = [
        OsString::from("-fsyntax-only"),
        "-aux-info".into(),
        list.clone().into(),
    ];
    compile(include, defines, &extra, "#include <zmq.h>\n");
    let text = fs::read_to_string(list).expect("the compiler has written its list");
    let lines = text.lines().filter_map(|line| {
        // "/* file:line:NC */ extern int zmq_close (void *);"
        let declaration = line.split_once("*/ ")?.1;
        let name = declaration.split_once(" (")?.0.rsplit([' ', '*']).next()?;
        // A structure's tag and its typedef name the same type.
        let declaration = declaration.replace("struct zmq_", "zmq_");
        name.starts_with("zmq_")
            .then(|| (name.to_owned(), declaration))
    });
    Some(lines.collect())
}

/// A path that no other test of this run uses.
fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("header_{name}_{}_{count}", std::process::id());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
