//! The metric: what it takes, keeps and reports.

use driftline_numerics::Sum;
use driftline_sdk::{labels, prelude::*, weights};

use crate::{
    outputs::{Named, RATES},
    parameters::{Normalize, Parameters},
    rates::{Counts, Rate},
};

const COUNTS: [&str; 4] = ["true_positives", "false_positives", "true_negatives", "false_negatives"];

/// Weights of the four kinds of decisions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BinaryClassification {
    counts: [Sum; 4],
    weighted: bool,
    /// Rows left out because their score is not a number.
    not_numbers: u64,
}

impl Metric for BinaryClassification {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "binary-classification",
            "1.0.0",
            "Decisions at a threshold of the score against binary truth: the confusion matrix, the rates that follow from \
             it with their standard errors (delta method), and what the decisions are worth.",
        )
        .input(Input::number("score").doc("The model's score; at or above the threshold it means positive."))
        .input(Input::label())
        .input(Input::weight())
        .with_outputs(COUNTS.map(|name| Output::new(name).range(0.0, None)))
        .with_outputs(RATES.iter().map(Named::output))
        .output(Output::new("business_value").higher_is_better().doc("What the decisions are worth by `value_matrix`."))
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let labels = labels(rows, "label", run.parameters.positive.as_deref())?;
        let (scores, weights) = (rows.numbers("score")?, weights(rows, "weight")?);
        self.weighted |= weights.is_some();
        let mut unit = [0_u64; 5];
        for (row, (score, label)) in scores.iter().zip(&labels).enumerate() {
            let decided = *score >= run.parameters.threshold;
            // Without a branch: which kind a decision is can't be predicted.
            let right = decided == (*label == 1);
            let kind = usize::from(!decided) * 2 + usize::from(!right);
            let kind = if score.is_nan() { 4 } else { kind };
            match (&weights, self.counts.get_mut(kind)) {
                (Some(weights), Some(count)) => count.add(weights[row]),
                _ => unit[kind] += 1,
            }
        }
        self.counts.iter_mut().zip(unit).for_each(|(count, more)| count.add(more as f64));
        self.not_numbers += unit[4];
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.counts.iter_mut().zip(other.counts).for_each(|(ours, theirs)| ours.merge(theirs));
        self.weighted |= other.weighted;
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let counts = Counts::new(self.counts.map(Sum::value));
        let left_out = match self.not_numbers {
            0 => None,
            rows => Some(format!("{rows} rows without a numeric score left out")),
        };
        let mut report = Report::new();
        for (name, count) in COUNTS.into_iter().zip(counts.plain) {
            report = report.value(Value::new(name, count).note(left_out.clone()));
        }
        if counts.total().value == 0.0 {
            let reason = left_out.unwrap_or_else(|| "no labelled rows in the window".to_owned());
            let names = RATES.iter().map(|rate| rate.name).chain(["business_value"]);
            report.values.extend(names.map(|name| Value::undefined(name, &reason)));
            return Ok(report);
        }
        report.values.extend(RATES.iter().map(|rate| self.rate(rate, &counts, run.parameters)));
        Ok(report.value(self.business_value(&counts, run.parameters)).chart(matrix(&counts)))
    }
}

impl BinaryClassification {
    fn rate(&self, named: &Named, counts: &Counts, parameters: &Parameters) -> Value {
        let (name, rate) = (named.name, (named.rate)(counts, parameters));
        match (rate.value.is_finite(), parameters.zero_division) {
            (true, _) => Value::new(name, rate.value).standard_error(self.error(&rate, counts)),
            (false, Some(other)) => Value::new(name, other).note(format!("{}: `zero_division` stands in", named.none)),
            (false, None) => Value::undefined(name, named.none),
        }
    }

    fn business_value(&self, counts: &Counts, parameters: &Parameters) -> Value {
        let Some(matrix) = parameters.value_matrix else {
            return Value::undefined("business_value", "say what decisions are worth with `value_matrix`");
        };
        let value = match parameters.normalize_value {
            Normalize::None => counts.business_value(matrix),
            Normalize::PerRow => counts.business_value(matrix) / counts.total(),
            Normalize::PerDecision => counts.business_value_per_decision(matrix),
        };
        Value::new("business_value", value.value).standard_error(self.error(&value, counts))
    }

    fn error(&self, rate: &Rate, counts: &Counts) -> Option<f64> {
        Some(rate.standard_error(counts.plain)).filter(|error| error.is_finite() && !self.weighted)
    }
}

fn matrix(counts: &Counts) -> Chart {
    let [tp, fp, tn, fn_] = counts.plain;
    Chart::heatmap("Confusion matrix", "decided", "truth", vec!["negative".into(), "positive".into()])
        .heights("negative", [tn, fp])
        .heights("positive", [fn_, tp])
}
