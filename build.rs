//! Gives the shared library the name that programs linked against libzmq ask the loader for, and has it stay.

/// As the reference library's releases have it since 4.0.
const SONAME: &str = "libzmq.so.5";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{SONAME}");
    // A program may dlclose the library while a resolver waits for the network, and forks are watched for ever.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
}
