//! Which side the next key is on.

/// Keys placed at a time, from either end.
const BLOCK: usize = 8;

/// Writes for each key of both sides, in ascending order, whether it is on the left (1 or 0). Gives `false` when a key is
/// on both sides. From both ends at once, as merging does.
#[inline(never)]
pub(super) fn order(mut left: &[u64], mut right: &[u64], mut out: &mut [u8]) -> bool {
    let mut is_shared = false;
    while left.len() >= 2 * BLOCK && right.len() >= 2 * BLOCK {
        let Some(ends) = order_ends(left, right, out) else { break };
        is_shared |= ends.is_shared;
        left = &left[ends.low_left..left.len() - ends.high_left];
        right = &right[BLOCK - ends.low_left..right.len() - (BLOCK - ends.high_left)];
        let rest = out.len() - BLOCK;
        out = &mut out[BLOCK..rest];
    }
    !(is_shared | order_rest(left, right, out))
}

/// What a turn took from either end.
struct Ends {
    low_left: usize,
    high_left: usize,
    is_shared: bool,
}

#[inline(always)]
fn order_ends(left: &[u64], right: &[u64], out: &mut [u8]) -> Option<Ends> {
    let (low_left, low_right) = (left.first_chunk::<BLOCK>()?, right.first_chunk::<BLOCK>()?);
    let (high_left, high_right) = (left.last_chunk::<BLOCK>()?, right.last_chunk::<BLOCK>()?);
    let (low, high) = out.split_at_mut_checked(BLOCK)?;
    let (low, high) = (low.first_chunk_mut::<BLOCK>()?, high.last_chunk_mut::<BLOCK>()?);
    let (mut x, mut z, mut is_shared) = (0, 0, false);
    for at in 0..BLOCK {
        let (p, q) = (low_left[x % BLOCK], low_right[(at - x) % BLOCK]);
        let is_left = p < q;
        is_shared |= p == q;
        low[at] = u8::from(is_left);
        x += usize::from(is_left);
        let (p, q) = (high_left[(BLOCK - 1 - z) % BLOCK], high_right[(BLOCK - 1 - (at - z)) % BLOCK]);
        let is_left = p > q;
        is_shared |= p == q;
        high[BLOCK - 1 - at] = u8::from(is_left);
        z += usize::from(is_left);
    }
    Some(Ends { low_left: x, high_left: z, is_shared })
}

/// Whether a key is on both sides.
fn order_rest(left: &[u64], right: &[u64], out: &mut [u8]) -> bool {
    let (mut i, mut j, mut is_shared) = (0, 0, false);
    while i < left.len() && j < right.len() {
        let is_left = left[i] < right[j];
        is_shared |= left[i] == right[j];
        out[i + j] = u8::from(is_left);
        i += usize::from(is_left);
        j += usize::from(!is_left);
    }
    out[i + j..].fill(u8::from(i < left.len()));
    is_shared
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(of: core::ops::Range<u64>) -> impl Strategy<Value = Vec<u64>> {
        proptest::collection::vec(of, 0..120).prop_map(|mut keys| {
            keys.sort_unstable();
            keys
        })
    }

    proptest! {
        #[test]
        fn each_key_is_told_by_its_side_unless_one_is_on_both(
            mut left in keys(0..2_000), mut right in keys(0..2_000), apart: bool, shared in 0_u64..2_000
        ) {
            if apart {
                left.iter_mut().for_each(|key| *key *= 2);
                right.iter_mut().for_each(|key| *key = *key * 2 + 1);
            } else {
                left.push(shared);
                right.push(shared);
                left.sort_unstable();
                right.sort_unstable();
            }
            let mut sides: Vec<(u64, u8)> = left.iter().map(|key| (*key, 1)).chain(right.iter().map(|key| (*key, 0))).collect();
            sides.sort_unstable();
            let mut found = vec![2; sides.len()];
            prop_assert_eq!(order(&left, &right, &mut found), apart);
            if apart {
                prop_assert_eq!(found, sides.into_iter().map(|(_, side)| side).collect::<Vec<_>>());
            }
        }
    }
}
