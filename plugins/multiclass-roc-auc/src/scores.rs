//! The scores of one column among the rows of one label.

use std::borrow::Cow;

use driftline_numerics::{EqualBins, Multiset, key};
use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

/// All of them, or how much weight lies in each bin.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Scores {
    Exact(Multiset),
    Binned(#[serde(with = "bulk")] Vec<f64>),
}

impl Scores {
    /// None yet.
    pub(crate) fn new(bins: Option<EqualBins>) -> Self {
        bins.map_or_else(|| Self::Exact(Multiset::default()), |bins| Self::Binned(vec![0.0; bins.count()]))
    }

    /// Adds scores that are not NaN, each with its weight; without weights each weighs one.
    pub(crate) fn extend(&mut self, scores: impl Iterator<Item = (f64, f64)>, weighted: bool, bins: Option<EqualBins>) {
        match (self, bins) {
            (Self::Binned(weights), Some(bins)) => {
                scores.for_each(|(score, weight)| weights[bins.place(score)] += weight);
            }
            (Self::Exact(set), _) if weighted => {
                set.extend_pairs(scores.filter(|(_, weight)| *weight > 0.0).map(|(score, w)| (key::key(score), w)));
            }
            (Self::Exact(set), _) => set.extend(scores.map(|(score, _)| score)),
            (Self::Binned(_), None) => {}
        }
    }

    pub(crate) fn settle(&mut self) {
        if let Self::Exact(set) = self {
            set.settle();
        }
    }

    /// Adds other scores; `false` when they were kept in another way.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        match (self, other) {
            (Self::Exact(ours), Self::Exact(theirs)) if theirs.is_sound() => ours.merge(theirs),
            (Self::Binned(ours), Self::Binned(theirs)) if ours.len() == theirs.len() => {
                ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
            }
            _ => return false,
        }
        true
    }

    /// The scores in order, as if all of a bin were equal where there are bins.
    pub(crate) fn ordered(&self) -> Cow<'_, Multiset> {
        match self {
            Self::Exact(set) => Cow::Borrowed(set),
            Self::Binned(weights) => {
                let filled = weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0);
                let mut set = Multiset::default();
                set.extend_pairs(filled.map(|(bin, weight)| (key::key(bin as f64), *weight)));
                set.settle();
                Cow::Owned(set)
            }
        }
    }
}
