//! What wrong predictions cost, by segment.
//!
//! A bank loses little by checking a good customer and much by missing a
//! fraud; the two kinds of error have their prices here. The metric reports the
//! cost for each prediction in every segment, and, with a reference, how it has
//! changed.

mod costs;

use driftline_sdk::{labels, prelude::*};

use crate::costs::Costs;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// What it costs to take a negative for a positive.
    #[serde(default = "one")]
    #[schemars(range(min = 0))]
    cost_false_positive: f64,
    /// What it costs to miss a positive.
    #[serde(default = "five")]
    #[schemars(range(min = 0))]
    cost_false_negative: f64,
    /// From this score on a row is predicted positive.
    #[serde(default = "half")]
    threshold: f64,
    /// The label of positive rows; without it 1 and true are positive.
    #[serde(default)]
    positive: Option<String>,
}

fn one() -> f64 {
    1.0
}

fn five() -> f64 {
    5.0
}

fn half() -> f64 {
    0.5
}

/// Errors of both kinds, by segment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct CostBySegment {
    costs: Costs,
}

impl Metric for CostBySegment {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new("cost-by-segment", "1.0.0", "What wrong predictions cost on average, in all and by segment.")
            .input(Input::number("score").doc("The model's score; from the threshold on it predicts positive."))
            .input(Input::new("label", &[Kind::Number, Kind::Category]).doc("The truth: 0 or 1, or a boolean."))
            .input(Input::category("segment").doc("What to group by."))
            .output(
                Output::new("cost_per_prediction").lower_is_better().range(0.0, None).doc("The mean over all rows."),
            )
            .output(
                Output::new("worst_segment_cost")
                    .lower_is_better()
                    .range(0.0, None)
                    .doc("The largest mean of a segment."),
            )
            .output(Output::new("change").lower_is_better().doc("Cost per prediction, less that of the reference."))
            .output(
                Output::new("cost/*").lower_is_better().range(0.0, None).doc("The mean over the rows of a segment."),
            )
            .reference(ReferenceUse::Optional)
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let parameters = run.parameters;
        let labels = labels(rows, "label", parameters.positive.as_deref())?;
        let cells = rows.categories("segment")?;
        // Segments are looked up by name once for a batch, and by code for each row.
        let mut segments = cells.map_labels(|name| self.costs.get(name));
        for ((score, label), code) in rows.numbers("score")?.iter().zip(labels).zip(cells.codes()) {
            let cost = match (*score >= parameters.threshold, label == 1) {
                (true, false) => parameters.cost_false_positive,
                (false, true) => parameters.cost_false_negative,
                _ => 0.0,
            };
            // Rows without a segment are left out: the input is not nullable.
            if let Some(segment) = segments.get_mut(*code as usize) {
                segment.add_row(cost);
            }
        }
        let mut segments = segments.into_iter();
        cells.map_labels(|name| self.costs.put(name, segments.next().unwrap_or_default()));
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.costs.merge(other.costs);
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let Some(mean) = self.costs.mean() else {
            return Ok(Report::undefined(&["cost_per_prediction"], "no labelled rows in the window"));
        };
        let mut report = Report::new().value(Value::new("cost_per_prediction", mean));
        let before = reference.map(|reference| &reference.costs);
        if let Some(before) = before.and_then(Costs::mean) {
            report = report.value(Value::new("change", mean - before));
        }
        if let Some((segment, cost)) = self.costs.worst() {
            report = report.value(Value::new("worst_segment_cost", cost).note(format!("segment {segment}")));
        }
        for (segment, cost) in self.costs.by_segment() {
            report = report.value(Value::new(&format!("cost/{segment}"), cost));
        }
        Ok(report.chart(self.costs.chart(before, &run.inputs.name("segment")?)))
    }
}

driftline_sdk::plugin!(CostBySegment);
