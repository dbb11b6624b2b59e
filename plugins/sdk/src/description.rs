//! What a plugin says of itself when it is installed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// A plugin's description; it becomes the JSON object of `describe`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    name: String,
    version: String,
    doc: String,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    pub(crate) parameters: Value,
    reference: ReferenceUse,
    merges: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<Limit, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tolerance: Option<f64>,
}

impl Description {
    /// A plugin without inputs and outputs that takes no reference and whose states merge.
    ///
    /// `name` matches `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`, `version` is a semantic version.
    pub fn new(name: &str, version: &str, doc: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            doc: doc.into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            parameters: Value::Null,
            reference: ReferenceUse::None,
            merges: true,
            limits: BTreeMap::new(),
            tolerance: None,
        }
    }

    /// Adds an input.
    pub fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    /// Adds an output.
    pub fn output(mut self, output: Output) -> Self {
        self.outputs.push(output);
        self
    }

    /// Says whether the plugin compares with a reference.
    pub fn reference(mut self, reference: ReferenceUse) -> Self {
        self.reference = reference;
        self
    }

    /// Says that states do not merge: every window goes to one accumulator, in time order.
    pub fn does_not_merge(mut self) -> Self {
        self.merges = false;
        self
    }

    /// Lowers what one instance may use: a plugin that is held to less than the server allows fails sooner.
    pub fn limit(mut self, limit: Limit, most: u64) -> Self {
        self.limits.insert(limit, most);
        self
    }

    /// Says that numbers from merged parts may lie this far from those of the whole, relative to their size (to 1 where
    /// they are smaller): for metrics that keep a sketch. Without it rounding may move them by 1e-9.
    pub fn tolerance(mut self, share: f64) -> Self {
        self.tolerance = Some(share);
        self
    }

    /// The plugin's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The inputs, in the order of their numbers.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The outputs.
    pub fn outputs(&self) -> &[Output] {
        &self.outputs
    }
}

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

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `f64`.
    Number,
    /// Labels.
    Category,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
}

/// A column that a plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Input {
    pub(crate) name: String,
    kind: Vec<Kind>,
    nullable: bool,
    optional: bool,
    repeated: bool,
    doc: String,
}

impl Input {
    /// An input that takes any of `kinds`, the preferred one first.
    pub fn new(name: &str, kinds: &[Kind]) -> Self {
        Self {
            name: name.into(),
            kind: kinds.into(),
            nullable: false,
            optional: false,
            repeated: false,
            doc: String::new(),
        }
    }

    /// A column of numbers.
    pub fn number(name: &str) -> Self {
        Self::new(name, &[Kind::Number])
    }

    /// A column of labels.
    pub fn category(name: &str) -> Self {
        Self::new(name, &[Kind::Category])
    }

    /// A column of instants.
    pub fn timestamp(name: &str) -> Self {
        Self::new(name, &[Kind::Timestamp])
    }

    /// Asks for rows whose cell is missing too; otherwise the runtime leaves them out.
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// Lets users leave the input out.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Takes several columns.
    pub fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    /// Whether it asks for rows whose cell is missing.
    pub fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// Says what the input is, for people.
    pub fn doc(mut self, doc: &str) -> Self {
        self.doc = doc.into();
        self
    }
}

/// A value that a plugin reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    name: String,
    direction: Direction,
    range: [Option<f64>; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Thresholds>,
    doc: String,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Thresholds {
    warning: f64,
    critical: f64,
}

/// Which way a value is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither.
    Neutral,
}

impl Output {
    /// A neutral output of any size. A name that ends in `/*` stands for many.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            direction: Direction::Neutral,
            range: [None, None],
            thresholds: None,
            doc: String::new(),
        }
    }

    /// Higher is better.
    pub fn higher_is_better(mut self) -> Self {
        self.direction = Direction::Higher;
        self
    }

    /// Lower is better.
    pub fn lower_is_better(mut self) -> Self {
        self.direction = Direction::Lower;
        self
    }

    /// The smallest and the largest possible value.
    pub fn range(mut self, smallest: impl Into<Option<f64>>, largest: impl Into<Option<f64>>) -> Self {
        self.range = [smallest.into(), largest.into()];
        self
    }

    /// Suggests the levels at which a monitor warns and alerts.
    pub fn thresholds(mut self, warning: f64, critical: f64) -> Self {
        self.thresholds = Some(Thresholds { warning, critical });
        self
    }

    /// Says what the output is, for people.
    pub fn doc(mut self, doc: &str) -> Self {
        self.doc = doc.into();
        self
    }

    /// Whether a reported value called `name` is this output.
    pub fn matches(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
            None => self.name == name,
        }
    }
}

/// Whether a plugin compares with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceUse {
    /// It takes none.
    None,
    /// It takes one when the user chooses one.
    Optional,
    /// It can't do without.
    Required,
}
