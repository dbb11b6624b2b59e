//! The checksum at the end of each page of the catalog's file.

use std::ops::Range;

/// How many bytes at a page's end SQLite leaves to us.
pub(crate) const RESERVED: u8 = 8;

/// The last four bytes: which checksum this is. It also keeps a page of zeros from being a whole one by chance.
const TAG: [u8; 4] = *b"dl01";

/// SQLite's page sizes.
const SIZES: Range<usize> = 512..65_537;

/// The number, from 0, of the page that a read or write is about; `None` when it is not about one whole page.
pub(crate) fn number(bytes: usize, offset: u64) -> Option<u64> {
    let whole = bytes.is_power_of_two() && SIZES.contains(&bytes) && offset.is_multiple_of(bytes as u64);
    whole.then(|| offset / bytes as u64)
}

/// Puts the checksum at the end of `page`.
pub(crate) fn stamp(page: &mut [u8], number: u64) {
    if let Some((rest, end)) = page.split_last_chunk_mut::<{ RESERVED as usize }>() {
        *end = seal(rest, number);
    }
}

/// Whether `page` is as it was stamped, at this place. A page that was never written, which is all zeros, is whole.
pub(crate) fn is_whole(page: &[u8], number: u64) -> bool {
    match page.split_last_chunk::<{ RESERVED as usize }>() {
        Some((rest, end)) => *end == seal(rest, number) || page.iter().all(|byte| *byte == 0),
        None => false,
    }
}

fn seal(rest: &[u8], number: u64) -> [u8; RESERVED as usize] {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(rest);
    checksum.update(&number.to_le_bytes());
    let [a, b, c, d] = checksum.finalize().to_le_bytes();
    let [e, f, g, h] = TAG;
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pages_have_numbers() {
        for (bytes, offset, expected) in [
            (8192, 0, Some(0)),
            (8192, 81_920, Some(10)),
            (512, 512, Some(1)),
            (100, 0, None),
            (16, 24, None),
            (8184, 8192, None),
            (8192, 100, None),
            (1 << 17, 0, None),
        ] {
            assert_eq!(number(bytes, offset), expected, "{bytes} bytes at {offset}");
        }
    }

    #[test]
    fn every_changed_byte_and_every_wrong_place_is_seen() {
        let mut page: Vec<u8> = (0..512_u32).map(|at| (at * 7 % 251) as u8).collect();
        stamp(&mut page, 3);
        assert!(is_whole(&page, 3));
        assert!(!is_whole(&page, 4));
        for at in 0..page.len() {
            for bit in [1, 8, 0x80, 0xff] {
                page[at] ^= bit;
                assert!(!is_whole(&page, 3), "byte {at}");
                page[at] ^= bit;
            }
        }
    }

    #[test]
    fn a_page_that_was_never_written_is_whole() {
        assert!(is_whole(&[0; 4096], 9));
        let mut one = [0; 4096];
        one[4095] = 1;
        assert!(!is_whole(&one, 9));
    }
}
