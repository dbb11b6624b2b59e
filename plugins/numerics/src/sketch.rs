//! Quantiles in bounded memory, with a bound on their error that holds always.
//!
//! G. S. Manku, S. Rajagopalan & B. G. Lindsay, "Approximate Medians and other
//! Quantiles in One Pass and with Limited Memory", SIGMOD 1998: numbers lie in
//! levels, those of level i stand for 2^i rows each. A level that is full is
//! sorted, every other number moves up and the rest go. Doing so can move a
//! rank by at most the weight of one number of that level, up when the first of
//! each pair stays and down when the second does; the two take turns. The sums
//! of what has been moved each way are kept, so the error of any quantile is
//! known, whatever the rows and however sketches were merged.

use driftline_sdk::bulk;
use serde::{Deserialize, Serialize};

use crate::quantile::lerp;

/// Numbers, none of them NaN, thinned so that ranks stay nearly right.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sketch {
    size: usize,
    levels: Vec<Level>,
    ends: Option<(f64, f64)>,
    /// By how many rows ranks can be too high, and too low.
    error: (u64, u64),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Level {
    /// In ascending order, fewer than the sketch's size.
    #[serde(with = "bulk")]
    numbers: Vec<f64>,
    /// Whether the second of each pair stays the next time.
    second: bool,
}

impl Sketch {
    /// An empty sketch that holds fewer than `size` numbers a level; up to that many rows are kept as they are.
    pub fn new(size: usize) -> Self {
        Self { size: size.max(2), ..Self::default() }
    }

    /// Adds numbers in ascending order, none of them NaN.
    pub fn extend_sorted(&mut self, numbers: &[f64]) {
        let (Some(low), Some(high)) = (numbers.first(), numbers.last()) else { return };
        let (lowest, highest) = self.ends.unwrap_or((*low, *high));
        self.ends = Some((lowest.min(*low), highest.max(*high)));
        self.raise(0, numbers.to_vec());
    }

    /// Adds the rows behind another sketch of the same size.
    pub fn merge(&mut self, other: Self) {
        if let Some((low, high)) = other.ends {
            let (lowest, highest) = self.ends.unwrap_or((low, high));
            self.ends = Some((lowest.min(low), highest.max(high)));
        }
        self.error = (self.error.0 + other.error.0, self.error.1 + other.error.1);
        for (level, others) in other.levels.into_iter().enumerate() {
            self.raise(level, others.numbers);
        }
    }

    /// How many numbers a level holds.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The smallest and the largest number.
    pub fn ends(&self) -> Option<(f64, f64)> {
        self.ends
    }

    /// By how many rows the rank of a quantile can be off; 0 while every row is kept.
    pub fn rank_error(&self) -> u64 {
        self.error.0.max(self.error.1)
    }

    /// Whether a saved sketch is one of this `size`.
    pub fn is_sound(&self, size: usize) -> bool {
        let fits = |level: &Level| level.numbers.len() < self.size && level.numbers.is_sorted();
        self.size == size.max(2) && self.levels.len() < u64::BITS as usize && self.levels.iter().all(fits)
    }

    /// What the sketch says of the rows, to be asked many times.
    pub fn ranks(&self) -> SketchRanks {
        let weighted = |(i, level): (usize, &Level)| {
            let numbers = level.numbers.clone();
            numbers.into_iter().map(move |number| (number, 1_u64 << i))
        };
        let mut numbers: Vec<(f64, u64)> = self.levels.iter().enumerate().flat_map(weighted).collect();
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut rows = 0;
        for (_, weight) in &mut numbers {
            rows += *weight;
            *weight = rows;
        }
        SketchRanks { up_to: numbers, ends: self.ends, rows }
    }

    fn raise(&mut self, level: usize, mut numbers: Vec<f64>) {
        if level == self.levels.len() {
            self.levels.push(Level::default());
        }
        let Some(place) = self.levels.get_mut(level) else { return };
        if let [only] = place.numbers[..] {
            numbers.insert(numbers.partition_point(|number| number.total_cmp(&only).is_lt()), only);
        }
        if place.numbers.len() < 2 {
            place.numbers = numbers;
        } else {
            place.numbers.append(&mut numbers);
            // Two ascending stretches, which this sort merges.
            place.numbers.sort_by(f64::total_cmp);
        }
        if place.numbers.len() < self.size {
            return;
        }
        let odd = if place.numbers.len() % 2 == 1 { place.numbers.pop() } else { None };
        let (pairs, _) = place.numbers.as_chunks::<2>();
        let kept: Vec<f64> = pairs.iter().map(|pair| pair[usize::from(place.second)]).collect();
        place.numbers.clear();
        place.numbers.extend(odd);
        let error = if place.second { &mut self.error.1 } else { &mut self.error.0 };
        *error += 1 << level;
        place.second = !place.second;
        self.raise(level + 1, kept);
    }
}

/// Ranks and quantiles that a sketch knows.
#[derive(Debug, Clone, PartialEq)]
pub struct SketchRanks {
    /// Numbers in ascending order, each with how many rows there are up to it.
    up_to: Vec<(f64, u64)>,
    ends: Option<(f64, f64)>,
    rows: u64,
}

impl SketchRanks {
    /// How many rows the numbers stand for.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// About how many rows are at most `number`.
    pub fn at_most(&self, number: f64) -> u64 {
        let after = self.up_to.partition_point(|(other, _)| *other <= number);
        after.checked_sub(1).and_then(|last| self.up_to.get(last)).map_or(0, |(_, rows)| *rows)
    }

    /// The quantile `q` in 0 to 1 by linear interpolation; NaN of no rows. The ends are exact.
    pub fn quantile(&self, q: f64) -> f64 {
        let Some((low, high)) = self.ends else { return f64::NAN };
        let last = self.rows.saturating_sub(1) as f64;
        let position = last * q;
        let whole = position.floor();
        let number = lerp(self.select(whole), self.select((whole + 1.0).min(last)), position - whole);
        if q <= 0.0 {
            low
        } else if q >= 1.0 {
            high
        } else {
            number.clamp(low, high)
        }
    }

    fn select(&self, rank: f64) -> f64 {
        let place = self.up_to.partition_point(|(_, rows)| *rows as f64 <= rank);
        self.up_to.get(place).or(self.up_to.last()).map_or(f64::NAN, |(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(size: usize, numbers: &[f64], chunk: usize) -> Sketch {
        let mut sketch = Sketch::new(size);
        for chunk in numbers.chunks(chunk.max(1)) {
            let mut chunk = chunk.to_vec();
            chunk.sort_by(f64::total_cmp);
            sketch.extend_sorted(&chunk);
        }
        sketch
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn ranks_are_off_by_no_more_than_it_says(
            numbers in proptest::collection::vec(-1000_i32..1000, 1..6000), size in 2_usize..200, chunk in 1_usize..900,
        ) {
            let numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
            let (left, right) = numbers.split_at(numbers.len() / 3);
            let mut merged = sketch(size, left, chunk);
            merged.merge(sketch(size, right, chunk / 2));
            prop_assert!(merged.is_sound(size));
            for sketch in [sketch(size, &numbers, chunk), merged] {
                let (ranks, error) = (sketch.ranks(), sketch.rank_error());
                prop_assert_eq!(ranks.rows(), numbers.len() as u64);
                prop_assert_eq!(error == 0, numbers.len() < size || sketch.levels.len() == 1);
                for x in (-1000..1000).step_by(37).map(f64::from) {
                    let truth = numbers.iter().filter(|number| **number <= x).count() as u64;
                    prop_assert!(truth.abs_diff(ranks.at_most(x)) <= error, "{truth} at {x}, {error}: {ranks:?}");
                }
            }
        }
    }

    #[test]
    fn the_bound_is_small() {
        let numbers: Vec<f64> = (0..1_000_000_u64).map(|i| (i * 7_919 % 1_000_003) as f64).collect();
        let sketch = sketch(2048, &numbers, 8192);
        assert!(sketch.rank_error() < 2_200, "{}", sketch.rank_error());
        let held: usize = sketch.levels.iter().map(|level| level.numbers.len()).sum();
        assert!(held < 2048 * sketch.levels.len() && sketch.levels.len() <= 11, "{held}");
        for q in [0.0, 0.01, 0.25, 0.5, 0.99, 1.0] {
            let off = (sketch.ranks().quantile(q) / 1_000_003.0 - q).abs() * 1e6;
            assert!(off <= sketch.rank_error() as f64 + 4.0, "{q}: {off} rows");
        }
    }
}
