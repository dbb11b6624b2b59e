//! What an operator can choose.

mod history;
mod plugins;
mod segments;

pub use history::History;
pub use plugins::{BreakerRules, PluginRules};
pub use segments::Segments;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use driftline_storage::Place;

const MIB: usize = 1 << 20;

/// How a server is run.
#[derive(Debug, Clone)]
pub struct Config {
    /// The data directory.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads that compute evaluations.
    pub threads: usize,
    /// How logs become segments, and how these are kept few.
    pub segments: Segments,
    /// Where segments, datasets and plugins are kept.
    pub place: Place,
    /// Bounds on requests and evaluations.
    pub limits: Limits,
    /// What plugins may do, and whose may run.
    pub plugins: PluginRules,
    /// Which private addresses and networks notices may go to besides public ones.
    pub notify_allow: Vec<String>,
    /// How many bytes of computed states are kept on disk; without any, none are.
    pub state_cache_bytes: u64,
    /// How many bytes of decoded rows that are not sealed yet are kept in memory.
    pub row_cache_bytes: usize,
    /// For how long what monitors did is kept.
    pub history: History,
    /// Whether plugins are compiled in this process; only tests want that.
    pub compile_in_process: bool,
}

/// Bounds on requests and evaluations.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest JSON or NDJSON body of rows, decoded.
    pub json_bytes: usize,
    /// The largest CSV, Arrow or Parquet body, decoded.
    pub upload_bytes: usize,
    /// The largest JSON body that is no rows, decoded.
    pub document_bytes: usize,
    /// How much memory the bodies of all requests together, and the rows made of them, may take.
    pub ingest_bytes: usize,
    /// How long a body may stand still before its request is given up.
    pub stall: Duration,
    /// How many evaluations run at once.
    pub evaluations: usize,
    /// How many more may wait for their turn.
    pub queued_evaluations: usize,
    /// How many reads of predictions may be under way.
    pub reads: usize,
    /// How many queries run at once.
    pub queries: usize,
    /// How many more may wait for their turn.
    pub queued_queries: usize,
    /// The memory that a query's plan and answer may use.
    pub query_bytes: usize,
    /// The longest that a query may ask to take.
    pub query_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            json_bytes: 4096 * MIB,
            upload_bytes: 16_384 * MIB,
            document_bytes: 16 * MIB,
            ingest_bytes: 1024 * MIB,
            stall: Duration::from_secs(60),
            evaluations: 8,
            queued_evaluations: 64,
            reads: 32,
            queries: 4,
            queued_queries: 64,
            query_bytes: 256 * MIB,
            query_time: Duration::from_secs(300),
        }
    }
}

impl Config {
    /// One thread that computes for each core.
    pub fn threads() -> usize {
        std::thread::available_parallelism().map_or(2, usize::from)
    }

    /// The defaults for a data directory.
    pub fn new(data: PathBuf, listen: SocketAddr) -> Self {
        let threads = Self::threads();
        let segments = Segments::default();
        let (place, limits, plugins) = (Place::default(), Limits::default(), PluginRules::default());
        let notify_allow = Vec::new();
        let storage = driftline_storage::Options::default();
        Self {
            data,
            listen,
            threads,
            segments,
            place,
            limits,
            plugins,
            notify_allow,
            state_cache_bytes: storage.state_cache_bytes,
            row_cache_bytes: storage.log_cache_bytes,
            history: History::default(),
            compile_in_process: false,
        }
    }
}
