//! The laws by name.

use std::fmt;

/// Something that holds for every plugin, whatever it measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// Of rows at all.
    Rows,
    /// Of windows without rows.
    Empty,
    /// Of doing the same again.
    Determinism,
    /// Of accumulators side by side in one instance.
    Independence,
    /// Of batches.
    Batches,
    /// Of cells that are missing.
    Nulls,
    /// Of saving.
    State,
    /// Of merging nothing.
    Identity,
    /// Of parts and the whole.
    Split,
    /// Of what is merged first.
    Associativity,
    /// Of what comes first.
    Order,
}

impl Law {
    /// All of them, in the order in which they are checked.
    pub const ALL: [Self; 11] = [
        Self::Rows,
        Self::Empty,
        Self::Determinism,
        Self::Independence,
        Self::Batches,
        Self::Nulls,
        Self::State,
        Self::Identity,
        Self::Split,
        Self::Associativity,
        Self::Order,
    ];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Empty => "empty",
            Self::Determinism => "determinism",
            Self::Independence => "independence",
            Self::Batches => "batches",
            Self::Nulls => "nulls",
            Self::State => "state",
            Self::Identity => "identity",
            Self::Split => "split",
            Self::Associativity => "associativity",
            Self::Order => "order",
        }
    }

    /// What it says.
    pub fn says(self) -> &'static str {
        match self {
            Self::Rows => "rows of the declared kinds end in a report or an expected failure",
            Self::Empty => "a window without rows ends in a report or an expected failure",
            Self::Determinism => "the same rows give the same state and report, bit for bit",
            Self::Independence => "accumulators of one instance do not touch each other",
            Self::Batches => "rows give the same in batches of any size",
            Self::Nulls => "missing cells of nullable inputs are taken, in parts as in the whole",
            Self::State => "a saved state gives what was saved, and saving changes nothing",
            Self::Identity => "merging a state of no rows changes nothing",
            Self::Split => "parts with instances of their own, merged, give what the whole gives",
            Self::Associativity => "it does not matter which parts are merged first",
            Self::Order => "parts can be merged in any order",
        }
    }

    /// What was done when it failed.
    pub(super) fn deed(self) -> &'static str {
        match self {
            Self::Rows => "in one batch",
            Self::Empty => "without rows",
            Self::Determinism => "the second time",
            Self::Independence => "with other accumulators beside it",
            Self::Batches => "in several batches",
            Self::Nulls => "with missing cells",
            Self::State => "saved and merged into an empty accumulator",
            Self::Identity => "merged with a state of no rows",
            Self::Split => "in parts that are merged",
            Self::Associativity => "in parts that are merged, some before others",
            Self::Order => "in parts that are merged in another order",
        }
    }

    /// Whether only plugins claim it whose states merge.
    pub fn is_of_merging(self) -> bool {
        matches!(self, Self::State | Self::Identity | Self::Split | Self::Associativity | Self::Order)
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
