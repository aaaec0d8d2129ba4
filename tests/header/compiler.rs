//! The system's compilers, as a C programmer calls them.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A language that the header must be usable from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    /// With GNU extensions.
    C89,
    C99,
    Cpp98,
}

impl Language {
    pub(crate) fn compiler(self) -> OsString {
        let (variable, default) = match self {
            Self::C89 | Self::C99 => ("CC", "cc"),
            Self::Cpp98 => ("CXX", "c++"),
        };
        std::env::var_os(variable).unwrap_or_else(|| default.into())
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::C89 => &["-x", "c", "-std=gnu89"],
            Self::C99 => &["-x", "c", "-std=c99"],
            Self::Cpp98 => &["-x", "c++", "-std=c++98"],
        }
    }

    /// Whether there is a compiler; C must be there, C++ may be missing.
    pub(crate) fn is_installed(self) -> bool {
        let installed = Command::new(self.compiler())
            .arg("--version")
            .output()
            .is_ok();
        match self {
            Self::C89 | Self::C99 => assert!(installed, "no C compiler; set CC"),
            Self::Cpp98 if !installed => eprintln!("skipped: no C++ compiler; set CXX"),
            Self::Cpp98 => {}
        }
        installed
    }
}

/// Checks a source text with all warnings as errors; the error is what the compiler says.
pub(crate) fn check(
    language: Language,
    include: &Path,
    defines: &[&str],
    source: &str,
) -> Result<(), String> {
    let mut command = Command::new(language.compiler());
    command
        .args(language.flags())
        .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
    command.args(defines).arg("-I").arg(include).arg("-");
    let output = feed(command, source);
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Runs the C compiler on a source text; it must succeed.
pub(crate) fn compile(
    include: &Path,
    defines: &[&str],
    extra: &[impl AsRef<OsStr>],
    source: &str,
) -> Output {
    let mut command = Command::new(Language::C99.compiler());
    command
        .args(["-x", "c", "-std=gnu99"])
        .args(defines)
        .arg("-I")
        .arg(include);
    let output = feed_with(command, extra, source);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn feed_with(mut command: Command, extra: &[impl AsRef<OsStr>], source: &str) -> Output {
    command.args(extra).arg("-");
    feed(command, source)
}

fn feed(mut command: Command, source: &str) -> Output {
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = pipes
        .spawn()
        .expect("cannot run the compiler; set CC or CXX");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    // A compiler that fails early closes the pipe; its exit status says so.
    let _ = stdin.write_all(source.as_bytes());
    drop(stdin);
    child
        .wait_with_output()
        .expect("cannot wait for the compiler")
}
