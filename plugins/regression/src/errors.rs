//! The errors in order: exact, or in a sketch.

use driftline_numerics::{Multiset, Sketch, key, quantile::Ranks};
use driftline_sdk::prelude::*;

/// Points of the drawn quantiles.
const POINTS: u32 = 100;

/// Errors, prediction minus target.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Errors {
    exact: Multiset,
    /// Of the errors, and of their sizes.
    sketches: Option<(Sketch, Sketch)>,
}

impl Errors {
    pub(crate) fn new(sketch: Option<u32>) -> Self {
        let sketches = sketch.map(|size| (Sketch::new(size as usize), Sketch::new(size as usize)));
        Self { sketches, ..Self::default() }
    }

    /// Adds finite errors.
    pub(crate) fn extend(&mut self, errors: Vec<f64>, weights: Option<&[f64]>) {
        match (&mut self.sketches, weights) {
            (Some((signed, sizes)), _) => {
                let mut errors = errors;
                errors.sort_unstable_by(f64::total_cmp);
                signed.extend_sorted(&errors);
                errors.iter_mut().for_each(|error| *error = error.abs());
                errors.sort_unstable_by(f64::total_cmp);
                sizes.extend_sorted(&errors);
            }
            (None, Some(weights)) => {
                let pairs = errors.iter().zip(weights).filter(|(_, weight)| **weight > 0.0);
                self.exact.extend_pairs(pairs.map(|(error, weight)| (key::key(*error), *weight)));
            }
            (None, None) => self.exact.extend(errors),
        }
    }

    pub(crate) fn settle(&mut self) {
        self.exact.settle();
    }

    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        let sound = |sketch: &Sketch, other: &Sketch| other.is_sound(sketch.size());
        match (&mut self.sketches, other.sketches) {
            (Some((signed, sizes)), Some(others)) if sound(signed, &others.0) && sound(sizes, &others.1) => {
                signed.merge(others.0);
                sizes.merge(others.1);
            }
            (None, None) if other.exact.is_sound() => self.exact.merge(other.exact),
            _ => return Err(Error::data("the saved state was made with other parameters")),
        }
        Ok(())
    }

    /// The median size of an error, and how far its rank may be off.
    pub(crate) fn median_size(&self) -> Value {
        const NAME: &str = "median_absolute_error";
        let Some((_, sizes)) = &self.sketches else { return Value::new(NAME, middle(&Ranks::new(&self.exact))) };
        let (ranks, error) = (sizes.ranks(), sizes.rank_error());
        let share = 100.0 * error as f64 / ranks.rows() as f64;
        let note =
            (error > 0).then(|| format!("from a sketch; its rank is off by at most {error} rows ({share:.2} %)"));
        Value::new(NAME, ranks.quantile(0.5)).note(note)
    }

    /// Quantiles of the errors.
    pub(crate) fn chart(&self) -> Chart {
        let shares = (0..=POINTS).map(|i| f64::from(i) / f64::from(POINTS));
        let chart = Chart::line("Error quantiles", "share of rows", "prediction minus target");
        match &self.sketches {
            Some((signed, _)) => {
                let ranks = signed.ranks();
                chart.series("error", shares.map(|q| (q, ranks.quantile(q))))
            }
            None => {
                let ranks = Ranks::new(&self.exact);
                chart.series("error", shares.map(|q| (q, ranks.quantile(q).min(f64::MAX))))
            }
        }
    }
}

/// The weighted median of sizes: halfway between the first size up to which
/// half of the weight lies and the first up to which more than half does. For
/// unit weights that is the usual median.
fn middle(ranks: &Ranks) -> f64 {
    let half = ranks.total() / 2.0;
    let weight = |size: f64| ranks.at_most(size) - ranks.below(-size);
    let (first, second) = (first_size(|size| weight(size) >= half), first_size(|size| weight(size) > half));
    f64::midpoint(first, second.min(f64::MAX))
}

/// The smallest size for which `holds` begins to hold, by bisection of the keys.
fn first_size(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (key::key(0.0), key::key(f64::INFINITY));
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(key::number(middle)) { high = middle } else { low = middle + 1 }
    }
    key::number(low)
}
