//! The committed corpus, replayed: each file to the target that its folder is named after.

use std::fs;
use std::path::Path;

use super::TARGETS;

/// Fewest inputs that a target is to have.
const INPUTS_MIN: usize = 5;

#[test]
fn the_corpus_is_replayed() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in TARGETS {
        let folder = corpus.join(name);
        let mut inputs: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.expect("an entry").path())
            .collect();
        inputs.sort();
        assert!(inputs.len() >= INPUTS_MIN, "{name} has too few inputs");
        for input in inputs {
            let bytes = fs::read(&input).expect("a file");
            // Named before, so that a failure says which it was.
            println!("{}", input.display());
            target(&bytes);
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut found: Vec<String> = fs::read_dir(programs)
        .expect("the programs")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    found.sort();
    let mut named: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    named.sort();
    assert_eq!(found, named);
}
