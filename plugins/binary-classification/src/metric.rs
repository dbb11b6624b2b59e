//! The metric: what it takes, keeps and reports.

use driftline_numerics::Sum;
use driftline_sdk::{labels, prelude::*, weights};

use crate::rates::{Counts, Rate};

const COUNTS: [&str; 4] = ["true_positives", "false_positives", "true_negatives", "false_negatives"];
const RATES: [&str; 11] = [
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "specificity",
    "f1",
    "f_beta",
    "matthews_correlation",
    "cohen_kappa",
    "prevalence",
    "lift",
];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Rows with a score of at least this much are decided as positive.
    #[serde(default = "half")]
    threshold: f64,
    /// The label of positive rows. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    positive: Option<String>,
    /// How much more recall matters than precision in `f_beta`.
    #[serde(default = "two")]
    #[schemars(range(min = 0.01, max = 100.0))]
    beta: f64,
    /// What a decision is worth: [[true negative, false positive], [false negative, true positive]].
    #[serde(default)]
    value_matrix: Option<[[f64; 2]; 2]>,
    /// What `business_value` is divided by.
    #[serde(default)]
    normalize_value: Normalize,
    /// What stands in for a number with nothing to divide by, as scikit-learn's option of this name. Without it such a
    /// number is undefined.
    #[serde(default)]
    zero_division: Option<f64>,
}

/// What a business value is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Normalize {
    /// Nothing: the worth of all rows.
    #[default]
    None,
    /// The number of rows.
    PerRow,
    /// Each kind of decision by how often it was taken: NannyML's `per_prediction`.
    PerDecision,
}

fn half() -> f64 {
    0.5
}

fn two() -> f64 {
    2.0
}

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
        let share = |name: &str, doc: &str| Output::new(name).higher_is_better().range(0.0, 1.0).doc(doc);
        let signed = |name: &str, doc: &str| Output::new(name).higher_is_better().range(-1.0, 1.0).doc(doc);
        let description = Description::new(
            "binary-classification",
            "1.0.0",
            "Decisions at a threshold of the score against binary truth: the confusion matrix, the rates that follow from \
             it with their standard errors (delta method), and what the decisions are worth.",
        )
        .input(Input::number("score").doc("The model's score; at or above the threshold it means positive."))
        .input(Input::label())
        .input(Input::weight());
        COUNTS
            .into_iter()
            .fold(description, |description, name| description.output(Output::new(name).range(0.0, None)))
            .output(share("accuracy", "The share of right decisions."))
            .output(share("balanced_accuracy", "The mean of recall and specificity."))
            .output(share("precision", "The share of positives among rows decided as positive."))
            .output(share("recall", "The share of positive rows that were found."))
            .output(share("specificity", "The share of negative rows that were found."))
            .output(share("f1", "The harmonic mean of precision and recall."))
            .output(share("f_beta", "Their mean with recall weighed by the parameter `beta`."))
            .output(signed("matthews_correlation", "The correlation of decision and truth."))
            .output(signed("cohen_kappa", "Agreement beyond chance."))
            .output(Output::new("prevalence").range(0.0, 1.0).doc("The share of positive rows."))
            .output(signed("lift", "Accuracy beyond that of always saying the commoner class."))
            .output(
                Output::new("business_value").higher_is_better().doc("What the decisions are worth by `value_matrix`."),
            )
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
            let names = RATES.into_iter().chain(["business_value"]);
            report.values.extend(names.map(|name| Value::undefined(name, &reason)));
            return Ok(report);
        }
        report.values.extend(RATES.into_iter().map(|name| self.rate(name, &counts, run.parameters)));
        Ok(report.value(self.business_value(&counts, run.parameters)).chart(matrix(&counts)))
    }
}

impl BinaryClassification {
    fn rate(&self, name: &str, counts: &Counts, parameters: &Parameters) -> Value {
        let no_class = "only one class in the window";
        let (rate, reason) = match name {
            "accuracy" => (counts.accuracy(), ""),
            "balanced_accuracy" => (counts.balanced_accuracy(), no_class),
            "precision" => (counts.precision(), "no row was decided as positive"),
            "recall" => (counts.recall(), "no positive rows in the window"),
            "specificity" => (counts.specificity(), "no negative rows in the window"),
            "f1" => (counts.f_beta(1.0), "no row is positive or was decided so"),
            "f_beta" => (counts.f_beta(parameters.beta), "no row is positive or was decided so"),
            "matthews_correlation" => (counts.matthews_correlation(), "only one class, or only one decision"),
            "cohen_kappa" => (counts.cohen_kappa(), "one class was always there and always decided"),
            "prevalence" => (counts.prevalence(), ""),
            _ => (counts.lift(), ""),
        };
        match (rate.value.is_finite(), parameters.zero_division) {
            (true, _) => Value::new(name, rate.value).standard_error(self.error(&rate, counts)),
            (false, Some(stand_in)) => Value::new(name, stand_in).note(format!("{reason}: `zero_division` stands in")),
            (false, None) => Value::undefined(name, reason),
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
