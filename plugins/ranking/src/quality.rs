//! What a query's rows are worth in the order of their scores.
//!
//! K. Järvelin & J. Kekäläinen, "Cumulated Gain-based Evaluation of IR
//! Techniques", ACM Transactions on Information Systems 20 (2002), tied scores
//! sharing their places evenly as in F. McSherry & M. Najork, ECIR 2008. The
//! others: C. D. Manning, P. Raghavan & H. Schütze, "Introduction to Information
//! Retrieval" (2008), chapter 8; among tied scores relevant rows come last, so
//! that a model that can't tell gets no credit.

use crate::query::Query;

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

/// The name of a metric, which it is, and what it says.
pub(crate) type Part = (&'static str, fn(&Quality) -> f64, &'static str);

/// All metrics, in the order of the report.
pub(crate) const PARTS: [Part; 6] = [
    (
        "ndcg",
        |query| query.ndcg,
        "Normalized discounted cumulative gain with linear gains, tied scores sharing their places.",
    ),
    (
        "map",
        |query| query.average_precision,
        "The mean of average precision: that at each relevant row among the first k, over min(k, relevant rows).",
    ),
    (
        "mrr",
        |query| query.reciprocal_rank,
        "The mean of one by the place of the first relevant row; 0 when it is not among the first k.",
    ),
    ("hit_rate", |query| query.hit, "The share of queries with a relevant row among the first k."),
    ("precision", |query| query.precision, "The mean share of relevant rows among k."),
    ("recall", |query| query.recall, "The mean share of the relevant rows that are among the first k."),
];

impl Quality {
    /// Of the first `k` rows of a settled query; `None` where no row is relevant.
    pub(crate) fn of(query: &Query, k: usize) -> Option<Self> {
        let (found, relevant) = (found(query, k), query.relevant as usize);
        let precisions: f64 = found.iter().zip(1..).map(|(place, hits)| f64::from(hits) / (*place as f64 + 1.0)).sum();
        let hits = found.len() as f64;
        (relevant > 0).then(|| Self {
            ndcg: gain(query, k)
                / query.best.iter().enumerate().map(|(place, gain)| gain * discount(place)).sum::<f64>(),
            average_precision: precisions / relevant.min(k) as f64,
            reciprocal_rank: found.first().map_or(0.0, |place| 1.0 / (*place as f64 + 1.0)),
            hit: f64::from(u8::from(hits > 0.0)),
            precision: hits / k as f64,
            recall: hits / relevant as f64,
        })
    }
}

/// The places of relevant rows among the first `k`, counted from zero.
fn found(query: &Query, k: usize) -> Vec<usize> {
    let (mut before, mut found) = (0, Vec::new());
    for place in &query.places {
        let (rows, relevant) = (place.rows as usize, place.relevant as usize);
        found.extend((before + rows - relevant..before + rows).take_while(|place| *place < k));
        before += rows;
    }
    found
}

/// The discounted gain of the first `k` rows; tied rows have the mean of their gains.
fn gain(query: &Query, k: usize) -> f64 {
    let (mut before, mut gain) = (0, 0.0);
    for place in &query.places {
        let end = before + place.rows as usize;
        gain += place.gain / f64::from(place.rows) * (before..end.min(k)).map(discount).sum::<f64>();
        before = end;
    }
    gain
}

fn discount(place: usize) -> f64 {
    1.0 / (place as f64 + 2.0).log2()
}
