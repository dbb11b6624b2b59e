//! What the cells of a column are, judged over all of them.

use driftline_core::{ColumnType, END_TIME, RESERVED, Schema, TIME};

use super::cell::{Target, boolean, float, integer, is_rounded_as_float, list};
use crate::ingest::{
    columns::{place, rounded},
    refusal::{Fault, Refusal, excerpt},
};

/// What a column may be, as far as its cells were seen.
pub struct Guess {
    name: String,
    role: Role,
    /// Whether any cell has a value.
    is_filled: bool,
    integers: Candidate,
    floats: Candidate,
    booleans: Candidate,
    lists: Candidate,
    /// The first whole number that a float would round.
    rounded: Candidate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// A key that is text.
    Label,
    /// A key that is a time.
    Time,
    /// A metric of the model.
    Held(ColumnType),
    /// A metric that the model does not have.
    New,
}

/// Row and text of the first cell that does not fit; none while all do.
type Candidate = Option<(usize, String)>;

impl Guess {
    /// Nothing seen yet of the column called `name`.
    pub fn new(name: &str, schema: &Schema) -> Self {
        let role = match schema.column_type(name) {
            _ if name == TIME || name == END_TIME => Role::Time,
            _ if RESERVED.contains(&name) => Role::Label,
            Some(held) => Role::Held(held),
            None => Role::New,
        };
        let (integers, floats, booleans, lists, rounded) = Default::default();
        Self { name: name.into(), role, is_filled: false, integers, floats, booleans, lists, rounded }
    }

    /// Looks at the cell of a row.
    pub fn see(&mut self, row: usize, cell: Option<&str>) {
        let Some(text) = cell else { return };
        self.is_filled = true;
        if matches!(self.role, Role::Label | Role::Held(ColumnType::Text)) {
            return;
        }
        let rule_out = |candidate: &mut Candidate, fits: fn(&str) -> bool| {
            if candidate.is_none() && !fits(text) {
                *candidate = Some((row, text.to_owned()));
            }
        };
        if self.integers.is_some() || integer(text).is_none() {
            rule_out(&mut self.integers, |_| false);
            rule_out(&mut self.floats, |text| float(text).is_some());
        }
        rule_out(&mut self.rounded, |text| !is_rounded_as_float(text));
        rule_out(&mut self.booleans, |text| boolean(text).is_some());
        rule_out(&mut self.lists, |text| list(text).is_some());
    }

    /// What all the cells are.
    ///
    /// # Errors
    /// The first cell that the model's column can't hold.
    pub fn settled(self) -> Result<Target, Refusal> {
        match self.role {
            Role::Label | Role::Held(ColumnType::Text) => Ok(Target::Text),
            Role::Time | Role::New => Ok(self.narrowest()),
            Role::Held(ColumnType::Timestamp) if self.integers.is_none() => Ok(Target::Integer),
            Role::Held(ColumnType::Timestamp) => Ok(Target::Text),
            Role::Held(ColumnType::Integer) if self.integers.is_none() => Ok(Target::Integer),
            Role::Held(held @ (ColumnType::Integer | ColumnType::Float)) => match (&self.floats, &self.rounded) {
                (None, None) => Ok(Target::Float),
                (None, Some((row, text))) => Err(rounded(excerpt(text), place(*row, &self.name))),
                (Some(misfit), _) => Err(self.mismatch(held, misfit)),
            },
            Role::Held(held @ ColumnType::Boolean) => self.only(&self.booleans, Target::Boolean, held),
            Role::Held(held @ ColumnType::FloatList) => self.only(&self.lists, Target::FloatList, held),
        }
    }

    fn only(&self, candidate: &Candidate, target: Target, held: ColumnType) -> Result<Target, Refusal> {
        candidate.as_ref().map_or(Ok(target), |misfit| Err(self.mismatch(held, misfit)))
    }

    /// The narrowest of integer, float, boolean, list and text that all cells have.
    fn narrowest(&self) -> Target {
        if !self.is_filled {
            return Target::Text;
        }
        if self.integers.is_none() {
            return Target::Integer;
        }
        if self.floats.is_none() && self.rounded.is_none() {
            return Target::Float;
        }
        if self.booleans.is_none() {
            return Target::Boolean;
        }
        if self.lists.is_none() { Target::FloatList } else { Target::Text }
    }

    fn mismatch(&self, held: ColumnType, (row, text): &(usize, String)) -> Refusal {
        let detail = format!("expected {held}, as the column holds, got the text \"{}\"", excerpt(text));
        let advice =
            if held == ColumnType::FloatList { ": write a list of numbers as JSON, such as [0.5, 1.5]" } else { "" };
        Refusal::at(Fault::TypeMismatch, place(*row, &self.name), format!("{detail}{advice}"))
    }
}
