//! Finds ids that occur more than once, in bounded memory.

use arrow::array::{Array, RecordBatch};

use crate::{
    Error,
    id_pass::{self, IdPass},
    rows,
};

/// The most ids that are looked at together: 512 MiB of them.
const MOST: u64 = 1 << 25;

/// In how many passes the ids of so many rows are looked at.
pub(super) fn passes(rows: u64) -> u64 {
    id_pass::passes(rows, MOST)
}

/// The ids of a batch.
pub(super) fn of(batch: &RecordBatch) -> Result<impl Iterator<Item = u128> + '_, Error> {
    let ids = rows::ids(batch)?;
    Ok((0..ids.len()).filter_map(|row| ids.value(row).try_into().ok().map(u128::from_be_bytes)))
}

/// One pass: those ids whose hash falls into it.
pub(super) struct Pass {
    pass: IdPass,
    ids: Vec<u128>,
}

impl Pass {
    pub fn new(number: u64, passes: u64) -> Self {
        Self { pass: IdPass::new(number, passes), ids: Vec::new() }
    }

    /// Takes in what is of this pass.
    pub fn take(&mut self, ids: impl IntoIterator<Item = u128>) {
        let pass = self.pass;
        self.ids.extend(ids.into_iter().filter(|id| pass.holds(*id)));
    }

    /// The ids that were taken in more than once.
    pub fn repeated(mut self) -> Vec<u128> {
        self.ids.sort_unstable();
        let mut repeated: Vec<u128> =
            self.ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        repeated.dedup();
        repeated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_repeated_id_is_found_in_one_pass() {
        let ids: Vec<u128> = (0..1_000).chain([7, 7, 999, 3 << 64]).collect();
        let mut found: Vec<u128> = Vec::new();
        for number in 0..3 {
            let mut pass = Pass::new(number, 3);
            pass.take(ids.iter().copied());
            found.extend(pass.repeated());
        }
        found.sort_unstable();
        assert_eq!(found, [7, 999]);
    }
}
