//! The Epps-Singleton test.
//!
//! T. W. Epps & K. J. Singleton, "An Omnibus Test for the Two-Sample Problem
//! Using the Empirical Characteristic Function", Journal of Statistical
//! Computation and Simulation 26 (1986), at t = 0.4 and 0.8 half
//! interquartile ranges, as `scipy.stats.epps_singleton_2samp`.

use driftline_numerics::{
    Multiset,
    eigen::{self, Eigen},
    key::number,
    quantile::{Ranks, lerp},
    special::chi_squared_above,
    walk::walk,
};

use crate::Outcome;

const SIZE: usize = 4;
type Vector = [f64; SIZE];
type Matrix = [Vector; SIZE];

/// The test; `None` where half of all values are one value. Each side has at least five rows.
pub(crate) fn test(current: &Multiset, reference: &Multiset) -> Option<Outcome> {
    let sides = (Ranks::new(current), Ranks::new(reference));
    let scale = (pooled(&sides, 0.75) - pooled(&sides, 0.25)) / 2.0;
    if scale <= 0.0 {
        return None;
    }
    let (ours, theirs) = (Waves::of(current, scale), Waves::of(reference, scale));
    let (n, m) = (ours.rows, theirs.rows);
    let all = n + m;
    let (mine, other) = (ours.covariance(), theirs.covariance());
    let covariance = build(|i, j| all / n * mine[i][j] + all / m * other[i][j]);
    let (inverse, rank) = pseudo_inverse(covariance);
    let distance: Vector = core::array::from_fn(|i| ours.mean(i) - theirs.mean(i));
    let term = |i: usize, j: usize| distance[i] * inverse[i][j] * distance[j];
    let mut statistic =
        all * (0..SIZE).flat_map(|i| (0..SIZE).map(move |j| (i, j))).map(|(i, j)| term(i, j)).sum::<f64>();
    if n.max(m) < 25.0 {
        statistic /= 1.0 + all.powf(-0.45) + 10.1 * (n.powf(-1.7) + m.powf(-1.7));
    }
    Some(Outcome { statistic, p_value: chi_squared_above(statistic, rank) })
}

/// Sums of the waves' values and of their products.
struct Waves {
    rows: f64,
    sums: Vector,
    products: Matrix,
    origin: Vector,
}

impl Waves {
    fn of(side: &Multiset, scale: f64) -> Self {
        let mut waves = Self { rows: 0.0, sums: [0.0; SIZE], products: [[0.0; SIZE]; SIZE], origin: [f64::NAN; SIZE] };
        walk(side, &Multiset::default(), &mut |key, rows: f64, _| waves.add(number(key), rows, scale));
        waves
    }

    /// Distances are taken from the first row's waves, which keeps the sums small.
    fn add(&mut self, value: f64, rows: f64, scale: f64) {
        let (slow, fast) = (0.4 / scale * value, 0.8 / scale * value);
        let waves = [slow.cos(), fast.cos(), slow.sin(), fast.sin()];
        if self.rows == 0.0 {
            self.origin = waves;
        }
        let from: Vector = core::array::from_fn(|i| waves[i] - self.origin[i]);
        self.rows += rows;
        for i in 0..SIZE {
            self.sums[i] += rows * from[i];
            for j in 0..SIZE {
                self.products[i][j] += rows * from[i] * from[j];
            }
        }
    }

    fn mean(&self, i: usize) -> f64 {
        self.origin[i] + self.sums[i] / self.rows
    }

    fn covariance(&self) -> Matrix {
        build(|i, j| (self.products[i][j] - self.sums[i] * self.sums[j] / self.rows) / self.rows)
    }
}

/// The quantile of both sides together.
fn pooled((ours, theirs): &(Ranks, Ranks), q: f64) -> f64 {
    let select = |rank: f64| {
        let (mut low, mut high) = (0, u64::MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            let value = number(middle);
            let up_to = if value.is_nan() {
                if middle >> 63 == 1 { f64::INFINITY } else { 0.0 }
            } else {
                ours.at_most(value) + theirs.at_most(value)
            };
            if up_to > rank { high = middle } else { low = middle + 1 }
        }
        number(low)
    };
    let last = ours.total() + theirs.total() - 1.0;
    let position = last * q;
    let whole = position.floor();
    lerp(select(whole), select((whole + 1.0).min(last)), position - whole)
}

fn build(cell: impl Fn(usize, usize) -> f64) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| cell(i, j)))
}

/// The pseudo-inverse of a symmetric matrix and its rank.
fn pseudo_inverse(matrix: Matrix) -> (Matrix, f64) {
    let axes = eigen::symmetric(matrix.iter().map(|row| row.to_vec()).collect());
    let largest = axes.iter().fold(0.0_f64, |largest, axis| largest.max(axis.value.abs()));
    let inverse = |axis: &Eigen| if axis.value.abs() > 1e-15 * largest { 1.0 / axis.value } else { 0.0 };
    let values: Vec<f64> = axes.iter().map(inverse).collect();
    let top = values.iter().fold(0.0_f64, |top, value| top.max(value.abs()));
    let rank = values.iter().filter(|value| value.abs() > top * SIZE as f64 * f64::EPSILON).count();
    let cell = |i: usize, j: usize| {
        axes.iter().zip(&values).map(|(axis, value)| axis.vector[i] * value * axis.vector[j]).sum()
    };
    (build(cell), rank as f64)
}
