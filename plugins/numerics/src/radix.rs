//! Sorting keys in bulk.
//!
//! Least-significant-digit radix sort over the digits in which the keys differ.
//! Keys of measured numbers differ mostly in their leading bits, so for plain
//! keys only the leading 33 differing bits are sorted by digits; an insertion
//! pass puts the few remaining inversions right, and gives up in favour of the
//! full sort when they are not few.
//!
//! Loops over all keys are functions of their own, here and elsewhere: WebAssembly's compilers keep few values in registers
//! across a large function, and a loop that was inlined into one loads its addresses anew at every turn.

use core::ops::Range;

use crate::neighbours::ascend;

const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;
/// Digits that are counted in one pass.
const TOGETHER: u32 = 3;
/// Below this a comparison sort is faster than counting digits.
const SMALL: usize = 1 << 10;
/// Insertions allowed per key before the full sort takes over.
const PATIENCE: usize = 2;

/// Sorts keys; `scratch` is room to work in, its content is lost.
pub fn sort(keys: &mut Vec<u64>, scratch: &mut Vec<u64>) {
    if keys.len() <= SMALL {
        return keys.sort_unstable();
    }
    let (low, high) = differing_bits(keys, |key| *key);
    // Bits below may not differ at all, as in single-precision numbers.
    let coarse = high.saturating_sub(TOGETHER * DIGIT_BITS).max(low);
    sort_digits(keys, scratch, coarse..high, |key| *key);
    if coarse > low && !insert(keys) {
        sort_digits(keys, scratch, low..high, |key| *key);
    }
}

/// Sorts pairs of a key and a weight by key; pairs of equal keys keep their order.
pub fn sort_weighted(pairs: &mut Vec<(u64, f64)>, scratch: &mut Vec<(u64, f64)>) {
    if pairs.len() <= SMALL {
        return pairs.sort_by_key(|pair| pair.0);
    }
    let (low, high) = differing_bits(pairs, |pair| pair.0);
    sort_digits(pairs, scratch, low..high, |pair| pair.0);
}

/// The range of bits in which keys differ.
#[inline(never)]
fn differing_bits<T>(items: &[T], key: impl Fn(&T) -> u64) -> (u32, u32) {
    let join = |known: (u64, u64), item: &T| (known.0 | key(item), known.1 & key(item));
    let (sixteens, rest) = items.as_chunks::<16>();
    let of_rest = rest.iter().fold((0, u64::MAX), join);
    let (any, all) = sixteens.iter().fold(of_rest, |known, sixteen| {
        let (any, all) = sixteen.iter().fold((0, u64::MAX), join);
        (known.0 | any, known.1 & all)
    });
    let differing = any & !all;
    if differing == 0 { (0, 0) } else { (differing.trailing_zeros(), u64::BITS - differing.leading_zeros()) }
}

/// Stable sort by some bits of the key, in place.
fn sort_digits<T: Copy + Default>(items: &mut Vec<T>, scratch: &mut Vec<T>, bits: Range<u32>, key: impl Fn(&T) -> u64) {
    scratch.resize(items.len(), T::default());
    for from in bits.clone().step_by((TOGETHER * DIGIT_BITS) as usize) {
        let mut starts = starts(items, from, &key);
        let shifts = (from..bits.end).step_by(DIGIT_BITS as usize);
        for (shift, next) in shifts.zip(&mut starts) {
            scatter(items, scratch, next, |item| digit(key(item), shift));
            core::mem::swap(items, scratch);
        }
    }
}

/// Moves each item to the next place for its digit. Four at a time: in
/// WebAssembly every turn of a loop costs a look at the deadline.
#[inline(never)]
fn scatter<T: Copy>(items: &[T], out: &mut [T], next: &mut [u32; DIGITS], digit: impl Fn(&T) -> usize) {
    let mut place = |item: &T| {
        let slot = &mut next[digit(item)];
        out[*slot as usize] = *item;
        *slot += 1;
    };
    let (fours, rest) = items.as_chunks::<4>();
    for [a, b, c, d] in fours {
        place(a);
        place(b);
        place(c);
        place(d);
    }
    rest.iter().for_each(place);
}

fn digit(key: u64, shift: u32) -> usize {
    (key >> shift) as usize & (DIGITS - 1)
}

/// For each of three digits, where the items of each value of it begin.
#[inline(never)]
fn starts<T>(items: &[T], from: u32, key: impl Fn(&T) -> u64) -> [[u32; DIGITS]; TOGETHER as usize] {
    let mut counts = [[0_u32; DIGITS]; TOGETHER as usize];
    let mut count = |item: &T| {
        let key = key(item) >> from;
        counts[0][digit(key, 0)] += 1;
        counts[1][digit(key, DIGIT_BITS)] += 1;
        counts[2][digit(key, 2 * DIGIT_BITS)] += 1;
    };
    let (fours, rest) = items.as_chunks::<4>();
    for [a, b, c, d] in fours {
        count(a);
        count(b);
        count(c);
        count(d);
    }
    rest.iter().for_each(count);
    for counts in &mut counts {
        let mut start = 0;
        for slot in counts {
            start += core::mem::replace(slot, start);
        }
    }
    counts
}

/// Insertion sort of nearly sorted keys; `false` when they are not.
#[inline(never)]
fn insert(keys: &mut [u64]) -> bool {
    const STRETCH: usize = 16;
    let mut left = PATIENCE * keys.len();
    for start in (1..keys.len()).step_by(STRETCH) {
        let end = (start + STRETCH).min(keys.len());
        // Most stretches are in order.
        let falls = !ascend(&keys[start - 1..end]);
        for at in start..if falls { end } else { start } {
            left = left.saturating_sub(sink(keys, at));
        }
        if left == 0 {
            return false;
        }
    }
    true
}

/// Moves the key at `from` down to its place among the sorted keys before it; how far that was.
fn sink(keys: &mut [u64], from: usize) -> usize {
    let key = keys[from];
    let mut at = from;
    while at > 0 && keys[at - 1] > key {
        keys[at] = keys[at - 1];
        at -= 1;
    }
    keys[at] = key;
    from - at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::key::key;

    type Shape = fn(u64) -> u64;

    /// Keys by a linear congruential generator, shaped by `shape`.
    fn keys(count: usize, shape: impl Fn(u64) -> u64) -> Vec<u64> {
        let mut state = 42_u64;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shape(state ^ state >> 31)
        };
        core::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn sorts_every_shape_of_keys() {
        let shapes: [(&str, Shape); 7] = [
            ("all bits", |x| x),
            ("unit interval", |x| key((x >> 11) as f64 / (1_u64 << 53) as f64)),
            ("single precision", |x| key(f64::from((x >> 40) as f32))),
            ("few values", |x| key((x % 7) as f64)),
            ("one value", |_| key(3.5)),
            ("equal leading bits, then noise", |x| (x % 2) << 60 | (x >> 40)),
            ("whole numbers of both signs", |x| key((x % 2000) as f64 - 1000.0)),
        ];
        for (name, shape) in shapes {
            for count in [0, 1, 2, SMALL, SMALL + 1, 50_000] {
                let mut sorted = keys(count, shape);
                let mut expected = sorted.clone();
                expected.sort_unstable();
                sort(&mut sorted, &mut Vec::new());
                assert!(sorted == expected, "{name}, {count} keys");
            }
        }
    }

    proptest! {
        #[test]
        fn weights_stay_with_their_keys_in_order(keys in proptest::collection::vec(0_u64..50, 0..3000)) {
            let mut pairs: Vec<_> = keys.iter().enumerate().map(|(i, key)| (*key << 40, i as f64)).collect();
            let mut expected = pairs.clone();
            expected.sort_by_key(|pair| pair.0);
            sort_weighted(&mut pairs, &mut Vec::new());
            prop_assert_eq!(pairs, expected);
        }
    }
}
