//! Runs one program with one library and collects what it says. What may not live here: a verdict.

use std::env;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::build::Workspace;

/// The programs end themselves after 60 s; this is for one that cannot even do that.
const LIMIT: Duration = Duration::from_secs(90);
/// How much slower everything may be under `CAPI_WRAPPER`.
const WRAPPED_FACTOR: u32 = 6;

/// Which library a program runs on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Reference,
    /// The program starts children on either library; it runs on ours itself.
    Both,
}

/// What came out of a run.
pub(crate) struct Outcome {
    /// Exit code; `None` when a signal or the time limit ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    end: String,
}

impl Outcome {
    /// The text after `SKIP` that the program printed.
    pub(crate) fn skip_reason(&self) -> String {
        let line = self
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("SKIP "));
        line.unwrap_or("no reason given").to_owned()
    }

    /// Everything that helps to understand a failure.
    pub(crate) fn report(&self, library: &str) -> String {
        format!("on {library}: {}\n{}{}", self.end, self.stdout, self.stderr)
    }
}

/// Runs the program to its end. An error means that it could not be run as intended.
pub(crate) fn run(workspace: &Workspace, program: &Path, side: Side) -> Result<Outcome, String> {
    let library = match (side, &workspace.reference) {
        (Side::Reference, Some(dir)) => dir,
        (Side::Reference, None) => return Err("no reference library".to_owned()),
        _ => &workspace.ours,
    };
    check_loads(program, library)?;
    let wrapper = env::var("CAPI_WRAPPER").unwrap_or_default();
    let mut words = wrapper.split_whitespace();
    let (mut command, factor) = match words.next().filter(|_| side != Side::Reference) {
        Some(first) => {
            let mut command = Command::new(first);
            command.args(words).arg(program);
            if env::var_os("CAPI_WATCHDOG").is_none() {
                command.env("CAPI_WATCHDOG", (60 * WRAPPED_FACTOR).to_string());
            }
            (command, WRAPPED_FACTOR)
        }
        None => (Command::new(program), 1),
    };
    command
        .env("LD_LIBRARY_PATH", library)
        .env(
            "CAPI_LIB",
            if side == Side::Reference {
                "reference"
            } else {
                "ours"
            },
        )
        .env_remove("LIB_OURS")
        .env_remove("LIB_REF")
        .current_dir(env::temp_dir());
    // Asking for more memory than there is belongs to the tests; what the reference leaks does not.
    let given = env::var("ASAN_OPTIONS").unwrap_or_default();
    let leaks = if side == Side::Reference {
        ":detect_leaks=0"
    } else {
        ""
    };
    command.env(
        "ASAN_OPTIONS",
        format!("{given}:allocator_may_return_null=1{leaks}"),
    );
    if let (Side::Both, Some(reference)) = (side, &workspace.reference) {
        command
            .env("LIB_OURS", &workspace.ours)
            .env("LIB_REF", reference);
    }
    finish(command, LIMIT * factor)
}

fn finish(mut command: Command, limit: Duration) -> Result<Outcome, String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {:?}: {e}", command.get_program()))?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|e| format!("wait: {e}"))? {
            break Some(status);
        }
        if start.elapsed() > limit {
            drop(child.kill());
            drop(child.wait());
            break None;
        }
        thread::sleep(Duration::from_millis(10));
    };
    Ok(Outcome {
        code: status.and_then(|status| status.code()),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
        end: describe(status),
    })
}

fn describe(status: Option<ExitStatus>) -> String {
    match status {
        None => "killed after the time limit".to_owned(),
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "ended for no known reason".to_owned(),
        },
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What arrived before an error is still of use.
            drop(pipe.read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Asks the dynamic loader which file it would take: a test of the wrong library proves nothing.
fn check_loads(program: &Path, library: &Path) -> Result<(), String> {
    let output = Command::new(program)
        .env("LD_LIBRARY_PATH", library)
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .output()
        .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let expected = format!("libzmq.so.5 => {} ", library.join("libzmq.so.5").display());
    if text
        .lines()
        .any(|line| line.trim_start().starts_with(&expected))
    {
        return Ok(());
    }
    let line = text
        .lines()
        .find(|line| line.contains("libzmq"))
        .unwrap_or("no libzmq at all");
    Err(format!(
        "the loader would not take {}: {}",
        library.display(),
        line.trim()
    ))
}
