//! What a plugin says of itself when it is installed.

use crate::Name;

/// A plugin's description, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The plugin's name.
    pub name: Name,
    /// Its semantic version, such as `1.0.0`.
    pub version: String,
    /// What it measures, for people.
    pub doc: String,
    /// The columns it asks for; input `i` is column `i`.
    pub inputs: Vec<Input>,
    /// The values it reports.
    pub outputs: Vec<Output>,
    /// A JSON Schema of type object for its parameters, as JSON text.
    pub parameters: String,
    /// Whether it compares with a reference.
    pub reference: ReferenceUse,
    /// Whether its states merge; otherwise every window goes to one accumulator, in time order.
    pub merges: bool,
    /// How far numbers from merged parts may lie from those of the whole, relative to their size (to 1 where they are
    /// smaller).
    pub tolerance: f64,
}

/// A column that a plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name in a request's `inputs`.
    pub name: String,
    /// The kinds of cells it takes, the preferred one first; never empty.
    pub kinds: Vec<Kind>,
    /// Whether rows whose cell is null are given to the plugin.
    pub nullable: bool,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it takes several columns.
    pub repeated: bool,
    /// What it is, for people.
    pub doc: String,
}

/// How a plugin reads the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `f64`.
    Number,
    /// Codes into a dictionary of labels.
    Category,
    /// Microseconds since 1970-01-01 UTC.
    Timestamp,
}

impl Kind {
    /// The word used in a description.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Timestamp => "timestamp",
        }
    }
}

/// A value that a plugin reports.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its name; one that ends in `/*` is open and stands for many.
    pub name: String,
    /// Which way is better.
    pub direction: Direction,
    /// The smallest and largest possible value, where there is one.
    pub range: (Option<f64>, Option<f64>),
    /// A suggested level at which to warn.
    pub warning: Option<f64>,
    /// A suggested level at which to alert.
    pub critical: Option<f64>,
    /// What it is, for people.
    pub doc: String,
}

impl Output {
    /// Whether a reported value called `name` is this output.
    pub fn matches(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(prefix) => name.len() > prefix.len() && name.starts_with(prefix),
            None => self.name == name,
        }
    }
}

/// Which way a value is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither.
    Neutral,
}

/// Whether a plugin compares with a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceUse {
    /// It takes none.
    None,
    /// It takes one when the user chooses one.
    Optional,
    /// It can't do without.
    Required,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_outputs_match_by_prefix() {
        let output = |name: &str| Output {
            name: name.into(),
            direction: Direction::Neutral,
            range: (None, None),
            warning: None,
            critical: None,
            doc: String::new(),
        };
        assert!(output("f1/*").matches("f1/cat"));
        assert!(!output("f1/*").matches("f1/"));
        assert!(!output("f1").matches("f1/cat"));
        assert!(output("f1").matches("f1"));
    }
}
