//! What a run gives back: results with where they came from.

use std::fmt;

use driftline_core::{Chart, Digest, Failure, Name, Time, Value, Window};
use driftline_storage::Grain;

use crate::Drift;

/// What a finished run gives back.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Which plugin ran.
    pub plugin: PluginId,
    /// One entry for each period, slice and set of columns, in this order.
    pub results: Vec<WindowResult>,
    /// How many columns have drifted, where that is counted.
    pub drift: Option<Drift>,
    /// The columns that `*` could have meant and does not.
    pub left_out: Vec<LeftOut>,
    /// What the numbers were computed from.
    pub lineage: Lineage,
    /// How long it took.
    pub timing: Timing,
    /// What the plugin wrote to its log.
    pub log: Vec<String>,
}

impl Outcome {
    /// The first plugin failure, if any.
    pub fn failure(&self) -> Option<&Failure> {
        self.results.iter().find_map(|result| result.failure.as_ref())
    }
}

/// A column of the model that `*` does not stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The input that `*` is bound to.
    pub input: String,
    /// The column.
    pub column: String,
    /// Why it is left out.
    pub reason: String,
}

/// A plugin's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginId {
    /// Its name.
    pub name: Name,
    /// Its semantic version.
    pub version: String,
    /// The SHA-256 of its bytes.
    pub digest: Digest,
}

/// The result for one period, slice and set of columns.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowResult {
    /// The period.
    pub window: Window,
    /// The grouping expressions and their values here; empty without `group_by`.
    pub slice: Vec<(String, SliceValue)>,
    /// The inputs and the columns or expressions that fed them.
    pub inputs: Vec<(String, Vec<String>)>,
    /// How many rows there were.
    pub rows: Rows,
    /// The plugin's values; empty after a failure.
    pub values: Vec<Value>,
    /// The plugin's charts.
    pub charts: Vec<Chart>,
    /// How the plugin failed, if it did.
    pub failure: Option<Failure>,
    /// Where the period, or the reference, reaches into time whose rows are gone: what stood in for them.
    pub rolled_up: Option<RolledUp>,
}

/// What stood in for rows that are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledUp {
    /// Rows before this are gone.
    pub until: Time,
    /// The coarsest states there are for this time; none without any.
    pub grain: Option<Grain>,
    /// Whether kept states stand for every row that is gone. If not, the values are undefined.
    pub complete: bool,
    /// Why it is not complete, or a remark.
    pub note: Option<String>,
}

/// Row counts of one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rows {
    /// Rows of the period and slice that pass the filter.
    pub read: u64,
    /// Rows given to the plugin.
    pub used: u64,
    /// Rows left out because a required input is null.
    pub missing: u64,
}

impl Rows {
    /// The counts of both.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { read: self.read + other.read, used: self.used + other.used, missing: self.missing + other.missing }
    }

    /// Read, used and missing, in this order.
    pub(crate) fn counts(self) -> [u64; 3] {
        [self.read, self.used, self.missing]
    }
}

/// The value of a grouping expression.
#[derive(Debug, Clone, PartialEq)]
pub enum SliceValue {
    /// No value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text, and whatever else is written as text.
    Text(String),
}

impl fmt::Display for SliceValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

/// What the numbers were computed from.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// How many segments were read, the reference's included.
    pub segments: usize,
    /// How many rows were not sealed yet.
    pub unsealed_rows: u64,
    /// A digest over everything that was read: segments, unsealed rows, delayed metrics, dataset.
    pub data: Digest,
    /// The parameters, defaults filled in, as JSON.
    pub parameters: String,
    /// The versions of the runtime.
    pub runtime: String,
}

/// How long it took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// From the start of the run to its last result, milliseconds.
    pub total_ms: f64,
    /// Rows read, the reference's included, by that time.
    pub rows_per_second: f64,
    /// How much was computed.
    pub units: Units,
}

/// How many units of work were computed, and how many were known from before: each is a set of columns over a cell of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Units {
    /// Those whose rows were read.
    pub computed: u64,
    /// Those whose states or reports were kept.
    pub cached: u64,
}
