//! The area under the ROC curve, independent of the plugin.

/// The share of pairs of a positive and a negative in which the positive scores higher; ties count half
/// (Mann and Whitney 1947). None without a pair.
pub fn roc_auc(mut rows: Vec<(f64, bool)>) -> Option<f64> {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut negatives, mut positives, mut twice_won) = (0_u64, 0_u64, 0_u64);
    for tie in rows.chunk_by(|a, b| a.0 == b.0) {
        let wins = tie.iter().filter(|row| row.1).count() as u64;
        let losses = tie.len() as u64 - wins;
        twice_won += wins * (2 * negatives + losses);
        (negatives, positives) = (negatives + losses, positives + wins);
    }
    let pairs = negatives * positives;
    (pairs > 0).then(|| twice_won as f64 / 2.0 / pairs as f64)
}

#[test]
fn the_area_of_a_few_rows() {
    let rows = |scores: &[(f64, u8)]| scores.iter().map(|(score, label)| (*score, *label == 1)).collect();
    assert_eq!(roc_auc(rows(&[])), None);
    assert_eq!(roc_auc(rows(&[(0.1, 1)])), None);
    assert_eq!(roc_auc(rows(&[(0.1, 0), (0.2, 1)])), Some(1.0));
    assert_eq!(roc_auc(rows(&[(0.2, 0), (0.2, 1)])), Some(0.5));
    assert_eq!(roc_auc(rows(&[(0.1, 0), (0.35, 1), (0.4, 0), (0.8, 1)])), Some(0.75));
}
