//! What a plugin may use up.

use serde::Serialize;

/// What one instance may use; a description can only lower the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Milliseconds of one call.
    CallMs,
    /// Milliseconds of all calls together.
    TotalMs,
    /// Bytes of linear memory.
    MemoryBytes,
    /// Bytes of a state, and of a report.
    OutputBytes,
    /// Bytes of log text that are kept.
    LogBytes,
}
