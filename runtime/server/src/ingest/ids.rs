//! Ids for predictions that came without one.

use uuid::{Builder, Uuid};

/// Makes UUIDv7 of the prediction's time, so that a later id alone says where
/// its row lies. The 74 remaining bits are random, so that ids differ even
/// where all times are equal.
#[derive(Debug)]
pub struct IdMaker {
    head: fastrand::Rng,
    tail: fastrand::Rng,
}

impl IdMaker {
    /// A maker with fresh randomness of the operating system.
    pub fn new() -> Self {
        let (head, tail) = Uuid::new_v4().as_u64_pair();
        Self { head: fastrand::Rng::with_seed(head), tail: fastrand::Rng::with_seed(tail) }
    }

    /// The id of a prediction at `micros`; before 1970, where version 7 has no times, a random one.
    pub fn make(&mut self, micros: i64) -> Uuid {
        let mut random = [0; 10];
        let (head, tail) = random.split_at_mut(2);
        head.copy_from_slice(&self.head.u16(..).to_le_bytes());
        tail.copy_from_slice(&self.tail.u64(..).to_le_bytes());
        match u64::try_from(micros.div_euclid(1000)) {
            Ok(millis) => Builder::from_unix_timestamp_millis(millis, &random).into_uuid(),
            Err(_) => Uuid::new_v4(),
        }
    }
}

impl Default for IdMaker {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn carries_the_time_and_never_repeats_within_a_millisecond() {
        let mut maker = IdMaker::new();
        let ids: HashSet<Uuid> = (0..100_000).map(|_| maker.make(980_985_600_000_001)).collect();
        assert_eq!(ids.len(), 100_000);
        for id in ids {
            let timestamp = id.get_timestamp().expect("version 7 has a time");
            assert_eq!((id.get_version_num(), timestamp.to_unix().0), (7, 980_985_600));
        }
        assert_eq!(maker.make(-1).get_version_num(), 4);
    }
}
