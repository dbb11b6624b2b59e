//! `driftline serve`: the server in the foreground.

mod history;
mod plugins;
mod segments;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use super::place::PlaceArgs;
use crate::{Config, Limits, Server};
use history::HistoryArgs;
use plugins::PluginArgs;
use segments::SegmentArgs;

/// Starts the server and runs until it gets SIGTERM or Ctrl-C
///
/// Everything it keeps is in the data directory: a SQLite catalog with the
/// append log, and Parquet files, unless an object store holds these. Only one server can have it open.
#[derive(Debug, Args)]
pub struct Serve {
    /// Directory for everything the server keeps; made if it does not exist
    #[arg(long, env = "DRIFTLINE_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "DRIFTLINE_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:7878")]
    listen: SocketAddr,
    /// Threads that compute evaluations [default: one for each core]
    #[arg(long, env = "DRIFTLINE_THREADS", value_name = "N")]
    threads: Option<usize>,
    /// Evaluations that run at once
    #[arg(long, env = "DRIFTLINE_MAX_EVALUATIONS", value_name = "N", default_value_t = Limits::default().evaluations)]
    max_evaluations: usize,
    /// Evaluations that may wait for their turn; beyond, requests are answered with 429
    #[arg(long, env = "DRIFTLINE_MAX_QUEUED", value_name = "N", default_value_t = Limits::default().queued_evaluations)]
    max_queued: usize,
    /// SQL queries that run at once
    #[arg(long, env = "DRIFTLINE_MAX_QUERIES", value_name = "N", default_value_t = Limits::default().queries)]
    max_queries: usize,
    /// Memory in MiB that a SQL query may use, its answer included
    #[arg(long, env = "DRIFTLINE_MAX_QUERY_MIB", value_name = "MIB", default_value_t = 256)]
    max_query_mib: usize,
    /// Longest time in seconds that a SQL query may ask for
    #[arg(long, env = "DRIFTLINE_MAX_QUERY_SECONDS", value_name = "SECONDS", default_value_t = 300)]
    max_query_seconds: u64,
    /// Largest JSON or NDJSON body of rows in MiB, decoded; large bodies wait on disk, not in memory
    #[arg(long, env = "DRIFTLINE_MAX_JSON_MIB", value_name = "MIB", default_value_t = Limits::default().json_bytes >> 20)]
    max_json_mib: usize,
    /// Largest CSV, Arrow or Parquet body in MiB, decoded
    #[arg(long, env = "DRIFTLINE_MAX_UPLOAD_MIB", value_name = "MIB", default_value_t = Limits::default().upload_bytes >> 20)]
    max_upload_mib: usize,
    /// Memory in MiB for the bodies of all requests together; beyond, requests wait and are then answered with 429
    #[arg(long, env = "DRIFTLINE_INGEST_MEMORY_MIB", value_name = "MIB", default_value_t = Limits::default().ingest_bytes >> 20)]
    ingest_memory_mib: usize,
    /// Seconds that a body may stand still before its request is given up
    #[arg(long, env = "DRIFTLINE_STALL_SECONDS", value_name = "SECONDS", default_value_t = Limits::default().stall.as_secs())]
    stall_seconds: u64,
    /// Private address, network or host that notices may go to, such as 10.1.0.0/16 or hooks.internal; others in private
    /// networks are refused
    #[arg(long, env = "DRIFTLINE_NOTIFY_ALLOW", value_name = "ADDRESS", value_delimiter = ',')]
    notify_allow: Vec<String>,
    /// Disk space in MiB for computed states, so that evaluations read only what is new; 0 keeps none
    #[arg(long, env = "DRIFTLINE_STATE_CACHE_MIB", value_name = "MIB", default_value_t = 1024)]
    state_cache_mib: u64,
    /// Memory in MiB for rows that are not in files yet, decoded once for all evaluations; see --seal-rows
    #[arg(long, env = "DRIFTLINE_ROW_CACHE_MIB", value_name = "MIB", default_value_t = 128)]
    row_cache_mib: usize,
    /// How log lines are written
    #[arg(long, env = "DRIFTLINE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What is logged: error, warn, info, debug (every request) or trace; or a filter such as `driftline=debug`
    #[arg(long, env = "DRIFTLINE_LOG", value_name = "FILTER", default_value = "info")]
    log_level: EnvFilter,
    #[command(flatten)]
    plugins: PluginArgs,
    #[command(flatten)]
    history: HistoryArgs,
    #[command(flatten)]
    segments: SegmentArgs,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
/// How log lines are written.
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Begins to log what passes the filter.
pub fn log(format: LogFormat, filter: EnvFilter) {
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}

/// Runs the server until a signal.
///
/// # Errors
/// When it can't start or must stop.
pub fn run(serve: Serve) -> anyhow::Result<()> {
    let defaults = Config::new(serve.data, serve.listen);
    let limits = Limits {
        json_bytes: serve.max_json_mib << 20,
        upload_bytes: serve.max_upload_mib << 20,
        ingest_bytes: serve.ingest_memory_mib << 20,
        stall: Duration::from_secs(serve.stall_seconds.max(1)),
        evaluations: serve.max_evaluations.max(1),
        queued_evaluations: serve.max_queued,
        queries: serve.max_queries.max(1),
        query_bytes: serve.max_query_mib << 20,
        query_time: Duration::from_secs(serve.max_query_seconds),
        ..Limits::default()
    };
    let config = Config {
        threads: serve.threads.unwrap_or(defaults.threads).max(1),
        plugins: serve.plugins.into(),
        history: serve.history.into(),
        segments: serve.segments.into(),
        place: serve.place.into(),
        limits,
        notify_allow: serve.notify_allow,
        state_cache_bytes: serve.state_cache_mib << 20,
        row_cache_bytes: serve.row_cache_mib << 20,
        ..defaults
    };
    log(serve.log_format, serve.log_level);
    runtime()?.block_on(async {
        let server = Server::start(config).await?;
        eprintln!("driftline listens on http://{}", server.address());
        server.run(signalled()?).await?;
        eprintln!("driftline has stopped");
        Ok(())
    })
}

/// Threads that answer requests. Few: what takes long runs elsewhere.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(64)
        .build()
        .context("the threads of the server can't be started")
}

/// Cancelled at the first SIGTERM or Ctrl-C; a second one ends the process at once.
///
/// # Errors
/// When signals can't be listened to.
pub fn signalled() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("can't listen to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't listen to SIGINT")?;
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            if !first {
                std::process::exit(1);
            }
            eprintln!("stopping; once more to stop at once");
            stop.cancel();
        }
    });
    Ok(token)
}
