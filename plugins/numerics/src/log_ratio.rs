//! How far two numbers are apart on a logarithmic scale.
//!
//! ln(x / y) = 2 artanh(s) with s = (x - y) / (x + y), by the polynomial of
//! FreeBSD's msun (`k_log.h`, Sun Microsystems, 1993) for the half octaves about
//! one, where it is off by less than one unit in the last place.

/// The coefficients of s², s⁴, … s¹⁴ in ln(x / y) / s - 2.
const SERIES: [f64; 7] = [
    0.6666666666666735,
    0.3999999999940942,
    0.2857142874366239,
    0.22222198432149784,
    0.1818357216161805,
    0.15313837699209373,
    0.14798198605116586,
];
/// The logarithm of the root of two: as far as the polynomial goes.
const CLOSE: f64 = core::f64::consts::LN_2 / 2.0;

/// `ln(1 + a) - ln(1 + b)` of each pair of numbers above -1. Where the two are close, as predictions and their targets
/// often are, it takes no logarithm, and loses nothing of their difference.
pub fn log_ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| close(*a, *b)).collect();
    for ((ratio, a), b) in ratios.iter_mut().zip(a).zip(b) {
        if ratio.abs() > CLOSE {
            *ratio = a.ln_1p() - b.ln_1p();
        }
    }
    ratios
}

/// The same of two numbers that are close; beyond [`CLOSE`] where they are not.
fn close(a: f64, b: f64) -> f64 {
    let s = 0.5 * (a - b) / (0.5 * (1.0 + a) + 0.5 * (1.0 + b));
    let z = s * s;
    let [c1, c2, c3, c4, c5, c6, c7] = SERIES;
    let w = z * z;
    let odd = z * (c1 + w * (c3 + w * (c5 + w * c7)));
    let even = w * (c2 + w * (c4 + w * c6));
    s * (2.0 + (odd + even))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_difference_of_logarithms() {
        let numbers = [
            -1.0 + f64::EPSILON,
            -1.0 + 1e-10,
            -0.999,
            -0.5,
            -0.29,
            -1e-9,
            0.0,
            1e-300,
            1e-9,
            0.3,
            0.41421356,
            0.42,
            1.0,
            3.0,
            1e3,
            1e8,
            1e15,
            1e200,
            1e308,
        ];
        for a in numbers {
            for b in numbers {
                let (given, expected) = (log_ratios(&[a], &[b])[0], a.ln_1p() - b.ln_1p());
                let scale = a.ln_1p().abs().max(b.ln_1p().abs());
                assert!((given - expected).abs() <= 4.0 * f64::EPSILON * scale, "{a}, {b}: {given} for {expected}");
            }
        }
    }

    #[test]
    fn close_numbers_keep_their_difference() {
        for (a, b, expected) in
            [(50.0 + 1e-10, 50.0, (50.0 + 1e-10 - 50.0) / 51.0), (1e-20, 0.0, 1e-20), (3.0, 3.0, 0.0)]
        {
            let given = log_ratios(&[a], &[b])[0];
            assert!((given - expected).abs() <= 1e-11 * expected, "{a}, {b}: {given}");
        }
    }
}
