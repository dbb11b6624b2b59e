//! Ids taken in several passes, so that those of one pass fit into memory.

/// In how many passes so many ids are taken, of at most about `most` each.
pub(crate) fn passes(ids: u64, most: u64) -> u64 {
    ids.div_ceil(most).max(1)
}

/// One of several passes: the ids whose hash falls into it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IdPass {
    number: u64,
    passes: u64,
}

impl IdPass {
    /// Pass `number` of `passes`.
    pub fn new(number: u64, passes: u64) -> Self {
        Self { number, passes }
    }

    /// Whether the id is of this pass.
    pub fn holds(self, id: u128) -> bool {
        self.passes == 1 || hash(id) % self.passes == self.number
    }
}

/// Ids made of times share their beginnings; this spreads them evenly.
fn hash(id: u128) -> u64 {
    (((id >> 64) ^ id) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_of_one_pass_and_the_passes_are_of_about_one_size() {
        assert_eq!([0, 1, 10, 11, 20].map(|ids| passes(ids, 10)), [1, 1, 1, 2, 2]);
        let mut sizes = [0; 3];
        for id in 0..1_000_u128 {
            let passes = (0..3).filter(|number| IdPass::new(*number, 3).holds(id << 64 | 7));
            for number in passes {
                sizes[number as usize] += 1;
            }
        }
        assert_eq!(sizes.iter().sum::<i32>(), 1_000);
        assert!(sizes.iter().all(|size| (200..500).contains(size)), "{sizes:?}");
    }
}
