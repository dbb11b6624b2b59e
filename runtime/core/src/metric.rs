//! The accumulator algebra: mergeable summaries of rows, and a function from summaries to numbers.
//!
//! For rows `A`, `B` and the empty summary `0`, whatever runs behind these
//! traits keeps `merge(0, A) = A`, `merge(A, merge(B, C)) = merge(merge(A, B), C)`
//! and `merge(state(A), state(B)) = state(A and B)`, exactly or to the tolerance
//! that the metric documents.

use std::fmt;

use crate::{Description, InputBatch, InputLayout, Report, Window};

/// One accumulator of a running [`Metric`]: a handle, valid for the life of that metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Accumulator(pub u32);

/// A running metric: one instance with any number of accumulators.
///
/// After an [`Err`] whose code [`FailureCode::is_fatal`] the instance is
/// poisoned: drop it.
pub trait Metric: Send {
    /// Opens an empty accumulator for parameters (a JSON object with the schema's defaults filled in).
    fn open(&mut self, parameters: &str) -> Result<Accumulator, Failure>;

    /// Takes in rows.
    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure>;

    /// Everything `merge` needs.
    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure>;

    /// Adds the rows behind a state of the same metric and parameters.
    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure>;

    /// Turns accumulated rows into results.
    fn evaluate(&mut self, current: Accumulator, reference: Option<Accumulator>) -> Result<Report, Failure>;

    /// Releases an accumulator.
    fn close(&mut self, accumulator: Accumulator) -> Result<(), Failure>;

    /// What the metric wrote to its log so far, taken out of it.
    fn take_log(&mut self) -> Vec<String>;

    /// Whether it has looked at its clock: if not, its states are the same wherever the clock stands.
    fn has_read_clock(&self) -> bool {
        false
    }
}

/// Something that starts metrics: an installed plugin, or the same code native.
pub trait MetricFactory: Send + Sync {
    /// What the metric says of itself.
    fn description(&self) -> &Description;

    /// Starts a fresh instance that shares nothing with any other. `window` is
    /// where its clock stands still (at the end).
    fn start(&self, layout: &InputLayout, window: Window) -> Result<Box<dyn Metric>, Failure>;
}

/// How a plugin failed: data to be recorded, not an error of the runtime.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The stable code.
    pub code: FailureCode,
    /// What happened, for the plugin's author and user.
    pub message: String,
    /// What the plugin wrote to its log, standard output or standard error before.
    pub log: Vec<String>,
}

impl Failure {
    /// A failure without log lines.
    pub fn new(code: FailureCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), log: Vec::new() }
    }
}

/// The stable code of a [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The plugin says that the parameters make no sense together.
    InvalidParameters,
    /// The plugin says that the rows or a state cannot be used.
    InvalidData,
    /// The plugin says that it failed.
    Failed,
    /// It trapped: panic, unreachable code, out-of-bounds access, division by zero.
    Trap,
    /// It ran longer than its deadline.
    Deadline,
    /// It wanted more memory or larger tables than its limit.
    Memory,
    /// It recursed deeper than its stack.
    Stack,
    /// Its state, report or message is larger than its limit.
    Output,
    /// It wrote more log than its limit.
    Log,
    /// It read a column that is not bound, with the wrong accessor, or outside `update`.
    Column,
    /// What it returned breaks the contract: an undeclared output, series of unequal length.
    Contract,
    /// It could not be instantiated.
    Start,
}

impl FailureCode {
    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidParameters => "plugin_invalid_parameters",
            Self::InvalidData => "plugin_invalid_data",
            Self::Failed => "plugin_failed",
            Self::Trap => "plugin_trap",
            Self::Deadline => "plugin_deadline",
            Self::Memory => "plugin_memory",
            Self::Stack => "plugin_stack",
            Self::Output => "plugin_output",
            Self::Log => "plugin_log",
            Self::Column => "plugin_column",
            Self::Contract => "plugin_contract",
            Self::Start => "plugin_start",
        }
    }

    /// Whether the instance can't be used any more.
    pub fn is_fatal(self) -> bool {
        !matches!(self, Self::InvalidParameters | Self::InvalidData | Self::Failed)
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
