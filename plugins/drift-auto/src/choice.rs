//! Which test a column gets, and what the test says.

use driftline_numerics::{
    FiniteColumn,
    binning::{Counts, count_few_values},
    contingency::one_sample,
    divergence::jensen_shannon,
    ecdf, key,
    kolmogorov::{Alternative, Method, two_sample},
    proportions::z_proportions,
    transport::transport,
};
use driftline_sdk::Kind;

use crate::finding::{Finding, Measured};

/// Up to this many rows of the reference a test gives a p-value; of more, nearly every difference would be significant,
/// and a distance is taken.
const SMALL: f64 = 1_000.0;
/// Numbers of at most so many distinct values are taken for categories.
const FEW: usize = 5;
/// The least deviation that a distance is divided by.
const LEAST_DEVIATION: f64 = 1e-3;

/// Compares two settled columns, both with values, by the test that fits them.
///
/// # Errors
/// With the reason, when a sketch does not tell which test that is.
pub(crate) fn compare(current: &FiniteColumn, reference: &FiniteColumn, kind: Kind) -> Result<Finding, &'static str> {
    let most = if kind == Kind::Category { usize::MAX } else { FEW };
    let counts = count_few_values(&current.column, &reference.column, kind, most);
    if counts.is_some() && (is_coarse(current) || is_coarse(reference)) {
        return Err("the sketch keeps too few bits to tell the values apart: choose a larger one");
    }
    Ok(match (reference.present() <= SMALL, counts) {
        (true, None) => Finding::PValue("Kolmogorov-Smirnov test", kolmogorov_smirnov(current, reference)),
        (true, Some(counts)) if counts.names.len() > 2 => {
            let p_value = one_sample(&counts.current, &counts.reference).p_value;
            Finding::PValue("chi-square test", Measured::exactly(p_value))
        }
        (true, Some(counts)) => Finding::PValue("z test of proportions", Measured::exactly(proportions(&counts))),
        (false, None) => {
            let name = "Wasserstein distance in standard deviations";
            Finding::Distance(name, wasserstein(current, reference))
        }
        (false, Some(counts)) => {
            let (c, r) = counts.shares();
            Finding::Distance("Jensen-Shannon distance", Measured::exactly(jensen_shannon(&c, &r, 1.0)))
        }
    })
}

/// Whether a sketch has put one number in the place of others.
fn is_coarse(side: &FiniteColumn) -> bool {
    let mut runs = side.column.numbers.runs().iter();
    side.column.sketch.is_some_and(|bits| runs.any(|run| run.keys().iter().any(|key| key::is_coarse(*key, bits))))
}

fn kolmogorov_smirnov(current: &FiniteColumn, reference: &FiniteColumn) -> Measured {
    let is_coarse = current.column.sketch.map(|bits| move |key| key::is_coarse(key, bits));
    let distance = ecdf::distance(&current.column.numbers, &reference.column.numbers, is_coarse);
    let largest = distance.above.distance.max(distance.below.distance);
    let (n, m) = (current.present() as u64, reference.present() as u64);
    let p_value =
        |distance: f64| two_sample(distance.clamp(0.0, 1.0), n, m, Alternative::TwoSided, Method::Auto).p_value;
    match distance.largest_share {
        0.0 => Measured::exactly(p_value(largest)),
        off => Measured { value: p_value(largest), low: p_value(largest + off), high: p_value(largest - off) },
    }
}

fn wasserstein(current: &FiniteColumn, reference: &FiniteColumn) -> Measured {
    let deviation = reference.moments.variance(0.0).sqrt().max(LEAST_DEVIATION);
    let value = transport(&current.column.numbers, &reference.column.numbers).distance / deviation;
    // The triangle inequality: a side comes no farther than its values were moved on average.
    let off = (current.moved() + reference.moved()) / deviation;
    Measured { value, low: (value - off).max(0.0), high: value + off }
}

fn proportions(counts: &Counts) -> f64 {
    // At most two values: there always is one.
    z_proportions(&counts.current, &counts.reference).map_or(f64::NAN, |outcome| outcome.p_value)
}
