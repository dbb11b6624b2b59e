//! The binary `driftline`.

use std::process::ExitCode;

/// Gives memory back sooner than the system's allocator after a large request, and is faster from many threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    driftline::cli::run()
}
