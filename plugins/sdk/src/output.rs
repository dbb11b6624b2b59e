//! A value that a plugin reports.

use serde::Serialize;

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

    /// A share, 0 to 1, of which more is better.
    pub fn share(name: &str, doc: &str) -> Self {
        Self::new(name).higher_is_better().range(0.0, 1.0).doc(doc)
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
