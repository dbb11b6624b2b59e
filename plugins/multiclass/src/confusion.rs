//! How often each class was taken for each.

use std::collections::{BTreeMap, BTreeSet};

use driftline_numerics::{Sum, coded::Coded};
use serde::{Deserialize, Serialize};

/// Weights of pairs of truth and decision.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Confusion {
    pairs: BTreeMap<(String, String), Sum>,
}

/// One class: what was right, decided and true.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Class {
    pub(crate) name: String,
    pub(crate) hits: f64,
    pub(crate) decided: f64,
    pub(crate) support: f64,
}

impl Confusion {
    /// Adds rows; `weights` may be left out.
    pub(crate) fn extend(&mut self, truth: &Coded, decided: &Coded, weights: Option<&[f64]>) {
        let mut batch = BTreeMap::<(u32, u32), Sum>::new();
        for (row, pair) in truth.codes.iter().zip(&decided.codes).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[row]);
            batch.entry((*pair.0, *pair.1)).or_default().add(weight);
        }
        for ((truth_code, decided_code), weight) in batch {
            let (Some(t), Some(d)) = (truth.labels.get(truth_code as usize), decided.labels.get(decided_code as usize))
            else {
                continue;
            };
            self.pairs.entry((t.clone(), d.clone())).or_default().merge(weight);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (pair, weight) in other.pairs {
            self.pairs.entry(pair).or_default().merge(weight);
        }
    }

    /// How many pairs there are.
    pub(crate) fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// All classes in the order of their names.
    pub(crate) fn classes(&self) -> Vec<Class> {
        let names: BTreeSet<&String> = self.pairs.keys().flat_map(|(truth, decided)| [truth, decided]).collect();
        let mut classes: BTreeMap<&String, [Sum; 3]> =
            names.into_iter().map(|name| (name, Default::default())).collect();
        for ((truth, decided), weight) in &self.pairs {
            for (name, place, counts) in [(truth, 0, truth == decided), (decided, 1, true), (truth, 2, true)] {
                if let Some(sums) = classes.get_mut(name).filter(|_| counts) {
                    sums[place].merge(*weight);
                }
            }
        }
        let class = |(name, sums): (&String, [Sum; 3])| {
            let [hits, decided, support] = sums.map(Sum::value);
            Class { name: name.clone(), hits, decided, support }
        };
        classes.into_iter().map(class).collect()
    }

    /// The weight of rows of class `truth` decided as `decided`.
    pub(crate) fn weight(&self, truth: &str, decided: &str) -> f64 {
        self.pairs.get(&(truth.to_owned(), decided.to_owned())).map_or(0.0, |weight| weight.value())
    }
}

impl Class {
    /// The share of right decisions among those for the class; NaN of none.
    pub(crate) fn precision(&self) -> f64 {
        self.hits / self.decided
    }

    /// The share of the class's rows that were found; NaN of none.
    pub(crate) fn recall(&self) -> f64 {
        self.hits / self.support
    }

    /// The harmonic mean of both.
    pub(crate) fn f1(&self) -> f64 {
        2.0 * self.hits / (self.decided + self.support)
    }
}
