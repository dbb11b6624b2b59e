//! Sorted keys, each with a weight.

use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

use crate::{
    key::number,
    neighbours::{ascend, steps},
};

/// Keys in ascending order. Either every key stands for one number (equal keys
/// may repeat), or the keys are distinct and each has a weight.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Run {
    #[serde(with = "bulk")]
    keys: Vec<u64>,
    /// Empty when every key weighs one.
    #[serde(with = "bulk")]
    weights: Vec<f64>,
}

impl Run {
    /// A run of sorted keys that weigh one each; equal keys are joined when that saves room.
    pub fn of_keys(keys: Vec<u64>) -> Self {
        let distinct = steps(&keys) + 1;
        if 2 * distinct > keys.len() {
            return Self { keys, weights: Vec::new() };
        }
        let mut run = Self::with_capacity(distinct);
        keys.chunk_by(|a, b| a == b).for_each(|equal| run.push(equal[0], equal.len() as f64));
        run
    }

    /// A run of sorted pairs; the weights of equal keys are added in their order.
    pub fn of_pairs(pairs: &[(u64, f64)]) -> Self {
        let mut run = Self::with_capacity(pairs.len());
        for equal in pairs.chunk_by(|a, b| a.0 == b.0) {
            run.push(equal[0].0, equal.iter().map(|pair| pair.1).sum());
        }
        run
    }

    /// An empty weighted run with room for `keys` keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self { keys: Vec::with_capacity(keys), weights: Vec::with_capacity(keys) }
    }

    /// Adds a key above all others.
    pub fn push(&mut self, key: u64, weight: f64) {
        self.keys.push(key);
        self.weights.push(weight);
    }

    /// The keys in ascending order.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The weights of the keys; `None` when each weighs one.
    pub fn weights(&self) -> Option<&[f64]> {
        (!self.weights.is_empty()).then_some(&*self.weights)
    }

    /// The numbers with their weights, in ascending order.
    pub fn entries(&self) -> impl Iterator<Item = (f64, f64)> {
        let weight = |at: usize| self.weights.get(at).copied().unwrap_or(1.0);
        self.keys.iter().enumerate().map(move |(at, key)| (number(*key), weight(at)))
    }

    /// The sum of the weights.
    pub fn total(&self) -> f64 {
        self.weights().map_or(self.keys.len() as f64, |weights| weights.iter().copied().collect::<crate::Sum>().value())
    }

    /// Whether keys ascend and weights fit: what a saved run must satisfy.
    pub fn is_sound(&self) -> bool {
        ascend(&self.keys) && (self.weights.is_empty() || self.weights.len() == self.keys.len())
    }
}
