//! The metric: what it takes, keeps and reports.

use std::collections::BTreeMap;

use driftline_numerics::{Moments, Sample, coded};
use driftline_sdk::prelude::*;

use crate::{
    quality::{PARTS, Part, Quality},
    query::Query,
};

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How many rows of each query count.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100_000))]
    k: u32,
    /// Bounds the memory: at most this many queries are kept, each whole, those with the smallest hashes of their ids.
    /// That is a random sample of the queries, and the standard errors are those of its means. Without it all are kept.
    #[serde(default)]
    #[schemars(range(min = 2, max = 1_000_000))]
    sample: Option<u32>,
}

fn ten() -> u32 {
    10
}

/// The first rows of queries.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ranking {
    /// How many rows of each query count.
    k: usize,
    queries: Sample<Query>,
    not_numbers: u64,
}

impl Metric for Ranking {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "ranking",
            "1.1.0",
            "How well the scores rank the rows of each query: means over the queries that have a relevant row. Among tied \
             scores relevant rows come last, except in NDCG. The state grows with queries, not with their rows: at most 32 k \
             bytes each; with `sample` it is bounded.",
        )
        .input(
            Input::new("query", &[Kind::Category, Kind::Number])
                .doc("What the rows are ranked for: an id of the query or user."),
        )
        .input(Input::number("score").doc("The model's score; the highest comes first."))
        .input(Input::number("relevance").doc("How relevant a row is, at least 0; rows above 0 are relevant."))
        .with_outputs(PARTS.map(|(name, _, doc)| Output::share(name, doc)))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        let Parameters { k, sample } = *run.parameters;
        Ok(Self { k: k as usize, queries: Sample::new(sample), not_numbers: 0 })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let (queries, k) = (coded(rows, "query")?, self.k);
        let (scores, relevances) = (rows.numbers("score")?, rows.numbers("relevance")?);
        if let Some(relevance) = relevances.iter().find(|relevance| **relevance < 0.0 || relevance.is_infinite()) {
            return Err(Error::data(format!("`relevance` holds {relevance}: it must be finite and not negative")));
        }
        let mut batch = BTreeMap::<u32, Query>::new();
        for (row, (score, relevance)) in scores.iter().zip(&*relevances).enumerate() {
            if score.is_nan() || relevance.is_nan() {
                self.not_numbers += 1;
            } else {
                batch.entry(queries.codes[row]).or_default().add(score + 0.0, *relevance, k);
            }
        }
        for (code, query) in batch {
            if let Some(label) = queries.labels.get(code as usize) {
                self.queries.add(label.clone(), query, |ours, theirs| ours.merge(theirs, k));
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        let k = self.k;
        self.queries.values_mut().for_each(|query| query.settle(k));
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let k = self.k;
        if k != other.k || !self.queries.merge(other.queries, |ours, theirs| ours.merge(theirs, k)) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        let qualities: Vec<Quality> = self.queries.values().filter_map(|query| Quality::of(query, self.k)).collect();
        let without = self.queries.values().len() - qualities.len();
        if qualities.is_empty() {
            let names = PARTS.map(|(name, ..)| name);
            let reason = if without > 0 { "no query has a relevant row" } else { "no queries in the window" };
            return Ok(Report::undefined(&names, reason));
        }
        let note = self.note(without);
        let value = |(name, part, _): Part| {
            let mut moments = Moments::default();
            moments.extend(&qualities.iter().map(part).collect::<Vec<_>>());
            Value::new(name, moments.mean()).standard_error(moments.standard_error()).note(note.clone())
        };
        Ok(Report { values: PARTS.into_iter().map(value).collect(), charts: Vec::new() })
    }
}

impl Ranking {
    fn note(&self, without: usize) -> String {
        let kept = self.queries.values().len();
        let sampled = format!("from a random sample of {kept} of about {:.2e} queries", self.queries.labels());
        let notes = [
            self.queries.is_part().then_some(sampled),
            (without > 0).then(|| format!("{without} queries without a relevant row left out")),
            (self.not_numbers > 0).then(|| format!("{} rows without a number left out", self.not_numbers)),
        ];
        notes.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}
