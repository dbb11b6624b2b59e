//! Cells by what is wrong with them: the summary.

use driftline_numerics::{Distinct, Sketch, distinct, key};
use driftline_sdk::prelude::*;

use crate::{parameters::Parameters, shape::Shapes};

/// Counts of cells, and what it takes to compare them with others.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cells {
    pub(crate) missing: u64,
    pub(crate) values: u64,
    pub(crate) infinite: u64,
    /// Cells outside the bounds that the parameters give.
    pub(crate) outside: u64,
    pub(crate) finite: Sketch,
    pub(crate) distinct: Distinct,
    pub(crate) shapes: Shapes,
}

impl Cells {
    /// None yet.
    pub(crate) fn new(parameters: &Parameters) -> Self {
        Self { finite: Sketch::new(parameters.sketch as usize), ..Self::default() }
    }

    /// Adds labels with how often each occurs, and missing cells.
    pub(crate) fn add_labels(&mut self, counts: Vec<(&str, u64)>, missing: u64) {
        self.missing += missing;
        self.distinct.extend(counts.iter().map(|(label, _)| distinct::hash_text(label)));
        for (label, count) in counts {
            self.values += count;
            self.shapes.add_label(label, count);
        }
    }

    /// Adds numbers; those that are none are missing.
    pub(crate) fn add_numbers(&mut self, cells: &[f64], parameters: &Parameters) {
        let numbers: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
        let mut finite: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
        self.missing += (cells.len() - numbers.len()) as u64;
        self.values += numbers.len() as u64;
        self.infinite += (numbers.len() - finite.len()) as u64;
        self.outside += finite.iter().filter(|number| parameters.is_outside(**number)).count() as u64;
        numbers.iter().for_each(|number| self.shapes.add_number(*number));
        self.distinct.extend(numbers.iter().map(|number| distinct::hash(key::key(*number))));
        finite.sort_unstable_by(f64::total_cmp);
        self.finite.extend_sorted(&finite);
    }

    /// Adds other cells; `false` when their sketch has another size.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        if !other.finite.is_sound(self.finite.size()) {
            return false;
        }
        self.missing += other.missing;
        self.values += other.values;
        self.infinite += other.infinite;
        self.outside += other.outside;
        self.finite.merge(other.finite);
        self.distinct.merge(other.distinct);
        self.shapes.merge(other.shapes);
        true
    }

    /// How many finite numbers lie outside a reference's range, and by how many that can be off; `None` where the
    /// reference has none.
    pub(crate) fn outside_of(&self, reference: &Self) -> Option<(u64, u64)> {
        let (low, high) = reference.finite.ends()?;
        let Some((lowest, highest)) = self.finite.ends() else { return Some((0, 0)) };
        let ranks = self.finite.ranks();
        let below = if lowest < low { ranks.at_most(low.next_down()) } else { 0 };
        let above = if highest > high { ranks.rows() - ranks.at_most(high) } else { 0 };
        let error = if below + above > 0 { 2 * self.finite.rank_error() } else { 0 };
        Some((below + above, error))
    }
}
