//! What is kept of one query: its best scores and its most relevant rows.
//!
//! Metrics of the first k rows need no more than the highest scores that k rows
//! have, the k largest relevances and how many rows are relevant. So a query
//! takes at most 32 bytes times k, however many rows it has.

use serde::{Deserialize, Serialize};

/// The rows of a query, as far as its first k count.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Query {
    /// Once settled, in descending order of distinct scores.
    pub(crate) places: Vec<Place>,
    /// Once settled, in descending order.
    pub(crate) best: Vec<f64>,
    /// How many rows are relevant.
    pub(crate) relevant: u64,
}

/// Rows of the same score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    score: f64,
    pub(crate) rows: u32,
    pub(crate) relevant: u32,
    /// The sum of their relevances.
    pub(crate) gain: f64,
}

impl Query {
    /// Adds a row; neither is NaN, and `relevance` is not negative.
    pub(crate) fn add(&mut self, score: f64, relevance: f64, k: usize) {
        let relevant = u32::from(relevance > 0.0);
        self.places.push(Place { score, rows: 1, relevant, gain: relevance });
        if relevant > 0 {
            self.best.push(relevance);
        }
        self.relevant += u64::from(relevant);
        if self.places.len() > 2 * k.max(16) {
            self.settle(k);
        }
    }

    /// Adds the rows behind another query.
    pub(crate) fn merge(&mut self, other: Self, k: usize) {
        self.places.extend(other.places);
        self.best.extend(other.best);
        self.relevant += other.relevant;
        if self.places.len() > 2 * k.max(16) {
            self.settle(k);
        }
    }

    /// Puts rows in order and lets those go that are not among the first `k`.
    pub(crate) fn settle(&mut self, k: usize) {
        self.places.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.places.dedup_by(|next, place| {
            let tied = next.score == place.score;
            if tied {
                place.rows = place.rows.saturating_add(next.rows);
                place.relevant = place.relevant.saturating_add(next.relevant);
                place.gain += next.gain;
            }
            tied
        });
        let mut before = 0;
        self.places.retain(|place| {
            let counts = before < k;
            before += place.rows as usize;
            counts
        });
        self.best.sort_by(|a, b| b.total_cmp(a));
        self.best.truncate(k);
    }
}
