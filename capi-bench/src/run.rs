//! One run of the benchmark program: started, watched, its line read. What may not live here: which
//! runs are made, and what their numbers mean.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The program's own limit comes first, so that it can say where it was.
const GRACE: Duration = Duration::from_secs(2);
/// Often enough to lose little time, seldom enough not to disturb what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The exit code of a run that the library cannot do.
const EXIT_SKIP: i32 = 77;

/// The numbers that a run printed, by key.
pub(crate) type Numbers = HashMap<String, f64>;

/// Why there are no numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The library does not have what the case needs.
    Skipped(String),
    TimedOut(Duration),
    Failed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skipped(why) => write!(f, "{why}"),
            Self::TimedOut(limit) => write!(f, "no end after {} s", limit.as_secs()),
            Self::Failed(why) => write!(f, "{why}"),
        }
    }
}

/// Runs `program` on the library in `folder` and reads its line.
pub(crate) fn run(
    program: &Path,
    folder: &Path,
    args: &[&str],
    limit: Duration,
) -> Result<Numbers, Trouble> {
    let failed = |e: std::io::Error| Trouble::Failed(format!("{}: {e}", program.display()));
    let mut child = Command::new(program)
        .args(args)
        .arg(format!("limit={}", limit.as_secs()))
        .env("LD_LIBRARY_PATH", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;

    let deadline = Instant::now() + limit + GRACE;
    while child.try_wait().map_err(failed)?.is_none() {
        if Instant::now() > deadline {
            // The kernel ends the other sides of the run when their parent is gone.
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Err(Trouble::TimedOut(limit + GRACE));
        }
        thread::sleep(LOOK_EVERY);
    }
    // A line or two: less than what a pipe holds, so the run never waited for a reader.
    let output = child.wait_with_output().map_err(failed)?;
    judge(&output, limit)
}

fn judge(output: &Output, limit: Duration) -> Result<Numbers, Trouble> {
    let complaint = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint.lines().last().unwrap_or_default();
    match output.status.code() {
        Some(0) => parse(&String::from_utf8_lossy(&output.stdout)),
        Some(EXIT_SKIP) => Err(Trouble::Skipped(complaint.to_owned())),
        Some(_) if !complaint.is_empty() => Err(Trouble::Failed(complaint.to_owned())),
        // 14: SIGALRM, the program's own time limit.
        None if output.status.to_string().contains("signal: 14") => Err(Trouble::TimedOut(limit)),
        _ => Err(Trouble::Failed(
            format!("{} {complaint}", output.status).trim().to_owned(),
        )),
    }
}

/// `key=value` words; those whose value is no number are names of what was run.
fn parse(line: &str) -> Result<Numbers, Trouble> {
    let numbers: Numbers = line
        .split_whitespace()
        .filter_map(|word| {
            let (key, value) = word.split_once('=')?;
            let value: f64 = value.parse().ok()?;
            value.is_finite().then(|| (key.to_owned(), value))
        })
        .collect();
    if numbers.is_empty() {
        Err(Trouble::Failed("the run printed no numbers".to_owned()))
    } else {
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: u64) -> Result<Numbers, Trouble> {
        let script = format!("{script} #");
        run(
            Path::new("/bin/sh"),
            Path::new("/"),
            &["-c", &script],
            Duration::from_secs(limit),
        )
    }

    #[test]
    fn numbers_are_read_and_names_left_out() {
        let numbers = sh("echo mode=thr msgs_per_s=5.5e+06 size=10 bad=nan", 10).unwrap();
        assert_eq!(numbers.len(), 2);
        assert_eq!(numbers["msgs_per_s"], 5.5e6);
    }

    #[test]
    fn failures_are_told_apart() {
        let failed = |why: &str| Err(Trouble::Failed(why.to_owned()));
        assert_eq!(
            sh("echo first >&2; echo last >&2; exit 1", 10),
            failed("last")
        );
        assert_eq!(
            sh("echo no curve >&2; exit 77", 10),
            Err(Trouble::Skipped("no curve".to_owned()))
        );
        assert_eq!(sh("true", 10), failed("the run printed no numbers"));
        assert_eq!(
            sh("kill -14 $$", 10),
            Err(Trouble::TimedOut(Duration::from_secs(10)))
        );
    }

    #[test]
    fn a_run_without_an_end_is_ended() {
        let trouble = sh("exec sleep 60", 0).unwrap_err();
        assert!(matches!(trouble, Trouble::TimedOut(_)), "{trouble}");
    }
}
