//! Builds what a test needs: our shared library, directories to load each library from, and the
//! C programs. What may not live here: running programs or judging their output.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use crate::reference;

/// Everything is compiled with these, and with `-Werror`; `CAPI_CFLAGS` adds to them, and then
/// warnings are none of our business: a sanitizer makes the compiler guess wrongly.
const CFLAGS: &[&str] = &[
    "-std=c99",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-pthread",
    "-O1",
    "-g",
];

/// Directories and tools that all tests share.
pub(crate) struct Workspace {
    /// Where `libzmq.so.5` is ours.
    pub(crate) ours: PathBuf,
    /// Where `libzmq.so.5` is the reference, if there is one.
    pub(crate) reference: Option<PathBuf>,
    include: PathBuf,
    programs: PathBuf,
    compiler: String,
    flags: Vec<String>,
}

impl Workspace {
    /// Builds our library and lays out the two library directories.
    pub(crate) fn prepare() -> Result<Self, String> {
        let profile = profile_dir()?;
        let built = match env::var_os("CAPI_LIB_DIR") {
            Some(dir) => PathBuf::from(dir).join("libzmq.so"),
            None => build_library(&profile)?,
        };
        if !built.is_file() {
            return Err(format!("our library is not at {}", built.display()));
        }
        let area = profile.join("capi-tests");
        let ours = library_dir(&area.join("ours"), &built)?;
        let reference = match reference::find(&built)? {
            Some(file) => Some(library_dir(&area.join("reference"), &file)?),
            None => None,
        };
        let extra = env::var("CAPI_CFLAGS").unwrap_or_default();
        let werror = extra.trim().is_empty().then_some("-Werror");
        let flags: Vec<String> = CFLAGS
            .iter()
            .copied()
            .chain(werror)
            .chain(extra.split_whitespace())
            .map(str::to_owned)
            .collect();
        let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        // Programs built with other flags do not replace each other.
        let programs = area.join(format!("bin-{:016x}", hash(&(&compiler, &flags))));
        fs::create_dir_all(&programs).map_err(|e| format!("{}: {e}", programs.display()))?;
        let include = root().join("../include");
        Ok(Self {
            ours,
            reference,
            include,
            programs,
            compiler,
            flags,
        })
    }

    /// Compiles one program, unless it is there and nothing that it is made of has changed.
    pub(crate) fn compile(&self, name: &str) -> Result<PathBuf, String> {
        let source = sources().join(format!("{name}.c"));
        let program = self.programs.join(name);
        let stamp = self.programs.join(format!("{name}.stamp"));
        let state = format!("{:016x}", self.inputs(&source)?);
        if program.is_file() && fs::read_to_string(&stamp).is_ok_and(|old| old == state) {
            return Ok(program);
        }
        let fresh = self.programs.join(format!("{name}.{}", process::id()));
        let output = Command::new(&self.compiler)
            .args(&self.flags)
            .arg("-I")
            .arg(&self.include)
            .arg("-o")
            .arg(&fresh)
            .arg(&source)
            .arg("-L")
            .arg(&self.ours)
            .arg("-lzmq")
            .output()
            .map_err(|e| format!("cannot start {}: {e}", self.compiler))?;
        if !output.status.success() {
            return Err(format!(
                "{} does not compile\n{}",
                source.display(),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        fs::rename(&fresh, &program).map_err(|e| format!("{}: {e}", program.display()))?;
        fs::write(&stamp, state).map_err(|e| format!("{}: {e}", stamp.display()))?;
        Ok(program)
    }

    /// A hash of the source, of every header, and of nothing else (flags choose the directory).
    fn inputs(&self, source: &Path) -> Result<u64, String> {
        let mut files = vec![source.to_owned()];
        for dir in [sources(), self.include.clone()] {
            files.extend(
                entries(&dir)?
                    .into_iter()
                    .filter(|path| has_extension(path, "h")),
            );
        }
        let mut contents = Vec::new();
        for file in files {
            contents.push(fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?);
        }
        Ok(hash(&contents))
    }
}

/// The names of the C programs (file names without extension), sorted.
pub(crate) fn program_names() -> Result<Vec<String>, String> {
    let mut names: Vec<String> = entries(&sources())?
        .into_iter()
        .filter(|path| has_extension(path, "c"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn build_library(profile: &Path) -> Result<PathBuf, String> {
    // With nextest every test is a process: the first one of a run builds, the others see its mark.
    let mark = env::var("NEXTEST_RUN_ID")
        .ok()
        .map(|id| profile.join("capi-tests/run-id").join(id));
    let library = profile.join("libzmq.so");
    if mark.as_ref().is_some_and(|mark| mark.is_file()) {
        return Ok(library);
    }
    let parent = profile.parent().ok_or("no target directory")?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["build", "--quiet", "-p", "ferrozmq"])
        .current_dir(root());
    match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some(name) => drop(cargo.args(["--profile", name])),
    }
    // `--target T` puts one more directory between; cargo keeps what it knows of rustc in the outermost one.
    if parent.join(".rustc_info.json").is_file() {
        cargo.arg("--target-dir").arg(parent);
    } else if let (Some(target), Some(outer)) = (parent.file_name(), parent.parent()) {
        cargo
            .arg("--target")
            .arg(target)
            .arg("--target-dir")
            .arg(outer);
    }
    let status = cargo
        .status()
        .map_err(|e| format!("cannot start cargo: {e}"))?;
    if !status.success() {
        return Err("our library does not build".to_owned());
    }
    if let Some(mark) = mark {
        let dir = profile.join("capi-tests/run-id");
        // Marks of earlier runs are of no use any more. Two processes may be here at once; a mark
        // that is lost costs one more call of cargo, nothing else.
        drop(fs::remove_dir_all(&dir));
        drop(fs::create_dir_all(&dir));
        drop(fs::write(&mark, ""));
    }
    Ok(library)
}

/// Makes `dir` hold the two names of a shared library as links to `file`.
fn library_dir(dir: &Path, file: &Path) -> Result<PathBuf, String> {
    let fail = |e: std::io::Error| format!("{}: {e}", dir.display());
    fs::create_dir_all(dir).map_err(fail)?;
    let file = file
        .canonicalize()
        .map_err(|e| format!("{}: {e}", file.display()))?;
    for name in ["libzmq.so", "libzmq.so.5"] {
        let link = dir.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == file) {
            continue;
        }
        // Other test processes may be doing the same: rename replaces in one step.
        let fresh = dir.join(format!("{name}.{}", process::id()));
        symlink(&file, &fresh).map_err(fail)?;
        fs::rename(&fresh, &link).map_err(fail)?;
    }
    Ok(dir.to_owned())
}

/// `target/<profile>`, from where this test binary lies (`target/<profile>/deps/run-...`).
fn profile_dir() -> Result<PathBuf, String> {
    let exe = env::current_exe().map_err(|e| format!("current executable: {e}"))?;
    let dir = exe
        .ancestors()
        .nth(2)
        .ok_or("the test binary has no profile directory")?;
    Ok(dir.to_owned())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> PathBuf {
    root().join("c")
}

/// The files of a directory, sorted.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |e: std::io::Error| format!("{}: {e}", dir.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
