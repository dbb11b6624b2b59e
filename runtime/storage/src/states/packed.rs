//! A value as it lies in the file: compressed where that pays, with a checksum over key and value.

use driftline_core::Digest;

/// Smaller values are not compressed.
const WORTH_IT: usize = 256;
const CHECKSUM_BYTES: usize = 16;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// The bytes to write.
pub(super) fn pack(key: &Digest, value: &[u8]) -> Vec<u8> {
    let shorter = (value.len() >= WORTH_IT)
        .then(|| zstd::bulk::compress(value, 1).ok())
        .flatten()
        .filter(|packed| packed.len() < value.len() / 8 * 7);
    let (form, body) = match &shorter {
        Some(packed) => (ZSTD, &packed[..]),
        None => (PLAIN, value),
    };
    let mut packed = Vec::with_capacity(CHECKSUM_BYTES + 1 + body.len());
    packed.extend_from_slice(&checksum(key, form, body));
    packed.push(form);
    packed.extend_from_slice(body);
    packed
}

/// The value; `None` when a byte is other than it was written. `limit` bounds what a value can be.
pub(super) fn unpack(key: &Digest, packed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (sum, rest) = packed.split_at_checked(CHECKSUM_BYTES)?;
    let (form, body) = rest.split_first()?;
    if sum != checksum(key, *form, body) {
        return None;
    }
    match *form {
        PLAIN => Some(body.to_vec()),
        ZSTD => zstd::bulk::decompress(body, limit).ok(),
        _ => None,
    }
}

fn checksum(key: &Digest, form: u8, body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&Digest::of_parts([&key.as_bytes()[..], &[form], body]).as_bytes()[..CHECKSUM_BYTES]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_unless_a_bit_flipped() {
        let noise: Vec<u8> = (0..999_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        for value in [Vec::new(), vec![7; 10], vec![7; 5_000], noise] {
            let (key, other) = (Digest::of(b"key"), Digest::of(b"other"));
            let packed = pack(&key, &value);
            assert!(packed.len() <= value.len() + 17);
            assert_eq!(unpack(&key, &packed, 1 << 20), Some(value));
            assert_eq!(unpack(&other, &packed, 1 << 20), None);
            for at in (0..packed.len()).step_by(37) {
                let mut flipped = packed.clone();
                flipped[at] ^= 4;
                assert_eq!(unpack(&key, &flipped, 1 << 20), None, "byte {at}");
            }
            assert_eq!(unpack(&key, &packed[..packed.len() - 1], 1 << 20), None);
        }
    }
}
