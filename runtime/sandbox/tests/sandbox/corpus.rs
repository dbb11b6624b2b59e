//! What fuzzing found worth keeping, once more: see `tests/fuzz`.

// The fuzzer itself uses more of it.
#[allow(dead_code, unused_imports)]
#[path = "../../../../tests/fuzz/src/lib.rs"]
mod fuzz;

use std::{fs, path::Path};

/// The inputs kept for a target.
fn kept(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    let files = fs::read_dir(folder).expect("a corpus").map(|file| file.expect("listed").path());
    files.map(|file| fs::read(file).expect("read")).collect()
}

#[test]
fn no_input_that_was_kept_breaks_a_promise() {
    for target in fuzz::TARGETS {
        let cache = tempfile::tempdir().expect("a directory");
        let run = fuzz::target(target, cache.path()).expect("a target");
        let inputs = kept(target);
        assert!(inputs.len() > 5, "{target} has {} inputs", inputs.len());
        for input in inputs {
            run(&input);
        }
    }
}

#[test]
fn a_state_of_one_plugin_does_no_harm_in_another() {
    let cache = tempfile::tempdir().expect("a directory");
    let run = fuzz::target("foreign", cache.path()).expect("a target");
    for mut input in kept("foreign") {
        for which in 0..fuzz::PLUGINS.len() {
            if let Some(first) = input.first_mut() {
                *first = which as u8;
            }
            run(&input);
        }
    }
}
