//! How many distinct values there are, in bounded memory.
//!
//! P. Flajolet, É. Fusy, O. Gandouet & F. Meunier, "HyperLogLog: the analysis
//! of a near-optimal cardinality estimation algorithm", AofA 2007, with the
//! estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog
//! sketches", arXiv:1702.01284 (2017), algorithm 6, which needs no corrections.
//! Few values are held as their hashes and counted exactly.

use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

/// 2^12 registers: 4 KiB.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;
/// Hashes held before registers take over: as many bytes.
const EXACT: usize = REGISTERS / 8;

/// A set of hashes of which only the size is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Distinct {
    /// In ascending order, while there are few.
    #[serde(with = "bulk")]
    hashes: Vec<u64>,
    /// Empty while there are few.
    registers: Vec<u8>,
}

impl Distinct {
    /// The standard error of an estimate, relative to it: 1.04 / √registers.
    pub const RELATIVE_ERROR: f64 = 0.01625;

    /// Adds values by their [`hash`] or [`hash_text`].
    pub fn extend(&mut self, hashes: impl Iterator<Item = u64>) {
        if self.registers.is_empty() {
            self.hashes.extend(hashes);
            self.hashes.sort_unstable();
            self.hashes.dedup();
            self.fold();
        } else {
            hashes.for_each(|hash| self.register(hash));
        }
    }

    /// Adds the values of another set.
    pub fn merge(&mut self, other: Self) {
        if other.registers.len() == REGISTERS {
            self.registers.resize(REGISTERS, 0);
            self.registers.iter_mut().zip(other.registers).for_each(|(ours, theirs)| *ours = theirs.max(*ours));
            core::mem::take(&mut self.hashes).into_iter().for_each(|hash| self.register(hash));
        }
        self.extend(other.hashes.into_iter());
    }

    /// Whether the count is exact: up to 512 values.
    pub fn is_exact(&self) -> bool {
        self.registers.is_empty()
    }

    /// How many distinct values there are, or about how many.
    pub fn count(&self) -> f64 {
        if self.is_exact() { self.hashes.len() as f64 } else { estimate(&self.registers) }
    }

    fn fold(&mut self) {
        if self.hashes.len() > EXACT {
            self.registers = vec![0; REGISTERS];
            core::mem::take(&mut self.hashes).into_iter().for_each(|hash| self.register(hash));
        }
    }

    fn register(&mut self, hash: u64) {
        let rank = ((hash << BITS) | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
        if let Some(register) = self.registers.get_mut((hash >> (u64::BITS - BITS)) as usize) {
            *register = rank.max(*register);
        }
    }
}

/// Ertl's improved estimate.
fn estimate(registers: &[u8]) -> f64 {
    const LAST: usize = (u64::BITS - BITS) as usize;
    let mut counts = [0.0; LAST + 2];
    for register in registers {
        counts[usize::from(*register).min(LAST + 1)] += 1.0;
    }
    let m = REGISTERS as f64;
    let mut z = m * tau(1.0 - counts[LAST + 1] / m);
    for count in counts[1..=LAST].iter().rev() {
        z = 0.5 * (z + count);
    }
    z += m * sigma(counts[0] / m);
    m * m / (2.0 * core::f64::consts::LN_2 * z)
}

fn sigma(mut x: f64) -> f64 {
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before || z.is_infinite() {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// The hash of a number's key: the finalizer of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
pub fn hash(key: u64) -> u64 {
    let mut mixed = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// The hash of a label: FNV-1a, mixed like a key.
pub fn hash_text(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    hash(text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_while_few_and_close_when_many() {
        for count in [0_u64, 1, 2, 511, 512, 513, 3_000, 50_000, 1_000_000] {
            let mut whole = Distinct::default();
            let mut parts = [Distinct::default(), Distinct::default(), Distinct::default()];
            for value in 0..count {
                whole.extend([hash(value)].into_iter());
                parts[(value % 7 % 3) as usize].extend([hash(value), hash(value / 2)].into_iter());
            }
            let [mut merged, second, third] = parts;
            merged.merge(second);
            merged.merge(third);
            assert_eq!(merged, whole);
            assert_eq!(whole.is_exact(), count <= 512);
            let bound = if count <= 512 { 0.0 } else { 4.0 * Distinct::RELATIVE_ERROR };
            let off = (whole.count() - count as f64).abs();
            assert!(off <= bound * count as f64, "{} for {count}", whole.count());
        }
    }

    #[test]
    fn texts_are_spread_as_well() {
        let mut set = Distinct::default();
        set.extend((0..20_000).map(|i| hash_text(&format!("user-{i}"))));
        assert!((set.count() / 20_000.0 - 1.0).abs() < 4.0 * Distinct::RELATIVE_ERROR, "{}", set.count());
    }
}
