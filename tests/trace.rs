//! Tracing must not be had from a program that runs with more rights than its caller: whoever calls it
//! sets the environment. What lines say is tested in C (`capi-tests/c/api_trace.c`).

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use zmq::runtime::Context;
use zmq::sys::sleep::block_on;

/// One at a time: a program that is being written cannot be started, and a child that another test is starting
/// has the copy open as well until it is another program.
static ALONE: Mutex<()> = Mutex::new(());

/// Somebody other than root.
const NOBODY: u32 = 65534;

/// Not a test: what the tests below run, in a process of its own.
#[test]
#[ignore = "run by the other tests"]
fn child() {
    // SAFETY: takes a number, reads what the kernel gave the process.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    println!("secure: {secure}");
    let context = Context::new();
    block_on(async |bed| context.terminate(bed).await).expect("an empty context ends");
}

fn run_child(program: &Path) -> Output {
    Command::new(program)
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("FERROZMQ_TRACE", "1")
        .current_dir("/")
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{output:?}");
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_ordinary_program_traces() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let program = std::env::current_exe().expect("a path");
    let (stdout, stderr) = said(&run_child(&program));
    assert!(stdout.contains("secure: 0"), "{stdout}");
    assert!(stderr.contains(" context opened context=1\n"), "{stderr}");
}

#[test]
fn a_set_user_id_program_does_not() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let program = std::env::current_exe().expect("a path");
    let copy = std::env::temp_dir().join(format!("ferrozmq-suid-{}", std::process::id()));
    fs::copy(&program, &copy).expect("a copy");
    if chown(&copy, Some(NOBODY), None).is_err() {
        fs::remove_file(&copy).expect("our file");
        println!("skipped: only root can make a program run as somebody else");
        return;
    }
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o4755)).expect("the owner's rights");
    let output = run_child(&copy);
    fs::remove_file(&copy).expect("our file");
    let (stdout, stderr) = said(&output);
    if stdout.contains("secure: 0") {
        println!("skipped: the file system or the container ignores set-user-id");
        return;
    }
    assert!(stdout.contains("secure: 1"), "{stdout}");
    assert_eq!(stderr, "");
}
