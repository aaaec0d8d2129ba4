//! What cbindgen gets to see of a file of `src/capi`.
//!
//! cbindgen does not look into macros, and all functions are in one (`entry!`). So it is shown a text
//! that has only what belongs in the header: constants, structures, aliases of plain C types, and
//! the signatures of the functions, with what Rust says in its own way put as C does:
//! - `Option<function>` is a pointer to a function, which C declares as `function *`
//! - the heading "# Safety" is about pointers, which is how C programmers will read it

/// A file of `src/capi`, prepared for cbindgen.
pub(crate) struct View {
    /// The section's title, from the first line of the file.
    pub(crate) title: String,
    /// Rust source: declarations only.
    pub(crate) source: String,
    /// Constants written in hexadecimal, with their values so: cbindgen makes them decimal.
    pub(crate) hexadecimal: Vec<(String, String)>,
}

impl View {
    pub(crate) fn new(text: &str) -> Self {
        let first = text.lines().next().unwrap_or_default();
        let title = first
            .strip_prefix("//! Section \"")
            .and_then(|rest| rest.split_once('"'));
        let title = title
            .expect("a file of src/capi begins: //! Section \"...\"")
            .0
            .to_owned();
        let source = declarations(text);
        let hexadecimal = source.lines().filter_map(hexadecimal).collect();
        Self {
            title,
            source,
            hexadecimal,
        }
    }
}

fn declarations(text: &str) -> String {
    let mut lines = text.lines();
    let mut source = String::new();
    let mut docs: Vec<&str> = Vec::new();
    while let Some(line) = lines.next() {
        if line.starts_with("///") {
            docs.push(line);
            continue;
        }
        if line.starts_with("#[") {
            continue;
        }
        if line == "entry! {" {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "}").collect();
            source += &function(&block);
        } else if line.starts_with("pub const ") {
            source += &comment(&docs);
            source += &until(line, &mut lines, ";");
        } else if line.starts_with("pub struct ") {
            source += &comment(&docs);
            source += "#[repr(C)]\n";
            source += &until(line, &mut lines, "}");
        } else if line.starts_with("pub type ") && line.contains(" = c_") {
            source += &comment(&docs);
            source += &until(line, &mut lines, ";");
        }
        docs.clear();
    }
    source
}

/// A declaration that begins with `first` and ends with a line that ends with `end`.
fn until<'a>(first: &'a str, lines: &mut impl Iterator<Item = &'a str>, end: &str) -> String {
    let mut text = format!("{first}\n");
    while !text.trim_end().ends_with(end) {
        text += lines.next().expect("a declaration has an end");
        text.push('\n');
    }
    text
}

/// "pub const NAME: c_int = 0xVALUE;"
fn hexadecimal(line: &str) -> Option<(String, String)> {
    let (name, rest) = line.strip_prefix("pub const ")?.split_once(':')?;
    let value = rest.split_once("= 0x")?.1.trim_end_matches(';');
    Some((name.to_owned(), value.to_owned()))
}

/// The declaration in an `entry!` block: comment, signature, no body.
fn function(block: &[&str]) -> String {
    let block: Vec<_> = block.iter().map(|line| line.trim()).collect();
    let docs: Vec<_> = block
        .iter()
        .copied()
        .take_while(|line| line.starts_with("///"))
        .collect();
    let mut signature = String::new();
    for line in &block[docs.len()..] {
        signature += line;
        if line.ends_with('{') {
            break;
        }
        signature.push(' ');
    }
    let signature = signature.replace("Option<", "*mut ").replace("_fn>", "_fn");
    format!(
        "{}#[no_mangle]\npub unsafe extern \"C\" {signature} loop {{}} }}\n",
        comment(&docs)
    )
}

/// A doc comment in the words of C.
fn comment(docs: &[&str]) -> String {
    let mut text = String::new();
    let mut lines = docs.iter().peekable();
    while let Some(line) = lines.next() {
        let line = line.replace('`', "");
        // An empty line and a heading; the text after it follows on in the same paragraph.
        if line == "///" && lines.peek().is_some_and(|next| **next == "/// # Safety") {
            lines.next();
            if lines.peek().is_some_and(|next| **next == "/// None.") {
                break;
            }
            text += "///\n";
            continue;
        }
        text += &line;
        text.push('\n');
    }
    text
}
