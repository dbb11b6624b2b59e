//! One query's rows, and what they are worth in the order of their scores.
//!
//! K. Järvelin & J. Kekäläinen, "Cumulated Gain-based Evaluation of IR
//! Techniques", ACM Transactions on Information Systems 20 (2002), tied scores
//! sharing their places evenly as in F. McSherry & M. Najork, ECIR 2008. The
//! others: C. D. Manning, P. Raghavan & H. Schütze, "Introduction to Information
//! Retrieval" (2008), chapter 8; among tied scores relevant rows come last, so
//! that a model that can't tell gets no credit.

/// Scores with their relevance, none of either NaN.
pub(crate) type Rows = Vec<(f64, f64)>;

/// The metrics of one query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quality {
    pub(crate) ndcg: f64,
    pub(crate) average_precision: f64,
    pub(crate) reciprocal_rank: f64,
    pub(crate) hit: f64,
    pub(crate) precision: f64,
    pub(crate) recall: f64,
}

/// What the first `k` rows are worth; `None` where no row is relevant.
pub(crate) fn quality(rows: &Rows, k: usize) -> Option<Quality> {
    let relevant = rows.iter().filter(|(_, relevance)| *relevance > 0.0).count();
    if relevant == 0 {
        return None;
    }
    let mut ranked = rows.clone();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.total_cmp(&b.1)));
    let mut best: Vec<f64> = rows.iter().map(|(_, relevance)| *relevance).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let (mut hits, mut first, mut precisions) = (0.0, None, 0.0);
    for (place, (_, relevance)) in ranked.iter().take(k).enumerate() {
        if *relevance > 0.0 {
            hits += 1.0;
            precisions += hits / (place as f64 + 1.0);
            first = first.or(Some(place));
        }
    }
    Some(Quality {
        ndcg: gain(&ranked, k)
            / best.iter().take(k).enumerate().map(|(place, gain)| gain * discount(place)).sum::<f64>(),
        average_precision: precisions / relevant.min(k) as f64,
        reciprocal_rank: first.map_or(0.0, |place| 1.0 / (place as f64 + 1.0)),
        hit: f64::from(u8::from(hits > 0.0)),
        precision: hits / k as f64,
        recall: hits / relevant as f64,
    })
}

/// The discounted gain of the first `k` rows; tied rows have the mean of their gains.
fn gain(ranked: &Rows, k: usize) -> f64 {
    let (mut place, mut gain) = (0, 0.0);
    for tied in ranked.chunk_by(|a, b| a.0 == b.0) {
        let mean = tied.iter().map(|(_, relevance)| relevance).sum::<f64>() / tied.len() as f64;
        gain += mean * (place..(place + tied.len()).min(k)).map(discount).sum::<f64>();
        place += tied.len();
    }
    gain
}

fn discount(place: usize) -> f64 {
    1.0 / (place as f64 + 2.0).log2()
}
