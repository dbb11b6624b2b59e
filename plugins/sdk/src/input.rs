//! A column that a plugin asks for.

use serde::Serialize;

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

    /// Binary ground truth, as [`labels`](crate::labels) reads it with a parameter `positive`.
    pub fn label() -> Self {
        Self::new("label", &[Kind::Number, Kind::Category])
            .doc("The truth: 0 or 1, a boolean, or a category with the parameter `positive`.")
    }

    /// The optional weights of rows, as [`weights`](crate::weights) reads them.
    pub fn weight() -> Self {
        Self::number("weight").optional().doc("How much a row counts; finite and not negative.")
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
