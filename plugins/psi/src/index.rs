//! The index itself: shares of two sides to one number.
//!
//! `Σ (c - r) ln(c / r)`, the symmetric Kullback-Leibler divergence (Jeffreys).
//! The name and the customary levels 0.1 and 0.25 come from credit scoring:
//! N. Siddiqi, "Credit Risk Scorecards" (2006).

use driftline_numerics::{
    Sum,
    binning::{Counts, evidently},
};

use crate::parameters::{Mode, Parameters};

/// What a bin adds to the index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bin {
    pub(crate) current: f64,
    pub(crate) reference: f64,
    pub(crate) contribution: f64,
}

/// Shares and contributions, bin by bin. Both sides have cells.
pub(crate) fn bins(counts: &Counts, parameters: &Parameters) -> Vec<Bin> {
    let (ours, theirs) = counts.shares();
    let (lifted, lifted_reference) = (lift(&ours, parameters), lift(&theirs, parameters));
    let lifted = lifted.iter().zip(&lifted_reference).map(|(c, r)| (c - r) * (c / r).ln());
    let shares = ours.iter().zip(&theirs);
    shares.zip(lifted).map(|((c, r), contribution)| Bin { current: *c, reference: *r, contribution }).collect()
}

/// The index.
pub(crate) fn psi(bins: &[Bin]) -> f64 {
    bins.iter().map(|bin| bin.contribution).collect::<Sum>().value()
}

/// Shares with what stands in for empty bins.
fn lift(shares: &[f64], parameters: &Parameters) -> Vec<f64> {
    let floored = |floor: f64| shares.iter().map(|share| share.max(floor)).collect();
    match parameters.mode {
        Mode::Standard => floored(parameters.floor.unwrap_or(1e-4)),
        Mode::Deepchecks => floored(parameters.floor.unwrap_or(0.01)),
        Mode::Scouter => shares.iter().map(|share| share + 1e-10).collect(),
        Mode::Evidently => evidently::fill(shares),
    }
}
