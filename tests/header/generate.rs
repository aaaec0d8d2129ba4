//! The text of `zmq.h`: a section for each file of `src/capi`, by cbindgen.
//!
//! cbindgen puts all constants of a run first, then types, then functions. One run for each file
//! keeps together what belongs together. `cbindgen.toml` has the rest.

use std::fs;
use std::path::Path;

use crate::view::View;

/// The files of `src/capi` in the order of their sections.
const STABLE: &[&str] = &[
    "errors",
    "context",
    "message",
    "socket",
    "option",
    "transfer",
    "monitor",
    "poll",
    "proxy",
    "capability",
    "legacy",
    "curve",
    "atomic",
    "timers",
    "helpers",
];
/// Those that only programs see that ask for the draft API.
const DRAFT: &[&str] = &["draft_option", "draft", "poller"];

/// The whole header.
pub(crate) fn header() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml");
    let part = |text: &Option<String>| text.as_deref().unwrap_or_default().trim().to_owned();
    let sections = |names: &[&str]| -> String {
        names
            .iter()
            .map(|name| section(root, &config, name))
            .collect()
    };
    format!(
        "{top}\n\n\
         #ifndef __ZMQ_H_INCLUDED__\n#define __ZMQ_H_INCLUDED__\n\n\
         {preamble}\n\
         {stable}\n\
         #ifdef ZMQ_BUILD_DRAFT_API\n\
         {draft}\n\
         {draft_end}\n\n\
         #endif /* ZMQ_BUILD_DRAFT_API */\n\n\
         #undef ZMQ_EXPORT\n\n\
         #ifdef __cplusplus\n}}\n#endif\n\n\
         #endif /* __ZMQ_H_INCLUDED__ */\n",
        top = part(&config.header),
        preamble = part(&config.after_includes.clone()),
        stable = sections(STABLE),
        draft = sections(DRAFT),
        draft_end = part(&config.trailer),
    )
}

fn section(root: &Path, config: &cbindgen::Config, name: &str) -> String {
    let path = root.join("src/capi").join(name).with_extension("rs");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let view = View::new(&text);

    let mut config = config.clone();
    (config.header, config.after_includes, config.trailer) = (None, None, None);
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("view_{name}.rs"));
    fs::write(&source, &view.source).expect("cannot write the view");
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(&source)
        .generate();
    let bindings = bindings.unwrap_or_else(|error| panic!("{source:?}: {error}"));
    let mut out = Vec::new();
    bindings.write(&mut out);
    let mut out = String::from_utf8(out).expect("cbindgen writes UTF-8");
    for (name, value) in &view.hexadecimal {
        let number = u64::from_str_radix(value, 16).expect("a number, or it would not compile");
        let decimal = format!("#define {name} {number}\n");
        assert!(out.contains(&decimal), "{name} is not in the header");
        out = out.replace(&decimal, &format!("#define {name} 0x{value}\n"));
    }

    let rule = "-".repeat(90usize.saturating_sub(view.title.len()));
    format!("\n/* ---- {} {rule} */\n\n{}\n", view.title, compact(&out))
}

/// Without the empty lines between constants that form a group, that is, have one comment.
fn compact(text: &str) -> String {
    let lines: Vec<_> = text.trim().lines().collect();
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        let is_define = |line: Option<&&str>| line.is_some_and(|line| line.starts_with("#define"));
        let before = i.checked_sub(1).and_then(|i| lines.get(i));
        if line.is_empty() && is_define(before) && is_define(lines.get(i + 1)) {
            continue;
        }
        out += line.trim_end();
        out.push('\n');
    }
    out.trim_end().to_owned()
}
