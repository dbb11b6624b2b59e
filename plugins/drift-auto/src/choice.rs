//! Which test a column gets, and what the test says.

use driftline_numerics::{
    Column, Moments,
    binning::{Counts, count_values, evidently},
    contingency::one_sample,
    divergence::jensen_shannon,
    ecdf,
    kolmogorov::{Alternative, Method, two_sample},
    proportions::z_proportions,
    transport::transport,
};
use driftline_sdk::Kind;

/// Up to this many rows of the reference a test gives a p-value; of more, nearly every difference would be significant,
/// and a distance is taken.
const SMALL: f64 = 1_000.0;
/// Numbers of at most so many distinct values are taken for categories.
const FEW: usize = 5;
/// The least deviation that a distance is divided by.
const LEAST_DEVIATION: f64 = 1e-3;

/// What was found, and by which test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Finding {
    /// A chance: low ones speak for drift.
    PValue(&'static str, f64),
    /// A distance: high ones speak for drift.
    Distance(&'static str, f64),
}

/// Compares two settled columns, both with values, by the test that fits them.
pub(crate) fn compare(current: &Column, reference: &Column, kind: Kind, spread: &Moments) -> Finding {
    let counts = count_values(current, reference, kind);
    let distinct = counts.names.len();
    let is_number = kind != Kind::Category;
    match (reference.present() <= SMALL, is_number && distinct > FEW) {
        (true, true) => {
            let distance = ecdf::distance(&current.numbers, &reference.numbers, None::<fn(u64) -> bool>);
            let largest = distance.above.distance.max(distance.below.distance);
            let (n, m) = (current.present() as u64, reference.present() as u64);
            let tail = two_sample(largest, n, m, Alternative::TwoSided, Method::Auto);
            Finding::PValue("Kolmogorov-Smirnov test", tail.p_value)
        }
        (true, false) if distinct > 2 => {
            Finding::PValue("chi-square test", one_sample(&counts.current, &counts.reference).p_value)
        }
        (true, false) => Finding::PValue("z test of proportions", proportions(&counts)),
        (false, true) => {
            let deviation = spread.variance(0.0).sqrt().max(LEAST_DEVIATION);
            let distance = transport(&current.numbers, &reference.numbers).distance;
            Finding::Distance("Wasserstein distance in standard deviations", distance / deviation)
        }
        (false, false) => {
            let (c, r) = evidently::count(current, reference, kind).shares();
            Finding::Distance("Jensen-Shannon distance", jensen_shannon(&c, &r, 1.0))
        }
    }
}

fn proportions(counts: &Counts) -> f64 {
    // At most two values: there always is one.
    z_proportions(&counts.current, &counts.reference).map_or(f64::NAN, |outcome| outcome.p_value)
}
