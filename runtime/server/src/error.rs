//! Why a server does not start, or stops.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why a server does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data directory can't be opened.
    #[error(transparent)]
    Storage(#[from] driftline_storage::Error),
    /// The Wasm runtime can't be set up.
    #[error(transparent)]
    Sandbox(#[from] driftline_sandbox::Error),
    /// The query engine can't be set up.
    #[error(transparent)]
    Evaluator(#[from] driftline_eval::Error),
    /// A standard plugin can't be installed.
    #[error("the standard plugin {name} can't be installed: {reason}")]
    StandardPlugin {
        /// The plugin.
        name: &'static str,
        /// Why not.
        reason: String,
    },
    /// The list of keys can't be used.
    #[error("the plugin keys in {} can't be used: {reason}", file.display())]
    PluginKeys {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// What may be dialled is not said right.
    #[error("--notify-allow: {0}")]
    Outgoing(driftline_notify::Invalid),
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Connections can't be accepted any more, or this program can't be found on disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A thread of the server panicked.
    #[error("a thread of the server ended unexpectedly: {0}")]
    Panicked(String),
}
