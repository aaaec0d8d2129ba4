//! Every mode of the benchmark works with the library as it is now, however fast or slow it is, and
//! the document's marks are where the benchmark looks for them.

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn every_mode_runs() {
    let docs = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs");
    fs::create_dir_all(&docs).expect("a folder for the document");
    let document = docs.join("performance.md");
    let written = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
    fs::copy(written, &document).expect("the document");

    let output = Command::new(env!("CARGO_BIN_EXE_capi-bench"))
        .arg("--smoke")
        .arg("--docs")
        .arg(&docs)
        .output()
        .expect("the driver starts");
    assert!(
        output.status.success(),
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );

    let text = fs::read_to_string(&document).expect("the document is there");
    assert!(text.contains("reference left out"), "{text}");
    for figure in ["latency", "connections", "subscriptions", "poll"] {
        let link = format!("performance/{figure}.svg");
        assert!(text.contains(&link), "{text}");
        let drawn = fs::read_to_string(docs.join(link)).expect("a figure for each link");
        assert!(drawn.contains("class=\"ours"), "{drawn}");
    }
}
