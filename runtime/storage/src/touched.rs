//! What delayed metrics touch of segments, remembered: neither ever changes.

use std::{collections::HashMap, hash::Hash, sync::Mutex};

use driftline_core::Digest;
use uuid::Uuid;

use crate::held;

/// How many answers are remembered; then all are forgotten.
const MOST: usize = 1 << 16;

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
pub(crate) struct Remembered<K, V>(Mutex<HashMap<K, V>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// The answer, if it is remembered.
    pub fn get(&self, asked: &K) -> Option<V> {
        held(&self.0).get(asked).cloned()
    }

    /// Remembers an answer.
    pub fn put(&self, asked: K, answer: V) {
        let mut known = held(&self.0);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(asked, answer);
    }
}
