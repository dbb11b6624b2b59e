//! Commands of the binary that end by themselves.

use std::{path::Path, process::Command};

use super::DRIFTLINE;

/// Runs a command with more variables in its environment; gives its exit code and everything it printed.
pub fn driftline(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(DRIFTLINE).args(arguments).envs(environment.iter().copied()).output().expect("it runs");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).expect("UTF-8"))
}

/// Runs a command that must succeed; gives what it printed.
pub fn succeed(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let (code, printed) = driftline(arguments, environment);
    assert_eq!(code, Some(0), "{arguments:?}: {printed}");
    printed
}

/// Checks a data directory, whether a server runs on it or not: every checksum, reference and count must be right.
pub fn verify(data: &Path) -> String {
    let printed = succeed(&["verify", "--data", data.to_str().expect("UTF-8")], &[]);
    assert!(printed.contains("no problems"), "{printed}");
    printed
}
