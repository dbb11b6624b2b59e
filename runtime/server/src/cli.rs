//! The command line: one binary, one file a command.

mod alert;
mod apply;
mod backup;
mod client;
mod compact;
mod demo;
mod evaluate;
mod import;
mod monitor;
mod output;
mod place;
mod plugin;
mod query;
mod restore;
mod serve;
mod table;
mod upload;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Driftline: a metrics runtime for machine-learning models in production.
///
/// A server keeps what models predicted and what later turned out to be true.
/// Small WebAssembly plugins say how to judge a model; the server runs them
/// over windows of that data.
#[derive(Debug, Parser)]
#[command(name = "driftline", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
enum Command {
    Serve(serve::Serve),
    Demo(demo::Demo),
    Import(import::Import),
    Evaluate(evaluate::Evaluate),
    Plugin(plugin::Plugin),
    Apply(apply::Apply),
    Monitor(monitor::Monitor),
    Alert(alert::Alert),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Verify(verify::Verify),
    Compact(compact::Compact),
    Query(query::Query),
    /// Compiles one plugin from standard input to standard output; the server calls this.
    #[command(hide = true)]
    Compile,
}

/// Runs the command line of this process: 0 when it worked, 1 when it did not, 2 when it was used wrongly.
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        // Limits its own process, so it comes before threads and logs.
        Command::Compile => return driftline_sandbox::compile_child(),
        Command::Serve(serve) => serve::run(serve),
        Command::Demo(demo) => demo::run(demo),
        Command::Import(import) => client::block_on(import::run(import)),
        Command::Evaluate(evaluate) => client::block_on(evaluate::run(evaluate)),
        Command::Plugin(plugin) => plugin::run(plugin),
        Command::Apply(apply) => client::block_on(apply::run(apply)),
        Command::Monitor(monitor) => client::block_on(monitor::run(monitor)),
        Command::Alert(alert) => client::block_on(alert::run(alert)),
        Command::Backup(backup) => backup::run(backup),
        Command::Restore(restore) => restore::run(restore),
        Command::Verify(verify) => verify::run(verify),
        Command::Compact(compact) => compact::run(compact),
        Command::Query(query) => client::block_on(query::run(query)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) if output::exit(&error).is_some() => ExitCode::from(output::exit(&error).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
