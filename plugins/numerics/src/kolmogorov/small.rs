//! The exact distribution for small samples, and where it has closed forms.

use std::f64::consts::PI;

/// 2^128, by which intermediate results are kept in range.
const SCALE: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;

/// The chance of a statistic of at most `t/n`, for `1/2 < t <= 1`: `n!/n^n (2t - 1)^n`.
///
/// Ruben & Gambino, Annals of the Institute of Statistical Mathematics 34 (1982).
pub(super) fn ruben_gambino(n: f64, t: f64) -> f64 {
    if n <= 140.0 {
        return (1..=n as u32).map(|i| f64::from(i) / n * (2.0 * t - 1.0)).product();
    }
    // ln(n!/n^n) by Stirling's series without the n ln n that would cancel.
    const SERIES: [f64; 8] = [
        -2.955_065_359_477_124e-2,
        6.410_256_410_256_41e-3,
        -1.917_526_917_526_917_6e-3,
        8.417_508_417_508_417e-4,
        -5.952_380_952_380_953e-4,
        7.936_507_936_507_937e-4,
        -2.777_777_777_777_778e-3,
        8.333_333_333_333_333e-2,
    ];
    let r = 1.0 / n;
    let series = SERIES.iter().fold(0.0, |sum, coefficient| sum * (r / n) + coefficient);
    let log = n.ln() / 2.0 - n + (2.0 * PI).ln() / 2.0 + r * series;
    (log + n * (2.0 * t - 1.0).ln()).exp()
}

/// The chance of a statistic of at most `d`, by powers of a matrix of `2⌈nd⌉ - 1` rows.
///
/// Marsaglia, Tsang & Wang, "Evaluating Kolmogorov's Distribution", Journal of
/// Statistical Software 8 (2003), after Durbin (1968).
pub(super) fn durbin(n: usize, d: f64) -> f64 {
    let nd = n as f64 * d;
    let k = nd.ceil() as usize;
    let mut base = Matrix::durbin(2 * k - 1, k as f64 - nd);
    let mut result = Matrix::identity(2 * k - 1);
    let (mut exponent, mut base_exponent) = (0, 0);
    let mut left = n;
    while left > 0 {
        if left % 2 == 1 {
            result = result.times(&base);
            exponent += base_exponent;
        }
        base = base.times(&base);
        base_exponent *= 2;
        if base.at(k - 1, k - 1).abs() > SCALE {
            base.cells.iter_mut().for_each(|cell| *cell /= SCALE);
            base_exponent += 128;
        }
        left /= 2;
    }
    let mut p = result.at(k - 1, k - 1);
    for i in 1..=n {
        p = i as f64 * p / n as f64;
        if p.abs() < 1.0 / SCALE {
            p *= SCALE;
            exponent -= 128;
        }
    }
    scaled(p, exponent)
}

/// `number * 2^exponent`, in steps that stay in range.
fn scaled(mut number: f64, mut exponent: i32) -> f64 {
    while exponent > 0 {
        number *= SCALE;
        exponent -= 128;
    }
    while exponent < 0 {
        number /= SCALE;
        exponent += 128;
    }
    number
}

struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

impl Matrix {
    fn identity(size: usize) -> Self {
        let cells = (0..size * size).map(|i| if i % (size + 1) == 0 { 1.0 } else { 0.0 }).collect();
        Self { size, cells }
    }

    fn durbin(size: usize, h: f64) -> Self {
        let mut inverse_factorials = vec![1.0; size + 1];
        for i in 1..=size {
            inverse_factorials[i] = inverse_factorials[i - 1] / i as f64;
        }
        let m = size as i32;
        let mut first: Vec<f64> = (1..=m).map(|i| (1.0 - h.powi(i)) * inverse_factorials[i as usize]).collect();
        first[size - 1] = (1.0 + (2.0 * h - 1.0).max(0.0).powi(m) - 2.0 * h.powi(m)) * inverse_factorials[size];
        let mut matrix = Self { size, cells: vec![0.0; size * size] };
        for row in 0..size {
            for column in 1..size.min(row + 2) {
                matrix.cells[row * size + column] = inverse_factorials[row + 1 - column];
            }
        }
        for i in 0..size {
            matrix.cells[i * size] = first[i];
            matrix.cells[(size - 1) * size + i] = first[size - 1 - i];
        }
        matrix
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.cells[row * self.size + column]
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self { size: self.size, cells: vec![0.0; self.cells.len()] };
        let rows = product.cells.chunks_exact_mut(self.size).zip(self.cells.chunks_exact(self.size));
        for (out, row) in rows {
            for (factor, other) in row.iter().zip(other.cells.chunks_exact(self.size)) {
                out.iter_mut().zip(other).for_each(|(out, cell)| *out += factor * cell);
            }
        }
        product
    }
}

/// The chance of a statistic of at most `x`, by a recursion over two rows.
///
/// J. Pomeranz, "Exact Cumulative Distribution of the Kolmogorov-Smirnov
/// Statistic for Small Samples", Algorithm 487, Communications of the ACM 17 (1974).
pub(super) fn pomeranz(n: usize, x: f64) -> f64 {
    let grid = Grid::new(n, x);
    let g = grid.fraction.min(1.0 - grid.fraction);
    let powers = |step: f64| {
        let mut powers = vec![1.0; 2 * (grid.whole as usize + 1)];
        for m in 1..powers.len() {
            powers[m] = powers[m - 1] * (step / n as f64) / m as f64;
        }
        powers
    };
    let (edge, odd, even) = (powers(g), powers(2.0 * g), powers(1.0 - 2.0 * g));
    let mut row = vec![0.0; edge.len()];
    row[0] = 1.0;
    let (mut start, mut exponent) = (grid.ends(0).0, 0);
    // `row[i]` is the entry of column `start + i`.
    for i in 1..2 * n + 2 {
        let powers = if i == 1 || i == 2 * n + 1 {
            &edge
        } else if i % 2 == 1 {
            &odd
        } else {
            &even
        };
        let (from, to) = grid.ends(i);
        row = convolve(&row, powers, (from - start) as usize, (to - from + 1).max(0) as usize);
        start = from;
        let largest = row.iter().copied().fold(0.0, f64::max);
        if largest > 0.0 && largest < 1.0 / SCALE {
            row.iter_mut().for_each(|cell| *cell *= SCALE);
            exponent -= 128;
        }
    }
    let mut p = row.get((n as i64 - start) as usize).copied().unwrap_or(0.0);
    for m in 1..=n {
        if p.abs() > SCALE {
            p /= SCALE;
            exponent += 128;
        }
        p *= m as f64;
    }
    scaled(p, exponent)
}

/// Entries `from..from + count` of the convolution of two rows.
fn convolve(row: &[f64], powers: &[f64], from: usize, count: usize) -> Vec<f64> {
    let entry = |at: usize| (0..=at).filter_map(|i| Some(row.get(i)? * powers.get(at - i)?)).sum();
    (from..from + count).map(entry).collect()
}

/// Which columns of Pomeranz's matrix can differ from zero.
struct Grid {
    n: i64,
    whole: i64,
    fraction: f64,
}

impl Grid {
    fn new(n: usize, x: f64) -> Self {
        let t = n as f64 * x;
        Self { n: n as i64, whole: t.floor() as i64, fraction: t - t.floor() }
    }

    /// The first and the last such column of row `i`.
    fn ends(&self, i: usize) -> (i64, i64) {
        let (n, whole) = (self.n, self.whole);
        let (up, half) = (i64::from(self.fraction > 0.0), i64::from(self.fraction > 0.5));
        let middle = (i as i64 + 1) / 2;
        let (first, last) = if i == 0 {
            (-whole - up - 1, whole + up - 1)
        } else if i.is_multiple_of(2) {
            (middle - 1 - whole - 1, middle + whole + half - 1)
        } else if middle == n + 1 {
            (n - whole - up - 1, n + whole + up - 1)
        } else {
            (middle - 1 - whole - half - 1, middle + whole - 1 + up - 1)
        };
        ((first + 2).max(0), last.min(n))
    }
}
