//! Times of rows in stretches of a quarter of an hour, each with the place in the order of arrival of what touched them.

use std::collections::BTreeMap;

/// A quarter of an hour: most windows begin and end with one, in any time zone.
pub(super) const QUARTER_MICROS: i64 = 900_000_000;
/// The most stretches that are noted at once; of more, longer ones are made.
const MOST: usize = 1_024;
/// Later than the time of any row, in microseconds, such that stretches can be measured.
pub(super) const EVER: i64 = i64::MAX / 4;
/// Longer stretches are so many times as long.
const LONGER: i64 = 4;

/// Quarters of hours, each with the last place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Touched {
    quarters: BTreeMap<i64, i64>,
    /// Where all of time is touched.
    everything: Option<i64>,
}

/// The quarter of an hour in which a time lies, in microseconds.
pub(crate) fn quarter(time: i64) -> i64 {
    time.div_euclid(QUARTER_MICROS)
}

/// The quarters of hours in which rows lie.
pub(crate) fn quarters(times: &[i64]) -> Vec<i64> {
    let mut found: Vec<i64> = Vec::new();
    for time in times {
        let quarter = quarter(*time);
        // Rows mostly come in about the order of their time.
        if found.last() != Some(&quarter) {
            found.push(quarter);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

impl Touched {
    /// All of time.
    pub fn everything(place: i64) -> Self {
        Self { quarters: BTreeMap::new(), everything: Some(place) }
    }

    /// These quarters.
    pub fn of(quarters: impl IntoIterator<Item = i64>, place: i64) -> Self {
        Self { quarters: quarters.into_iter().map(|quarter| (quarter, place)).collect(), everything: None }
    }

    /// Something at this place touched rows of this quarter.
    pub fn add(&mut self, quarter: i64, place: i64) {
        let held = self.quarters.entry(quarter).or_insert(place);
        *held = place.max(*held);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.quarters.is_empty() && self.everything.is_none()
    }

    /// The stretches: start and end in microseconds, and the place. Not many: they are longer instead.
    pub fn stretches(&self) -> Vec<(i64, i64, i64)> {
        if let Some(place) = self.everything {
            return vec![(-EVER, EVER, place)];
        }
        let (mut width, mut stretches) = (1, self.quarters.clone());
        while stretches.len() > MOST {
            width *= LONGER;
            let mut longer = BTreeMap::new();
            for (at, place) in stretches {
                let held = longer.entry(at.div_euclid(LONGER)).or_insert(place);
                *held = place.max(*held);
            }
            stretches = longer;
        }
        let length = width * QUARTER_MICROS;
        stretches.into_iter().map(|(at, place)| (at * length, (at + 1) * length, place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_fall_into_quarters_also_before_the_epoch() {
        let q = QUARTER_MICROS;
        for (times, expected) in [
            (vec![], vec![]),
            (vec![0, q - 1, 1], vec![0]),
            (vec![q, 0, q, 2 * q - 1], vec![0, 1]),
            (vec![-1, -q, -q - 1], vec![-2, -1]),
        ] {
            assert_eq!(quarters(&times), expected, "{times:?}");
        }
    }

    #[test]
    fn many_quarters_become_fewer_stretches_that_hold_them_all() {
        for (count, apart, most) in [(3, 1, 3), (1_024, 1, 1_024), (1_025, 1, 257), (5_000, 1_000, 1_024), (0, 1, 0)] {
            let mut touched = Touched::default();
            for number in -count / 2..count - count / 2 {
                touched.add(number * apart, number.rem_euclid(7));
            }
            let stretches = touched.stretches();
            assert!(stretches.len() <= most, "{count}: {}", stretches.len());
            for number in -count / 2..count - count / 2 {
                let time = number * apart * QUARTER_MICROS + 5;
                let held = |(start, end, place): &&(i64, i64, i64)| {
                    *start <= time && time < *end && *place >= number.rem_euclid(7)
                };
                assert_eq!(stretches.iter().filter(held).count(), 1, "{count}: {number}");
            }
        }
    }
}
