//! The binary `driftline`.

use std::process::ExitCode;

fn main() -> ExitCode {
    driftline::cli::run()
}
