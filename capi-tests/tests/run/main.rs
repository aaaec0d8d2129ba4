//! Runs every C program of `c/` on our library and on the reference library, as one test each.
//!
//! What lives here: the test harness (`cargo test` and `cargo nextest` both drive it) and the
//! verdict. Building is in [`build`], finding the reference in [`reference`], running one process
//! in [`process`], the command line in [`cli`]. What may not: knowledge of a single program.
//!
//! A program passes when it exits with 0 on both libraries and prints the same on both; see
//! `c/harness.h` for what it prints. Environment:
//!
//! - `ZMQ_REF_LIB`: the reference library, a file or its directory (default: the installed one;
//!   `none` means that there is none).
//! - `CAPI_WRAPPER`: a command put before each program on our library, for instance
//!   `valgrind -q --error-exitcode=99 --leak-check=full`.
//! - `CAPI_CFLAGS`: more flags for the C compiler, for instance `-fsanitize=address`.
//! - `CAPI_LIB_DIR`: a directory with our `libzmq.so`, instead of building it.
//! - `CC`: the C compiler (default `cc`).

mod build;
mod cli;
mod process;
mod reference;

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use build::Workspace;
use cli::Args;
use process::{Outcome, Side};

/// Exit code by which a program says that it cannot run here.
const SKIPPED: i32 = 77;
/// Lines with this prefix are about cases that only our library runs.
const OURS_ONLY: &str = "ours-only ";

/// What a test came to; the text is shown to the user.
enum Verdict {
    Passed(String),
    Skipped(String),
    Failed(String),
}

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let names = match build::program_names() {
        Ok(names) => names,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    let selected: Vec<String> = names
        .into_iter()
        .filter(|name| args.selects(name))
        .collect();
    if args.list {
        // No test is ignored; nextest asks for these separately.
        for name in selected.iter().filter(|_| !args.ignored) {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let selected = if args.ignored { Vec::new() } else { selected };
    run_all(&selected, &args)
}

/// Runs the tests on a few threads and prints what libtest would print.
fn run_all(names: &[String], args: &Args) -> ExitCode {
    println!("\nrunning {} tests", names.len());
    let workspace: OnceLock<Result<Workspace, String>> = OnceLock::new();
    let next = AtomicUsize::new(0);
    let failures: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
    let passed = AtomicUsize::new(0);
    let skipped = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..args.threads.min(names.len()) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match run_one(&workspace, name) {
                        Verdict::Passed(detail) => {
                            passed.fetch_add(1, Ordering::Relaxed);
                            println!("test {name} ... ok{detail}");
                        }
                        Verdict::Skipped(reason) => {
                            skipped.fetch_add(1, Ordering::Relaxed);
                            println!("test {name} ... ok (SKIP {reason})");
                        }
                        Verdict::Failed(report) => {
                            println!("test {name} ... FAILED");
                            if let Ok(mut failures) = failures.lock() {
                                failures.push((name.clone(), report));
                            }
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap_or_default();
    for (name, report) in &failures {
        println!("\n---- {name} ----\n{report}");
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; {} skipped\n",
        if failures.is_empty() { "ok" } else { "FAILED" },
        passed.into_inner(),
        failures.len(),
        skipped.into_inner(),
    );
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(101)
    }
}

/// Prepares the libraries when this is the first test, then builds and judges one program.
fn run_one(workspace: &OnceLock<Result<Workspace, String>>, name: &str) -> Verdict {
    let workspace = match workspace.get_or_init(Workspace::prepare) {
        Ok(workspace) => workspace,
        Err(message) => return Verdict::Failed(message.clone()),
    };
    let program = match workspace.compile(name) {
        Ok(program) => program,
        Err(message) => return Verdict::Failed(message),
    };
    let verdict = if name.starts_with("interop_") {
        judge_interop(workspace, &program)
    } else {
        judge(workspace, &program)
    };
    verdict.unwrap_or_else(Verdict::Failed)
}

/// Runs an ordinary program on both libraries and compares.
fn judge(workspace: &Workspace, program: &Path) -> Result<Verdict, String> {
    let ours = process::run(workspace, program, Side::Ours)?;
    if ours.code == Some(SKIPPED) {
        return Ok(Verdict::Skipped(ours.skip_reason()));
    }
    if ours.code != Some(0) {
        return Ok(Verdict::Failed(ours.report("our library")));
    }
    if workspace.reference.is_none() {
        return Ok(Verdict::Passed(
            " (alone: no reference library found)".to_owned(),
        ));
    }
    let reference = process::run(workspace, program, Side::Reference)?;
    if reference.code == Some(SKIPPED) {
        return Ok(Verdict::Passed(format!(
            " (alone: {})",
            reference.skip_reason()
        )));
    }
    if reference.code != Some(0) {
        return Ok(Verdict::Failed(reference.report("the reference library")));
    }
    match difference(&ours.stdout, &reference.stdout) {
        None => Ok(Verdict::Passed(String::new())),
        Some(lines) => Ok(Verdict::Failed(format!(
            "different output (- reference, + ours)\n{lines}{}",
            ours.stderr
        ))),
    }
}

/// Runs a program that itself starts one process per library.
fn judge_interop(workspace: &Workspace, program: &Path) -> Result<Verdict, String> {
    if workspace.reference.is_none() {
        return Ok(Verdict::Skipped("no reference library found".to_owned()));
    }
    let outcome: Outcome = process::run(workspace, program, Side::Both)?;
    Ok(match outcome.code {
        Some(0) => Verdict::Passed(String::new()),
        Some(SKIPPED) => Verdict::Skipped(outcome.skip_reason()),
        _ => Verdict::Failed(outcome.report("one library per process")),
    })
}

/// The lines that differ, or `None`. Cases that only our library runs do not count.
fn difference(ours: &str, reference: &str) -> Option<String> {
    let shared = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with(OURS_ONLY));
        lines.map(str::to_owned).collect()
    };
    let (ours, reference) = (shared(ours), shared(reference));
    if ours == reference {
        return None;
    }
    let mut report = String::new();
    if ours.len() == reference.len() {
        for (number, (a, b)) in ours
            .iter()
            .zip(&reference)
            .enumerate()
            .filter(|(_, (a, b))| a != b)
        {
            let _ = writeln!(report, "line {}:\n- {b}\n+ {a}", number + 1);
        }
        return Some(report);
    }
    let start = ours
        .iter()
        .zip(&reference)
        .take_while(|(a, b)| a == b)
        .count();
    let rest = (ours.len() - start).min(reference.len() - start);
    let end = (0..rest)
        .take_while(|i| ours[ours.len() - 1 - i] == reference[reference.len() - 1 - i])
        .count();
    let _ = writeln!(report, "from line {}:", start + 1);
    for line in &reference[start..reference.len() - end] {
        let _ = writeln!(report, "- {line}");
    }
    for line in &ours[start..ours.len() - end] {
        let _ = writeln!(report, "+ {line}");
    }
    Some(report)
}
