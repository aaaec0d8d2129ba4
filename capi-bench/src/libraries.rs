//! Gets everything that a measurement needs into place: our library, the reference library, the
//! benchmark program. What may not live here: running that program for a measurement.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::reference;

/// The compiled program and a folder for each library in which the loader finds `libzmq.so.5`.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) program: PathBuf,
    pub(crate) ours: Library,
    pub(crate) reference: Option<Library>,
}

/// A library, as the benchmark program itself sees it.
#[derive(Debug)]
pub(crate) struct Library {
    /// Goes into `LD_LIBRARY_PATH`.
    pub(crate) folder: PathBuf,
    /// What it says of itself.
    pub(crate) version: String,
    /// The file behind all links.
    pub(crate) file: PathBuf,
}

impl Setup {
    /// Builds ours, compiles the program against it; `to_compare`: optimised, and with the reference.
    ///
    /// `FERROZMQ_LIB_DIR` names a folder whose libzmq is taken for ours instead.
    pub(crate) fn prepare(to_compare: bool) -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or("the package lies in no workspace")?;
        let built = match env::var_os("FERROZMQ_LIB_DIR") {
            Some(folder) => library_in(Path::new(&folder))?,
            None => build(root, to_compare)?,
        };
        let work = work_folder()?;
        let ours = link_folder(&work.join("ours"), &built)?;
        let program = compile(root, &work, &ours)?;
        let found = if to_compare {
            reference::find(&built)?
        } else {
            None
        };
        let reference = match found {
            Some(file) => Some(link_folder(&work.join("reference"), &file)?),
            None => None,
        };
        Ok(Self {
            ours: Library::load(&program, ours, &built)?,
            reference: match reference {
                Some(folder) => {
                    let file = library_in(&folder)?;
                    Some(Library::load(&program, folder, &file)?)
                }
                None => None,
            },
            program,
        })
    }
}

impl Library {
    /// Runs the program once to see that the loader really takes the library from this folder.
    fn load(program: &Path, folder: PathBuf, file: &Path) -> Result<Self, String> {
        let output = Command::new(program)
            .arg("version")
            .env("LD_LIBRARY_PATH", &folder)
            .output()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let field = |key: &str| {
            said.split_whitespace()
                .find_map(|word| word.strip_prefix(key))
        };
        let (Some(version), Some(loaded)) = (field("version="), field("file=")) else {
            return Err(format!(
                "the benchmark does not run on {}: {}",
                file.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            ));
        };
        if Path::new(loaded).parent() != Some(&folder) {
            return Err(format!(
                "the benchmark loads {loaded}, not {}",
                file.display()
            ));
        }
        Ok(Self {
            folder,
            version: version.to_owned(),
            file: file.to_owned(),
        })
    }
}

/// Builds the shared library and asks cargo where it is.
fn build(root: &Path, optimised: bool) -> Result<PathBuf, String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["build", "--package", "ferrozmq"])
        .args(["--message-format", "json-render-diagnostics"]);
    if optimised {
        cargo.arg("--release");
    }
    let output = cargo
        .output()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if !output.status.success() {
        return Err(format!(
            "our library does not build\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    String::from_utf8_lossy(&output.stdout)
        .split('"')
        .find(|word| word.ends_with("/libzmq.so"))
        .map(PathBuf::from)
        .ok_or_else(|| "cargo built no libzmq.so".to_owned())
}

/// The library's file in a folder, without links.
fn library_in(folder: &Path) -> Result<PathBuf, String> {
    ["libzmq.so", "libzmq.so.5"]
        .iter()
        .find_map(|name| folder.join(name).canonicalize().ok())
        .ok_or_else(|| format!("no libzmq.so in {}", folder.display()))
}

/// A folder beside this program, which cargo keeps and cleans with everything else it built.
fn work_folder() -> Result<PathBuf, String> {
    let exe = env::current_exe().map_err(|e| format!("current executable: {e}"))?;
    let folder = exe.with_file_name("capi-bench-work");
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

/// Makes `folder` hold `file` under the two names by which compiler and loader look for it.
fn link_folder(folder: &Path, file: &Path) -> Result<PathBuf, String> {
    let fail = |e: std::io::Error| format!("{}: {e}", folder.display());
    let file = file
        .canonicalize()
        .map_err(|e| format!("{}: {e}", file.display()))?;
    fs::create_dir_all(folder).map_err(fail)?;
    for name in ["libzmq.so", "libzmq.so.5"] {
        let link = folder.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == file) {
            continue;
        }
        // Gone already is as good as removed.
        drop(fs::remove_file(&link));
        symlink(&file, &link).map_err(fail)?;
    }
    Ok(folder.to_owned())
}

/// Compiles c/*.c; one binary serves both libraries, as a user's program would.
fn compile(root: &Path, work: &Path, library: &Path) -> Result<PathBuf, String> {
    let sources = root.join("capi-bench/c");
    let mut files: Vec<PathBuf> = fs::read_dir(&sources)
        .map_err(|e| format!("{}: {e}", sources.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    files.sort();

    let program = work.join("bench");
    // Another measurement may be running the old one.
    let fresh = work.join(format!("bench.{}", process::id()));
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let output = Command::new(&compiler)
        .args([
            "-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-I",
        ])
        .arg(root.join("include"))
        .arg("-o")
        .arg(&fresh)
        .args(&files)
        .arg("-L")
        .arg(library)
        .args(["-lzmq", "-ldl"])
        .output()
        .map_err(|e| format!("cannot start {compiler}: {e}"))?;
    if !output.status.success() {
        return Err(format!(
            "the benchmark program does not compile\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    fs::rename(&fresh, &program).map_err(|e| format!("{}: {e}", program.display()))?;
    Ok(program)
}
