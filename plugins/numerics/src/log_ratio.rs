//! How far two numbers are apart on a logarithmic scale.
//!
//! The logarithm is that of FreeBSD's msun, `e_log.c` and `k_log.h` (Sun
//! Microsystems, 1993): reduction to the half octaves about one, then a
//! polynomial in f / (2 + f), off by less than one unit in the last place.

/// The ends of ln 2 in two numbers.
const LN_2: (f64, f64) = (0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10);
const EVEN: [f64; 4] = [0.6666666666666735, 0.2857142874366239, 0.1818357216161805, 0.14798198605116586];
const ODD: [f64; 3] = [0.3999999999940942, 0.22222198432149784, 0.15313837699209373];
/// The bits of the square root of one half, and of one.
const ROOT: u64 = 0x3fe6_a09e_0000_0000;
const ONE: u64 = 0x3ff0_0000_0000_0000;
/// Added to a small whole number's bits, they are those of a number that is 2^52 larger.
const WHOLE: u64 = 0x4330_0000_0000_0000;
const MANTISSA: u64 = (1 << 52) - 1;

/// `ln(1 + a) - ln(1 + b)` of each pair of numbers above -1, accurate also where the two are close: one logarithm
/// instead of two, without branches.
pub fn log_ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    const USUAL: core::ops::Range<f64> = 1e-150..1e150;
    let unusual = |x: &&f64| !USUAL.contains(&(1.0 + **x));
    if a.iter().filter(unusual).count() + b.iter().filter(unusual).count() == 0 {
        return a.iter().zip(b).map(|(a, b)| log_ratio(*a, *b)).collect();
    }
    // Perhaps so far apart that only their logarithms are numbers.
    a.iter().zip(b).map(|(a, b)| a.ln_1p() - b.ln_1p()).collect()
}

/// The same of two numbers whose ratio is a number.
fn log_ratio(a: f64, b: f64) -> f64 {
    let inverse = 1.0 / (1.0 + b);
    let bits = ((1.0 + a) * inverse).to_bits().wrapping_add(ONE - ROOT);
    let octaves = f64::from_bits(bits >> 52 | WHOLE) - (f64::from_bits(WHOLE) + 1023.0);
    let reduced = f64::from_bits((bits & MANTISSA) + ROOT) - 1.0;
    // Close to one the ratio itself has lost what is left of it.
    let is_close = u64::from(bits >> 52 == 1023).wrapping_neg();
    let close = (a - b) * inverse;
    let f = f64::from_bits(close.to_bits() & is_close | reduced.to_bits() & !is_close);
    let s = f / (2.0 + f);
    let (z, half) = (s * s, 0.5 * f * f);
    let w = z * z;
    let even = z * (EVEN[0] + w * (EVEN[1] + w * (EVEN[2] + w * EVEN[3])));
    let odd = w * (ODD[0] + w * (ODD[1] + w * ODD[2]));
    octaves * LN_2.0 - ((half - (s * (half + (even + odd)) + octaves * LN_2.1)) - f)
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
            assert!((log_ratio(a, b) - expected).abs() <= 1e-11 * expected, "{a}, {b}: {}", log_ratio(a, b));
        }
    }
}
