//! Pairs by their ranks.
//!
//! C. Spearman, "The Proof and Measurement of Association between Two Things",
//! American Journal of Psychology 15 (1904): Pearson's correlation of the ranks,
//! tied values having the mean of theirs.

use driftline_numerics::CoMoments;

/// Spearman's correlation of pairs given by the keys of their numbers.
pub(crate) fn spearman(x: &[u64], y: &[u64]) -> f64 {
    let mut moments = CoMoments::default();
    moments.extend(&ranks(x), &ranks(y));
    moments.correlation()
}

/// The rank of each key among all, counted from one.
fn ranks(keys: &[u64]) -> Vec<f64> {
    let mut order: Vec<(u64, u32)> = keys.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut ranks = vec![0.0; keys.len()];
    let mut before = 0.0;
    for tied in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = before + (tied.len() as f64 + 1.0) / 2.0;
        for (_, row) in tied {
            ranks[*row as usize] = rank;
        }
        before += tied.len() as f64;
    }
    ranks
}
