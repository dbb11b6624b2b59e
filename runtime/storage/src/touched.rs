//! What delayed metrics touch of segments, remembered: neither ever changes.

use std::{collections::HashMap, hash::Hash, sync::Mutex};

use driftline_core::Digest;
use uuid::Uuid;

use crate::held;

/// How many bytes of answers are remembered; then all are forgotten.
const MOST_BYTES: usize = 16 << 20;
/// What an answer takes up besides what it points to, about.
const ENTRY_BYTES: usize = 256;

/// Delayed metrics that came together: a segment of them, or a row of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Arrival {
    Segment(Uuid),
    Logged(i64),
}

/// A digest over the cells that may belong to rows of a segment, by the delayed metrics, the segment, and a digest of the
/// columns that are looked at; `None` where none may.
pub(crate) type TouchedCells = Remembered<(Arrival, Uuid, Digest), Option<Digest>>;

/// Answers.
pub(crate) struct Remembered<K, V>(Mutex<Known<K, V>>);

struct Known<K, V> {
    answers: HashMap<K, V>,
    bytes: usize,
}

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Known { answers: HashMap::new(), bytes: 0 }))
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// The answer, if it is remembered.
    pub fn get(&self, asked: &K) -> Option<V> {
        held(&self.0).answers.get(asked).cloned()
    }

    /// Remembers an answer, which points to so many bytes.
    pub fn put(&self, asked: K, answer: V, bytes: usize) {
        let mut known = held(&self.0);
        let bytes = ENTRY_BYTES + bytes;
        if known.bytes + bytes > MOST_BYTES {
            *known = Known { answers: HashMap::new(), bytes: 0 };
        }
        known.bytes += bytes;
        known.answers.insert(asked, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_has_a_bound_in_bytes() {
        let remembered = Remembered::default();
        for number in 0..100_usize {
            remembered.put(number, number, MOST_BYTES / 10 - ENTRY_BYTES);
        }
        let found: Vec<usize> = (0..100).filter(|number| remembered.get(number).is_some()).collect();
        assert_eq!(found, (90..100).collect::<Vec<_>>());
        remembered.put(100, 100, MOST_BYTES * 2);
        assert_eq!((remembered.get(&99), remembered.get(&100)), (None, Some(100)));
        remembered.put(101, 101, 0);
        assert_eq!((remembered.get(&100), remembered.get(&101)), (None, Some(101)));
    }
}
