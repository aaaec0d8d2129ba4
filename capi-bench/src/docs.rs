//! The document that shows the results: what stands between marks is replaced, the rest is written by
//! people; figures lie beside it. What may not live here: what the parts say.

use std::fs;
use std::path::{Path, PathBuf};

const FILE: &str = "performance.md";
/// The figures' folder, beside the document.
pub(crate) const FIGURES: &str = "performance";
const END: &str = "<!-- end -->";

/// The document, as it was.
#[derive(Debug)]
pub(crate) struct Document {
    folder: PathBuf,
    text: String,
}

/// A part that is replaced: what its mark says, and its text.
pub(crate) type Part = (&'static str, String);

impl Document {
    /// Reads it, so that what is missing shows before an hour of measuring.
    pub(crate) fn open(folder: &Path, parts: &[&str]) -> Result<Self, String> {
        let file = folder.join(FILE);
        let text = fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        for part in parts {
            replaced(&text, part, "")?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            text,
        })
    }

    /// Writes it with new parts, and its figures.
    pub(crate) fn write(self, parts: &[Part], figures: &[(&str, String)]) -> Result<(), String> {
        let mut text = self.text;
        for (name, body) in parts {
            text = replaced(&text, name, body)?;
        }
        let file = self.folder.join(FILE);
        fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
        write_figures(&self.folder.join(FIGURES), figures)
    }
}

/// A file for each figure.
pub(crate) fn write_figures(folder: &Path, figures: &[(&str, String)]) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for (name, figure) in figures {
        let file = folder.join(name).with_extension("svg");
        fs::write(&file, figure).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

/// `text` with `body` between the marks of that name.
fn replaced(text: &str, name: &str, body: &str) -> Result<String, String> {
    let mark = format!("<!-- measured: {name} -->");
    let missing = || format!("{FILE} has no lines {mark} and {END} after it");
    let (before, rest) = text.split_once(&mark).ok_or_else(missing)?;
    let (old, after) = rest.split_once(END).ok_or_else(missing)?;
    if old.contains("<!-- measured:") {
        return Err(missing());
    }
    // A table ends at an empty line.
    Ok(format!(
        "{before}{mark}\n{}\n\n{END}{after}",
        body.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_marks_changes() {
        let text = "a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n<!-- measured: y -->\n<!-- end -->\nc\n";
        let text = replaced(text, "x", "new\n").unwrap();
        let text = replaced(&text, "y", "too").unwrap();
        assert_eq!(
            text,
            "a\n<!-- measured: x -->\nnew\n\n<!-- end -->\nb\n<!-- measured: y -->\ntoo\n\n<!-- end -->\nc\n"
        );
        assert!(replaced(&text, "z", "").is_err());
        assert!(
            replaced(
                "<!-- measured: x -->\n<!-- measured: y -->\n<!-- end -->",
                "x",
                ""
            )
            .is_err()
        );
    }
}
