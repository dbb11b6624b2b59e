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
}
