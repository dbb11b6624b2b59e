//! The values used last, in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use driftline_core::Digest;

use crate::ModelId;

/// Beside each value: its key, its places in both maps.
const OVERHEAD_BYTES: usize = 160;

/// Values by key, those used longest ago make room.
pub(super) struct Front {
    limit: usize,
    bytes: usize,
    turn: u64,
    values: HashMap<Digest, Kept>,
    order: BTreeMap<u64, Digest>,
}

struct Kept {
    value: Arc<[u8]>,
    /// Whose it is in the file, if it is there.
    listed: Option<ModelId>,
    /// The hour of the use that the file knows of.
    used: u64,
    turn: u64,
}

impl Front {
    /// An empty one of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, turn: 0, values: HashMap::new(), order: BTreeMap::new() }
    }

    /// The value, where it is listed, and the hour before `hour` at which its use was noted.
    pub fn get(&mut self, key: &Digest, hour: u64) -> Option<(Arc<[u8]>, Option<ModelId>, u64)> {
        let kept = self.values.get_mut(key)?;
        self.order.remove(&kept.turn);
        self.turn += 1;
        kept.turn = self.turn;
        self.order.insert(self.turn, *key);
        Some((kept.value.clone(), kept.listed, std::mem::replace(&mut kept.used, hour)))
    }

    pub fn has(&self, key: &Digest) -> bool {
        self.values.contains_key(key)
    }

    pub fn put(&mut self, key: Digest, value: Arc<[u8]>, listed: Option<ModelId>, used: u64) {
        self.remove(&key);
        // One value must not push out many.
        if value.len() > self.limit / 16 {
            return;
        }
        self.turn += 1;
        self.bytes += value.len() + OVERHEAD_BYTES;
        self.order.insert(self.turn, key);
        self.values.insert(key, Kept { value, listed, used, turn: self.turn });
        while self.bytes > self.limit {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &Digest) {
        if let Some(kept) = self.values.remove(key) {
            self.order.remove(&kept.turn);
            self.bytes -= kept.value.len() + OVERHEAD_BYTES;
        }
    }

    pub fn clear(&mut self) {
        *self = Self { turn: self.turn, ..Self::new(self.limit) };
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let key = |number: u8| Digest::of(&[number]);
        let mut front = Front::new(20 * OVERHEAD_BYTES);
        let value = || Arc::from(vec![0; 4]);
        for number in 0..19 {
            front.put(key(number), value(), None, 0);
        }
        assert_eq!(front.get(&key(0), 7).map(|(_, _, used)| used), Some(0));
        assert_eq!(front.get(&key(0), 8).map(|(_, _, used)| used), Some(7), "the use before is told");
        for number in 19..37 {
            front.put(key(number), value(), None, 0);
        }
        assert!(front.get(&key(0), 0).is_some() && front.get(&key(1), 0).is_none());
        assert!(front.bytes() <= 20 * OVERHEAD_BYTES);
        front.put(key(50), Arc::from(vec![0; 2 * OVERHEAD_BYTES]), None, 0);
        assert!(front.get(&key(50), 0).is_none(), "one value does not push out many");
        front.clear();
        assert_eq!((front.bytes(), front.get(&key(0), 0).is_none()), (0, true));
    }
}
