//! Every mode of the benchmark works with the library as it is now, however fast or slow it is.

use std::process::Command;

#[test]
fn every_mode_runs() {
    let output = Command::new(env!("CARGO_BIN_EXE_capi-bench"))
        .arg("--smoke")
        .output()
        .expect("the driver starts");
    assert!(
        output.status.success(),
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
