//! The summary of numbers.

use driftline_numerics::{Distinct, Frequent, Moments, Sketch, distinct, key, radix};
use driftline_sdk::prelude::*;

/// Numbers sorted at a time.
const CHUNK: usize = 8192;
/// Bars of the histogram.
const BARS: u32 = 20;

/// Everything kept of a column of numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Numbers {
    pub(crate) finite: Moments,
    /// Cells that are -∞, and that are ∞.
    pub(crate) infinite: (u64, u64),
    pub(crate) sketch: Sketch,
    pub(crate) distinct: Distinct,
    pub(crate) frequent: Frequent<u64>,
    #[serde(skip)]
    keys: Vec<u64>,
    #[serde(skip)]
    scratch: Vec<u64>,
}

impl Numbers {
    pub(crate) fn new(size: usize) -> Self {
        Self { sketch: Sketch::new(size), ..Self::default() }
    }

    /// Adds cells; how many are no numbers.
    pub(crate) fn extend(&mut self, cells: &[f64]) -> u64 {
        let before = self.keys.len();
        self.keys.extend(cells.iter().filter(|cell| !cell.is_nan()).map(|cell| key::key(*cell)));
        let missing = cells.len() - (self.keys.len() - before);
        if cells.iter().fold(true, |finite, cell| finite & cell.is_finite()) {
            self.finite.extend(cells);
        } else {
            let count = |end: f64| cells.iter().filter(|cell| **cell == end).count() as u64;
            self.infinite.0 += count(f64::NEG_INFINITY);
            self.infinite.1 += count(f64::INFINITY);
            let finite: Vec<f64> = cells.iter().copied().filter(|cell| cell.is_finite()).collect();
            self.finite.extend(&finite);
        }
        if self.keys.len() >= CHUNK {
            self.settle();
        }
        missing as u64
    }

    /// Takes in what is buffered.
    pub(crate) fn settle(&mut self) {
        radix::sort(&mut self.keys, &mut self.scratch);
        let runs = || self.keys.chunk_by(|a, b| a == b);
        self.distinct.extend(runs().map(|run| distinct::hash(run[0])));
        self.frequent.extend_sorted(runs().map(|run| (run[0], run.len() as u64)));
        let numbers: Vec<f64> = self.keys.iter().copied().map(key::number).collect();
        self.sketch.extend_sorted(&numbers);
        self.keys.clear();
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.settle();
        self.finite.merge(other.finite);
        self.infinite = (self.infinite.0 + other.infinite.0, self.infinite.1 + other.infinite.1);
        self.sketch.merge(other.sketch);
        self.distinct.merge(other.distinct);
        self.frequent.merge(other.frequent);
    }

    /// How many cells are numbers.
    pub(crate) fn count(&self) -> u64 {
        self.finite.weight() as u64 + self.infinite.0 + self.infinite.1
    }

    /// The most frequent values; none where hardly any value occurs twice.
    pub(crate) fn top(&self, count: usize) -> Vec<(String, u64)> {
        let top = self.frequent.top(count).into_iter().filter(|(_, seen)| *seen > 1);
        top.map(|(key, seen)| (key::number(*key).to_string(), seen)).collect()
    }

    /// Shares of the rows in equal bins of the finite range, each closed on the right.
    pub(crate) fn histogram(&self) -> Option<Chart> {
        let (low, high) = self.sketch.ends().filter(|(low, high)| (high - low).is_finite() && low < high)?;
        let ranks = self.sketch.ranks();
        let width = (high - low) / f64::from(BARS);
        let edge = |bar: u32| if bar == BARS { high } else { low + width * f64::from(bar) };
        let up_to = |bar: u32| if bar == 0 { 0 } else { ranks.at_most(edge(bar)) };
        let height = |bar| (up_to(bar + 1) - up_to(bar)) as f64 / ranks.rows() as f64;
        let bars = (0..BARS).map(|bar| (f64::midpoint(edge(bar), edge(bar + 1)), height(bar)));
        let chart = Chart::bars("Histogram", "value", "share of rows", Vec::new());
        Some(chart.series("rows", bars))
    }
}
