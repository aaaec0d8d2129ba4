//! Gives the shared library the name that programs linked against libzmq ask the loader for.

/// As the reference library's releases have it since 4.0.
const SONAME: &str = "libzmq.so.5";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
}
