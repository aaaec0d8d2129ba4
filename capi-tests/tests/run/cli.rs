//! The command line that `cargo test` and `cargo nextest` use: the part of libtest's that matters
//! here. What may not live here: anything about C programs.

use std::thread;

/// Parsed arguments.
pub(crate) struct Args {
    /// Print the names of the tests and run nothing.
    pub(crate) list: bool,
    /// Only ignored tests (there are none).
    pub(crate) ignored: bool,
    /// How many programs run at a time.
    pub(crate) threads: usize,
    exact: bool,
    filters: Vec<String>,
    skip: Vec<String>,
}

impl Args {
    /// Parses what follows the program's name. Unknown flags are an error, as with libtest.
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut parsed = Self {
            list: false,
            ignored: false,
            threads: default_threads(),
            exact: false,
            filters: Vec::new(),
            skip: Vec::new(),
        };
        while let Some(arg) = args.next() {
            let (flag, mut value) = match arg.split_once('=') {
                Some((flag, value)) if arg.starts_with("--") => (flag, Some(value.to_owned())),
                _ => (arg.as_str(), None),
            };
            let mut take = || {
                value
                    .take()
                    .or_else(|| args.next())
                    .ok_or_else(|| format!("{flag} needs a value"))
            };
            match flag {
                "--list" => parsed.list = true,
                "--ignored" => parsed.ignored = true,
                "--exact" => parsed.exact = true,
                "--skip" => parsed.skip.push(take()?),
                "--test-threads" => {
                    let number = take()?;
                    parsed.threads = number.parse().map_err(|_| format!("bad number {number}"))?;
                }
                // Output is never captured, so these change nothing.
                "--format" | "--color" | "--logfile" | "-Z" => drop(take()?),
                "--include-ignored" | "--nocapture" | "--no-capture" | "--show-output"
                | "--quiet" | "-q" | "--test" | "--bench" => {}
                _ if flag.starts_with('-') => return Err(format!("unknown argument {arg}")),
                _ => parsed.filters.push(arg),
            }
        }
        parsed.threads = parsed.threads.max(1);
        Ok(parsed)
    }

    /// Whether the filters leave this test in.
    pub(crate) fn selects(&self, name: &str) -> bool {
        let matches = |filter: &String| {
            if self.exact {
                name == filter
            } else {
                name.contains(filter.as_str())
            }
        };
        (self.filters.is_empty() || self.filters.iter().any(matches))
            && !self.skip.iter().any(matches)
    }
}

fn default_threads() -> usize {
    std::env::var("RUST_TEST_THREADS")
        .ok()
        .and_then(|number| number.parse().ok())
        .or_else(|| thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1)
}
