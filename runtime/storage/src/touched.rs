//! Which delayed metrics touch which segments, remembered: neither ever changes.

use std::{collections::HashMap, sync::Mutex};

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

/// Delayed metrics, a segment of predictions, and a digest of the columns that are looked at.
pub(crate) type Pair = (Arrival, Uuid, Digest);

/// A digest over the cells that may belong to rows of the segment; `None` where none may.
#[derive(Default)]
pub(crate) struct TouchedCache(Mutex<HashMap<Pair, Option<Digest>>>);

impl TouchedCache {
    /// The answer, if it is remembered.
    pub fn get(&self, pair: &Pair) -> Option<Option<Digest>> {
        held(&self.0).get(pair).copied()
    }

    /// Remembers an answer.
    pub fn put(&self, pair: Pair, touched: Option<Digest>) {
        let mut known = held(&self.0);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(pair, touched);
    }
}
