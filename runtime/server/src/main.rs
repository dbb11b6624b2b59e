//! The binary `driftline`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives memory back that is not needed any more; the system's own keeps most of it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    driftline::cli::run()
}
