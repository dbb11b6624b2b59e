//! Numbers as integers of the same order.

/// An integer for a number that is not NaN: `a < b` exactly when `key(a) < key(b)`.
///
/// Negative zero is zero. Infinities are the ends.
pub fn key(number: f64) -> u64 {
    // Adding zero turns -0 into +0.
    let bits = (number + 0.0).to_bits();
    let sign = (bits as i64 >> 63) as u64;
    bits ^ (sign | 1 << 63)
}

/// The number behind a key.
pub fn number(key: u64) -> f64 {
    let sign = (key as i64 >> 63) as u64;
    f64::from_bits(key ^ (!sign | 1 << 63))
}

/// A key of which little more than the sign, the exponent and the leading `bits` of the mantissa are kept.
///
/// Numbers of so few bits keep their key. All others between two such
/// neighbours share one key, which lies between theirs: [`is_coarse`] tells it.
pub fn coarse(key: u64, bits: u32) -> u64 {
    let mask = u64::MAX >> (12 + bits.min(MANTISSA - 2));
    let exact = if key >> 63 == 1 { 0 } else { mask };
    if key & mask == exact { key } else { (key & !mask) | mask >> 1 }
}

/// Whether [`coarse`] has put a key in place of others.
pub fn is_coarse(key: u64, bits: u32) -> bool {
    let mask = u64::MAX >> (12 + bits.min(MANTISSA - 2));
    key & mask == mask >> 1
}

/// The numbers between which all those lie that share a coarse key.
pub fn cell(key: u64, bits: u32) -> (f64, f64) {
    let mask = u64::MAX >> (12 + bits.min(MANTISSA - 2));
    let base = key & !mask;
    if key >> 63 == 1 { (number(base), number(base + mask + 1)) } else { (number(base - 1), number(base | mask)) }
}

const MANTISSA: u32 = 52;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_order_as_numbers_do() {
        let numbers = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, 0.0, 5e-324, 0.1, 1.0, 1e300, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
        for value in numbers {
            assert_eq!(number(key(value)), value);
        }
        assert_eq!(key(-0.0), key(0.0));
    }

    #[test]
    fn coarse_keys_keep_the_order_and_the_round_numbers() {
        let numbers = [-1000.7, -3.1, -3.0, -2.9999, -0.1, 0.0, 0.1, 0.5, 2.9999, 3.0, 3.00001, 3.1, 1000.7];
        for bits in [1, 4, 10, 60] {
            for pair in numbers.windows(2) {
                assert!(coarse(key(pair[0]), bits) <= coarse(key(pair[1]), bits), "{pair:?} with {bits} bits");
            }
        }
        for (value, kept) in [(0.0, true), (3.0, true), (-3.0, true), (0.5, true), (3.1, false), (-3.1, false)] {
            assert_eq!(coarse(key(value), 4) == key(value), kept, "{value}");
            assert_eq!(is_coarse(coarse(key(value), 4), 4), !kept, "{value}");
        }
        assert!((number(coarse(key(3.1), 10)) / 3.1 - 1.0).abs() < 1e-3);
        for (value, ends) in
            [(3.1, (3.0, 3.125)), (-3.1, (-3.125, -3.0)), (1.999, (1.9375, 2.0)), (-1.999, (-2.0, -1.9375))]
        {
            assert_eq!(cell(coarse(key(value), 4), 4), ends, "{value}");
        }
    }
}
