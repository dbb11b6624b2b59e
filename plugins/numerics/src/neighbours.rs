//! Questions about neighbours in a list of keys, answered sixteen at a time.
//!
//! In WebAssembly every turn of a loop costs a look at the deadline, which also drives vector registers to the stack; and
//! 64-bit keys are not compared by vectors there. So a turn looks at many keys.

const TOGETHER: usize = 16;

/// Sixteen keys with the one that follows them.
type Block = [u64; TOGETHER + 1];

/// Whether keys ascend.
#[inline(never)]
pub fn ascend(keys: &[u64]) -> bool {
    blocks(keys).all(in_order) && rest(keys).is_sorted()
}

/// How many keys differ from the one before.
#[inline(never)]
pub fn steps(keys: &[u64]) -> usize {
    let of_block = |block: &Block| (0..TOGETHER).map(|at| usize::from(block[at] != block[at + 1])).sum::<usize>();
    let of_rest = rest(keys).windows(2).filter(|pair| pair[0] != pair[1]).count();
    blocks(keys).map(of_block).sum::<usize>() + of_rest
}

fn in_order(block: &Block) -> bool {
    (0..TOGETHER).all(|at| block[at] <= block[at + 1])
}

/// Blocks that each begin with the key that ends the one before.
fn blocks(keys: &[u64]) -> impl Iterator<Item = &Block> {
    (0..count(keys)).filter_map(|block| keys[block * TOGETHER..].first_chunk())
}

/// What the blocks leave over, with the key that ends the last of them.
fn rest(keys: &[u64]) -> &[u64] {
    &keys[count(keys) * TOGETHER..]
}

fn count(keys: &[u64]) -> usize {
    keys.len().saturating_sub(1) / TOGETHER
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_pairs_say(mut keys in proptest::collection::vec(0_u64..40, 0..80), sorted: bool) {
            if sorted {
                keys.sort_unstable();
            }
            prop_assert_eq!(ascend(&keys), keys.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert_eq!(steps(&keys), keys.windows(2).filter(|pair| pair[0] != pair[1]).count());
        }
    }
}
