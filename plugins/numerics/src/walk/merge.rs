//! Merging sorted stretches.

/// A key with its weight, or a bare key that weighs one.
pub(super) trait Entry: Copy {
    const BLANK: Self;
    fn key(self) -> u64;
    fn weight(self) -> f64;
}

impl Entry for u64 {
    const BLANK: Self = 0;

    fn key(self) -> u64 {
        self
    }

    fn weight(self) -> f64 {
        1.0
    }
}

impl Entry for (u64, f64) {
    const BLANK: Self = (0, 0.0);

    fn key(self) -> u64 {
        self.0
    }

    fn weight(self) -> f64 {
        self.1
    }
}

/// Room for merging sorted stretches pairwise.
#[derive(Default)]
pub(super) struct Buffers<T> {
    /// What was merged last.
    pub(super) items: Vec<T>,
    spare: Vec<T>,
    ends: Vec<usize>,
}

impl<T: Entry> Buffers<T> {
    /// Fills `items` with what `append` appends for each part, merged; equal keys keep their order.
    pub(super) fn merge<P>(&mut self, parts: &mut dyn Iterator<Item = P>, mut append: impl FnMut(&mut Vec<T>, P)) {
        self.items.clear();
        self.ends.clear();
        for part in parts {
            append(&mut self.items, part);
            self.ends.push(self.items.len());
        }
        self.spare.resize(self.items.len(), T::BLANK);
        while self.ends.len() > 1 {
            self.merge_neighbours();
        }
    }

    fn merge_neighbours(&mut self) {
        let mut start = 0;
        let mut ends = Vec::with_capacity(self.ends.len().div_ceil(2));
        for pair in self.ends.chunks(2) {
            let (middle, end) = (pair[0], *pair.last().unwrap_or(&pair[0]));
            let (a, b) = (&self.items[start..middle], &self.items[middle..end]);
            merge_two(a, b, &mut self.spare[start..end]);
            start = end;
            ends.push(end);
        }
        core::mem::swap(&mut self.items, &mut self.spare);
        self.ends = ends;
    }
}

/// Entries written at a time, from either end.
const BLOCK: usize = 8;

/// Merges from both ends at once: which entry comes next is known only when the one before is chosen, and the processor
/// works on two such chains as fast as on one. No branch depends on the keys: which side comes next can't be predicted.
#[inline(never)]
fn merge_two<T: Entry>(mut a: &[T], mut b: &[T], mut out: &mut [T]) {
    // While both have two blocks left, neither can end within the next block at either end of the result.
    while a.len() >= 2 * BLOCK && b.len() >= 2 * BLOCK {
        let Some((low, high)) = merge_ends(a, b, out) else { break };
        a = &a[low..a.len() - high];
        b = &b[BLOCK - low..b.len() - (BLOCK - high)];
        let rest = out.len() - BLOCK;
        out = &mut out[BLOCK..rest];
    }
    merge_rest(a, b, out);
}

/// Writes a block at both ends of the result; how many entries of `a` are in it at its start and at its end.
#[inline(always)]
fn merge_ends<T: Entry>(a: &[T], b: &[T], out: &mut [T]) -> Option<(usize, usize)> {
    let (low_a, low_b) = (a.first_chunk::<BLOCK>()?, b.first_chunk::<BLOCK>()?);
    let (high_a, high_b) = (a.last_chunk::<BLOCK>()?, b.last_chunk::<BLOCK>()?);
    let (low, high) = out.split_at_mut_checked(BLOCK)?;
    let (low, high) = (low.first_chunk_mut::<BLOCK>()?, high.last_chunk_mut::<BLOCK>()?);
    let (mut x, mut z) = (0, 0);
    for at in 0..BLOCK {
        let (p, q) = (low_a[x % BLOCK], low_b[(at - x) % BLOCK]);
        let from_a = p.key() <= q.key();
        low[at] = if from_a { p } else { q };
        x += usize::from(from_a);
        let (p, q) = (high_a[(BLOCK - 1 - z) % BLOCK], high_b[(BLOCK - 1 - (at - z)) % BLOCK]);
        let from_a = p.key() > q.key();
        high[BLOCK - 1 - at] = if from_a { p } else { q };
        z += usize::from(from_a);
    }
    Some((x, z))
}

fn merge_rest<T: Entry>(a: &[T], b: &[T], out: &mut [T]) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let from_a = a[i].key() <= b[j].key();
        out[i + j] = if from_a { a[i] } else { b[j] };
        i += usize::from(from_a);
        j += usize::from(!from_a);
    }
    out[i + j..i + b.len()].copy_from_slice(&b[j..]);
    out[i + b.len()..].copy_from_slice(&a[i..]);
}
