//! The metric: what it takes, keeps and reports.
//!
//! J. Białek, W. Kuberski, N. Perrakis & A. Bifet, "Estimating Model Performance
//! Under Covariate Shift Without Labels", arXiv:2401.08348 (2024): a row of
//! calibrated score p is p positives and 1 - p negatives.

use driftline_numerics::{Multiset, Sum, key, roc::roc};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 6] = ["roc_auc", "accuracy", "precision", "recall", "f1", "prevalence"];

/// Entries above which equal scores of different parts are made one.
const JOIN: usize = 1 << 18;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Rows with a score of at least this much are decided as positive.
    #[serde(default = "half")]
    threshold: f64,
    /// Bounds the memory: so many leading bits of each score are kept for the area. Its note states how far the area can
    /// be off; the other numbers stay exact.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    sketch: Option<u32>,
}

fn half() -> f64 {
    0.5
}

/// Expected counts of decisions, and expected rows of both classes by score.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EstimatedPerformance {
    /// True positives, false positives, true negatives, false negatives.
    counts: [Sum; 4],
    /// The sum of p (1 - p): the variance of how many labels agree.
    variance: Sum,
    rows: u64,
    positives: Multiset,
    negatives: Multiset,
    not_numbers: u64,
}

impl Metric for EstimatedPerformance {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "estimated-performance",
            "1.0.0",
            "Performance to be expected from calibrated scores alone, for the time before labels come (NannyML's CBPE). It \
             is only as good as the calibration: see the plugin `calibration`. Exact; the state grows by 32 bytes for each \
             distinct score.",
        )
        .input(Input::number("score").doc("The calibrated probability of positive, 0 to 1."))
        .output(Output::share(OUTPUTS[0], "The expected area under the ROC curve."))
        .output(Output::share(OUTPUTS[1], "The expected share of right decisions; its standard error is that of the labels to come."))
        .output(Output::share(OUTPUTS[2], "The expected share of positives among rows decided as positive."))
        .output(Output::share(OUTPUTS[3], "The expected share of positive rows that are found."))
        .output(Output::share(OUTPUTS[4], "The harmonic mean of both."))
        .output(Output::new(OUTPUTS[5]).range(0.0, 1.0).doc("The expected share of positive rows."))
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let scores = rows.numbers("score")?;
        if let Some(score) = scores.iter().find(|score| !(0.0..=1.0).contains(*score) && !score.is_nan()) {
            return Err(Error::data(format!("`score` holds {score}: estimates take calibrated probabilities, 0 to 1")));
        }
        let usable = || scores.iter().copied().filter(|score| !score.is_nan());
        for score in usable() {
            let [tp, fp, tn, fn_] = &mut self.counts;
            let (positive, negative) = if score >= run.parameters.threshold { (tp, fp) } else { (fn_, tn) };
            positive.add(score);
            negative.add(1.0 - score);
            self.variance.add(score * (1.0 - score));
            self.rows += 1;
        }
        self.not_numbers += (scores.len() - usable().count()) as u64;
        let kept = |score: f64| match run.parameters.sketch {
            Some(bits) => key::coarse(key::key(score), bits),
            None => key::key(score),
        };
        self.positives.extend_pairs(usable().filter(|score| *score > 0.0).map(|score| (kept(score), score)));
        self.negatives.extend_pairs(usable().filter(|score| *score < 1.0).map(|score| (kept(score), 1.0 - score)));
        Ok(())
    }

    fn settle(&mut self) {
        for side in [&mut self.positives, &mut self.negatives] {
            side.settle();
            side.join_above(JOIN);
        }
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.positives.is_sound() || !other.negatives.is_sound() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.counts.iter_mut().zip(other.counts).for_each(|(ours, theirs)| ours.merge(theirs));
        self.variance.merge(other.variance);
        self.rows += other.rows;
        self.positives.merge(other.positives);
        self.negatives.merge(other.negatives);
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let left_out = format!("{} rows without a numeric score left out", self.not_numbers);
        let left_out = (self.not_numbers > 0).then_some(left_out);
        if self.rows == 0 {
            return Ok(Report::undefined(&OUTPUTS, left_out.as_deref().unwrap_or("no scores in the window")));
        }
        let [tp, fp, tn, fn_] = self.counts.map(Sum::value);
        let rows = self.rows as f64;
        let one_class = self.positives.is_empty() || self.negatives.is_empty();
        let (area, chart) = if one_class {
            (Value::undefined(OUTPUTS[0], "all scores are 0, or all are 1"), None)
        } else {
            let roc = roc(&self.positives, &self.negatives, false);
            let chart = Chart::line("Expected ROC curve", "false positive rate", "true positive rate");
            let chart = chart.series("model", roc.curve).series("chance", [(0.0, 0.0), (1.0, 1.0)]);
            // What the order of scores that share a key can move.
            let bound = || format!("from a sketch; the exact area differs by at most {:.1e}", roc.tied / 2.0);
            let notes: Vec<String> = left_out.into_iter().chain(run.parameters.sketch.map(|_| bound())).collect();
            (Value::new(OUTPUTS[0], roc.area).note(notes.join("; ")), Some(chart))
        };
        let error = self.variance.value().max(0.0).sqrt() / rows;
        let mut report = Report::new()
            .value(area)
            .value(Value::new(OUTPUTS[1], (tp + tn) / rows).standard_error(error))
            .value(ratio(OUTPUTS[2], tp, tp + fp, "no row is decided as positive"))
            .value(ratio(OUTPUTS[3], tp, tp + fn_, "no positive rows are expected"))
            .value(ratio(OUTPUTS[4], 2.0 * tp, 2.0 * tp + fp + fn_, "no row is expected or decided as positive"))
            .value(Value::new(OUTPUTS[5], (tp + fn_) / rows).standard_error(error));
        report.charts.extend(chart);
        Ok(report)
    }
}

fn ratio(name: &str, part: f64, whole: f64, reason: &str) -> Value {
    if whole > 0.0 { Value::new(name, part / whole) } else { Value::undefined(name, reason) }
}
