//! Pairs by their ranks.
//!
//! C. Spearman, "The Proof and Measurement of Association between Two Things",
//! American Journal of Psychology 15 (1904): Pearson's correlation of the ranks,
//! tied values having the mean of theirs.

use driftline_numerics::{CoMoments, Joint, joint::Bounded, key::key};
use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

/// All pairs as keys of their numbers, or how often groups of numbers come together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Pairs {
    /// Both columns.
    All(#[serde(with = "bulk")] Vec<u64>, #[serde(with = "bulk")] Vec<u64>),
    Counted(Joint),
}

impl Default for Pairs {
    fn default() -> Self {
        Self::All(Vec::new(), Vec::new())
    }
}

impl Pairs {
    /// None yet; with a sketch at most so many groups of numbers a column are told apart.
    pub(crate) fn new(sketch: Option<u32>) -> Self {
        sketch.map_or_else(Self::default, |limit| Self::Counted(Joint::new(limit)))
    }

    pub(crate) fn extend(&mut self, x: &[f64], y: &[f64]) {
        let (x, y) = (x.iter().copied().map(key), y.iter().copied().map(key));
        match self {
            Self::All(xs, ys) => {
                xs.extend(x);
                ys.extend(y);
            }
            Self::Counted(joint) => joint.extend(x.zip(y)),
        }
    }

    pub(crate) fn settle(&mut self) {
        if let Self::Counted(joint) = self {
            joint.settle();
        }
    }

    /// Adds other pairs; `false` when they were kept in another way.
    pub(crate) fn merge(&mut self, other: Self) -> bool {
        match (self, other) {
            (Self::All(xs, ys), Self::All(x, y)) if x.len() == y.len() => {
                xs.extend(x);
                ys.extend(y);
                true
            }
            (Self::Counted(ours), Self::Counted(theirs)) => ours.merge(theirs),
            _ => false,
        }
    }

    /// Spearman's correlation.
    pub(crate) fn spearman(&self) -> Bounded {
        match self {
            Self::All(x, y) => {
                let mut moments = CoMoments::default();
                moments.extend(&ranks(x), &ranks(y));
                Bounded { correlation: moments.correlation(), bound: 0.0 }
            }
            Self::Counted(joint) => joint.spearman(),
        }
    }
}

/// The rank of each key among all, counted from one.
fn ranks(keys: &[u64]) -> Vec<f64> {
    let mut order: Vec<(u64, u32)> = keys.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut ranks = vec![0.0; keys.len()];
    let mut before = 0.0;
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = before + (tied.len() as f64 + 1.0) / 2.0;
        for (_, row) in tied {
            ranks[*row as usize] = rank;
        }
        before += tied.len() as f64;
    }
    ranks
}
