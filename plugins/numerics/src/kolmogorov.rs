//! Tails of the Kolmogorov-Smirnov statistic of two samples.
//!
//! The choice of method, and so the value, is that of `scipy.stats.ks_2samp`.

mod exact;
mod large;
mod small;
mod smirnov;

use serde::{Deserialize, Serialize};

/// Up to this size of both samples SciPy's `auto` is exact.
const AUTO_EXACT: u64 = 10_000;

/// Which difference of the distribution functions counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Alternative {
    /// Either.
    #[default]
    TwoSided,
    /// The first below the second.
    Less,
    /// The first above the second.
    Greater,
}

/// How a tail is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Method {
    /// Exact when both samples have at most 10,000 rows, else asymptotic.
    #[default]
    Auto,
    /// By counting lattice paths.
    Exact,
    /// By the distribution of one sample of the effective size.
    Asymptotic,
}

/// A tail, and how it was computed in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tail {
    /// The statistic; the exact method rounds it to the nearest possible value.
    pub statistic: f64,
    /// The chance of a statistic at least as large when both samples come from one distribution.
    pub p_value: f64,
    /// Whether the exact method was used.
    pub exact: bool,
}

/// The tail of statistic `d` for samples of `n1` and `n2` rows, both positive.
///
/// Where the exact method overflows, the asymptotic one is used, as in SciPy.
pub fn two_sample(d: f64, n1: u64, n2: u64, alternative: Alternative, method: Method) -> Tail {
    let wants_exact = match method {
        Method::Auto => n1.max(n2) <= AUTO_EXACT,
        Method::Exact => true,
        Method::Asymptotic => false,
    };
    if wants_exact && let Some((statistic, p_value)) = exact::tail(d, n1, n2, alternative) {
        return Tail { statistic, p_value, exact: true };
    }
    let p_value = asymptotic(d, n1 as f64, n2 as f64, alternative).clamp(0.0, 1.0);
    Tail { statistic: d, p_value, exact: false }
}

fn asymptotic(d: f64, n1: f64, n2: f64, alternative: Alternative) -> f64 {
    let (m, n) = (n1.max(n2), n1.min(n2));
    let effective = m * n / (m + n);
    if alternative == Alternative::TwoSided {
        return one_sample(effective.round_ties_even(), d);
    }
    // Hodges (1958), equation 5.3.
    let z = effective.sqrt() * d;
    (-2.0 * z * z - 2.0 * z * (m + 2.0 * n) / (m * n * (m + n)).sqrt() / 3.0).exp()
}

/// The chance that one sample of `n` rows is at least `x` away from its distribution.
///
/// Simard & L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov
/// Distribution", Journal of Statistical Software 39 (2011), with SciPy's limits.
pub fn one_sample(n: f64, x: f64) -> f64 {
    let t = n * x;
    let weight = t * x;
    let tail = if n < 1.0 {
        f64::NAN
    } else if x >= 1.0 {
        0.0
    } else if t <= 0.5 {
        1.0
    } else if t <= 1.0 {
        1.0 - small::ruben_gambino(n, t)
    } else if t >= n - 1.0 {
        2.0 * (1.0 - x).powf(n)
    } else if x >= 0.5 {
        2.0 * smirnov::tail(n, x)
    } else if n <= 140.0 {
        middle(n, x, weight)
    } else if weight >= 370.0 {
        0.0
    } else if weight >= 2.2 {
        2.0 * smirnov::tail(n, x)
    } else if n <= 100_000.0 && n * x.powf(1.5) <= 1.4 {
        1.0 - small::durbin(n as usize, x)
    } else {
        1.0 - large::pelz_good(n, x)
    };
    tail.clamp(0.0, 1.0)
}

fn middle(n: f64, x: f64, weight: f64) -> f64 {
    if weight <= 0.754_693 {
        1.0 - small::durbin(n as usize, x)
    } else if weight <= 4.0 {
        1.0 - small::pomeranz(n as usize, x)
    } else {
        2.0 * smirnov::tail(n, x)
    }
}
