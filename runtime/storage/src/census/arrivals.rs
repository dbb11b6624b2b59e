//! When each id first got a delayed metric, and whether it has a prediction.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

/// Ids of delayed metrics; about 40 bytes each.
#[derive(Default)]
pub(super) struct Arrivals {
    hasher: DefaultHashBuilder,
    slots: HashTable<u32>,
    ids: Vec<u128>,
    /// The first arrivals, in microseconds.
    first: Vec<i64>,
    matched: Vec<bool>,
}

impl Arrivals {
    /// Notes that a delayed metric of this id arrived.
    pub fn add(&mut self, id: u128, received: i64) {
        let Self { hasher, slots, ids, first, matched } = self;
        let known = slots.entry(
            hasher.hash_one(id),
            |slot| ids[*slot as usize] == id,
            |slot| hasher.hash_one(ids[*slot as usize]),
        );
        match known {
            Entry::Occupied(slot) => {
                let first = &mut first[*slot.get() as usize];
                *first = received.min(*first);
            }
            Entry::Vacant(slot) => {
                slot.insert(ids.len() as u32);
                ids.push(id);
                first.push(received);
                matched.push(false);
            }
        }
    }

    /// The first arrival of a prediction's delayed metrics.
    pub fn of_prediction(&mut self, id: u128) -> Option<i64> {
        let ids = &self.ids;
        let slot = *self.slots.find(self.hasher.hash_one(id), |slot| ids[*slot as usize] == id)? as usize;
        self.matched[slot] = true;
        Some(self.first[slot])
    }

    /// The ids of no prediction, each with its first arrival, in no order.
    pub fn unmatched(&self) -> impl Iterator<Item = (u128, i64)> + '_ {
        let all = self.ids.iter().zip(&self.first).zip(&self.matched);
        all.filter(|(_, matched)| !**matched).map(|((id, first), _)| (*id, *first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_arrival_counts_and_predictions_are_told_from_the_others() {
        let mut arrivals = Arrivals::default();
        for (id, received) in [(1, 30), (2, 20), (1, 10), (1, 40), (3, 5)] {
            arrivals.add(id, received);
        }
        assert_eq!([1, 2, 4].map(|id| arrivals.of_prediction(id)), [Some(10), Some(20), None]);
        assert_eq!(arrivals.unmatched().collect::<Vec<_>>(), [(3, 5)]);
    }
}
