//! Tails of common distributions.
//!
//! The incomplete gamma and beta functions by their series and continued
//! fractions: W. H. Press et al., "Numerical Recipes", 3rd edition, 6.2 and 6.4,
//! the fractions by W. J. Lentz, Applied Optics 15 (1976). erfc and ln Γ are libm's.

/// The chance that a standard normal number is above `z`.
pub fn normal_above(z: f64) -> f64 {
    0.5 * libm::erfc(z * core::f64::consts::FRAC_1_SQRT_2)
}

/// The chance that a χ² number of `freedom` degrees is above `x`; 1 for none.
pub fn chi_squared_above(x: f64, freedom: f64) -> f64 {
    match x {
        x if x.is_nan() || freedom.is_nan() => f64::NAN,
        x if x <= 0.0 || freedom <= 0.0 => 1.0,
        x if x.is_infinite() => 0.0,
        x => gamma_above(freedom / 2.0, x / 2.0),
    }
}

/// The chance that a t number of `freedom` degrees is farther than `t` from zero.
pub fn student_outside(t: f64, freedom: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    let square = t * t;
    let (inside, outside) = (square / (freedom + square), freedom / (freedom + square));
    let ln = (-(square / freedom).ln_1p(), (inside).ln());
    beta_below(freedom / 2.0, 0.5, outside, inside, ln)
}

/// The regularized upper incomplete gamma function Q(a, x).
fn gamma_above(a: f64, x: f64) -> f64 {
    let front = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term.abs() > sum.abs() * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - front * sum;
    }
    let mut b = x + 1.0 - a;
    let mut fraction = Lentz::new(1.0 / b, b);
    let mut i = 0.0;
    while fraction.goes_on() {
        i += 1.0;
        b += 2.0;
        fraction.step(-i * (i - a), b);
    }
    front * fraction.value
}

/// The regularized incomplete beta function I(x; a, b), given `1 - x` and the
/// logarithms of both for the sake of their precision.
fn beta_below(a: f64, b: f64, x: f64, rest: f64, ln: (f64, f64)) -> f64 {
    if x <= 0.0 || rest <= 0.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let front = (a * ln.0 + b * ln.1 - ln_beta(a, b)).exp();
    // The fraction's first step cancels where `x` is all but one; unless the tail is small, the complement is exact enough.
    let cancels = a > 100.0 && (a + b) * rest < 8.0;
    if x < (a + 1.0) / (a + b + 2.0) && !cancels {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_series(b, a, rest) / b
    }
}

/// The series of the incomplete beta function for small `x`; every term is positive.
fn beta_series(a: f64, b: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0, 1.0, 0.0);
    while term > sum * 1e-17 {
        term *= x * (a + b + n) / (a + 1.0 + n);
        sum += term;
        n += 1.0;
    }
    sum
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let first = 1.0 - (a + b) * x / (a + 1.0);
    let mut fraction = Lentz::new(1.0 / first, first);
    // The first denominator stands for the first term of the fraction.
    fraction.above = 1.0;
    let mut m = 0.0;
    while fraction.goes_on() {
        m += 1.0;
        fraction.step(m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)), 1.0);
        fraction.step(-(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)), 1.0);
    }
    fraction.value
}

/// ln B(a, b). For large `a` the difference of two ln Γ is taken by its series
/// (Tricomi & Erdélyi, Pacific Journal of Mathematics 1 (1951)), since both are huge.
fn ln_beta(a: f64, b: f64) -> f64 {
    if a < 1e3 || b != 0.5 {
        return libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
    }
    let i = 1.0 / a;
    let series = -i / 8.0 + i.powi(2) / 128.0 + 5.0 * i.powi(3) / 1024.0 - 21.0 * i.powi(4) / 32768.0;
    libm::lgamma(b) - (0.5 * a.ln() + series.ln_1p())
}

/// A continued fraction under evaluation.
struct Lentz {
    value: f64,
    above: f64,
    below: f64,
    change: f64,
    steps: u32,
}

impl Lentz {
    fn new(value: f64, below: f64) -> Self {
        Self { value, above: f64::INFINITY, below: 1.0 / below, change: 0.0, steps: 0 }
    }

    /// Until nothing changes; a bound keeps hopeless arguments from going on for ever.
    fn goes_on(&self) -> bool {
        (self.change - 1.0).abs() > 3e-16 && self.steps < 100_000
    }

    fn step(&mut self, numerator: f64, denominator: f64) {
        const TINY: f64 = 1e-300;
        let kept = |x: f64| if x.abs() < TINY { TINY } else { x };
        self.below = 1.0 / kept(denominator + numerator * self.below);
        self.above = kept(denominator + numerator / self.above);
        self.change = self.below * self.above;
        self.value *= self.change;
        self.steps += 1;
    }
}
