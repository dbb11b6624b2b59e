//! The metric: what it takes, keeps and reports.

use std::collections::BTreeMap;

use driftline_numerics::{Moments, coded};
use driftline_sdk::prelude::*;

use crate::query::{Quality, Rows as QueryRows, quality};

type Part = (&'static str, fn(&Quality) -> f64, &'static str);
const PARTS: [Part; 6] = [
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

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How many rows of each query count.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 100_000))]
    k: u32,
}

fn ten() -> u32 {
    10
}

/// All rows by query.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ranking {
    queries: BTreeMap<String, QueryRows>,
    not_numbers: u64,
}

impl Metric for Ranking {
    type Parameters = Parameters;

    fn describe() -> Description {
        let description = Description::new(
            "ranking",
            "1.0.0",
            "How well the scores rank the rows of each query: means over the queries that have a relevant row. Among tied \
             scores relevant rows come last, except in NDCG. A query may be spread over parts, so its rows are kept: 16 \
             bytes each.",
        )
        .input(Input::new("query", &[Kind::Category, Kind::Number]).doc("What the rows are ranked for: an id of the query or user."))
        .input(Input::number("score").doc("The model's score; the highest comes first."))
        .input(Input::number("relevance").doc("How relevant a row is, at least 0; rows above 0 are relevant."));
        PARTS.iter().fold(description, |description, (name, _, doc)| {
            description.output(Output::new(name).higher_is_better().range(0.0, 1.0).doc(doc))
        })
    }

    #[expect(clippy::nonminimal_bool, reason = "it reads as the message does")]
    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let queries = coded(rows, "query")?;
        let (scores, relevances) = (rows.numbers("score")?, rows.numbers("relevance")?);
        if let Some(relevance) =
            relevances.iter().find(|relevance| !(relevance.is_finite() && **relevance >= 0.0) && !relevance.is_nan())
        {
            return Err(Error::data(format!("`relevance` holds {relevance}: it must be finite and not negative")));
        }
        let mut batch = BTreeMap::<u32, QueryRows>::new();
        for (row, (score, relevance)) in scores.iter().zip(&*relevances).enumerate() {
            if score.is_nan() || relevance.is_nan() {
                self.not_numbers += 1;
            } else {
                batch.entry(queries.codes[row]).or_default().push((score + 0.0, *relevance));
            }
        }
        for (code, rows) in batch {
            if let Some(label) = queries.labels.get(code as usize) {
                self.queries.entry(label.clone()).or_default().extend(rows);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        for (query, rows) in other.queries {
            self.queries.entry(query).or_default().extend(rows);
        }
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let qualities = self.queries.values().filter_map(|rows| quality(rows, run.parameters.k as usize));
        let qualities: Vec<Quality> = qualities.collect();
        let without = self.queries.len() - qualities.len();
        if qualities.is_empty() {
            let names = PARTS.map(|(name, ..)| name);
            let reason = if without > 0 { "no query has a relevant row" } else { "no queries in the window" };
            return Ok(Report::undefined(&names, reason));
        }
        let mut notes = Vec::new();
        if without > 0 {
            notes.push(format!("{without} queries without a relevant row left out"));
        }
        if self.not_numbers > 0 {
            notes.push(format!("{} rows without a number left out", self.not_numbers));
        }
        let mut report = Report::new();
        for (name, part, _) in PARTS {
            let mut moments = Moments::default();
            moments.extend(&qualities.iter().map(part).collect::<Vec<_>>());
            let value = Value::new(name, moments.mean()).standard_error(moments.standard_error());
            report = report.value(value.note(notes.join("; ")));
        }
        Ok(report)
    }
}
