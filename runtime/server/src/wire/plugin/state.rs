//! What a server knows of a plugin beyond its bytes: what it may use, who signed it, how it did.

use driftline_sandbox::Limits;
use serde::Serialize;
use utoipa::ToSchema;

use super::Alias;
use crate::{breakers, wire::Instant};

/// How a plugin stands on this server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Standing {
    /// The version that its name alone means; absent when all are retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// The aliases of its name.
    pub aliases: Vec<Alias>,
    /// What one instance of it may use.
    pub limits: PluginLimits,
    /// Who has signed it.
    pub signers: Vec<Signer>,
    /// Whether it is left alone because it keeps failing.
    pub circuit: Circuit,
}

/// What one instance of the plugin may use here: the server's limits, lowered by those in its description
/// and those that came with its upload.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PluginLimits {
    /// Milliseconds of one call.
    pub call_ms: u64,
    /// Milliseconds of all calls together.
    pub total_ms: u64,
    /// Bytes of linear memory.
    pub memory_bytes: u64,
    /// Bytes of a state.
    pub output_bytes: u64,
    /// Bytes of a report.
    pub report_bytes: u64,
    /// Bytes of log text that are kept.
    pub log_bytes: u64,
}

/// A key that has signed the plugin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Signer {
    /// The public key.
    pub key: String,
    /// What the server's list calls it; absent when it lists no such key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the signature came.
    pub added: Instant,
}

/// Whether the plugin is left alone because it keeps failing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Circuit {
    /// `closed`: it runs; `open`: evaluations are refused; `half_open`: one may try.
    pub state: CircuitState,
    /// How often it has failed in a row by its own doing.
    pub consecutive_faults: u64,
    /// The code of the last of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_code: Option<String>,
    /// When evaluations are let through again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Instant>,
}

/// Whether evaluations are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// They are.
    Closed,
    /// They are refused for a while.
    Open,
    /// One is let through, to see whether the plugin works again.
    HalfOpen,
}

impl From<&Limits> for PluginLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            call_ms: limits.call_ms,
            total_ms: limits.total_ms,
            memory_bytes: limits.memory_bytes as u64,
            output_bytes: limits.output_bytes as u64,
            report_bytes: limits.report_bytes as u64,
            log_bytes: limits.log_bytes as u64,
        }
    }
}

impl From<breakers::Circuit> for Circuit {
    fn from(circuit: breakers::Circuit) -> Self {
        let state = match circuit.state {
            breakers::State::Closed => CircuitState::Closed,
            breakers::State::Open => CircuitState::Open,
            breakers::State::HalfOpen => CircuitState::HalfOpen,
        };
        Self {
            state,
            consecutive_faults: circuit.consecutive_faults,
            last_code: circuit.last_code,
            retry_at: circuit.retry_at.map(Instant),
        }
    }
}
