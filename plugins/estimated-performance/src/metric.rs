//! The metric: what it takes, keeps and reports.
//!
//! J. Białek, W. Kuberski, N. Perrakis & A. Bifet, "Estimating Model Performance
//! Under Covariate Shift Without Labels", arXiv:2401.08348 (2024): a row of
//! calibrated score p is p positives and 1 - p negatives.

use driftline_numerics::{
    Multiset, key,
    roc::{expected_roc, roc},
};
use driftline_sdk::prelude::*;

use crate::decisions::Decisions;

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

/// Expected counts of decisions, and the scores: as they are, or as expected rows of both classes by what is kept of a score.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EstimatedPerformance {
    decisions: Decisions,
    scores: Multiset,
    sketch: Option<[Multiset; 2]>,
    not_numbers: u64,
}

impl Metric for EstimatedPerformance {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "estimated-performance",
            "1.0.0",
            "Performance to be expected from calibrated scores alone, for the time before labels come (NannyML's CBPE). It \
             is only as good as the calibration: see the plugin `calibration`. Exact; the state grows by 8 bytes a row; see \
             `sketch`.",
        )
        .input(Input::number("score").doc("The calibrated probability of positive, 0 to 1."))
        .output(Output::share(OUTPUTS[0], "The expected area under the ROC curve."))
        .output(Output::share(OUTPUTS[1], "The expected share of right decisions; its standard error is that of the labels to come."))
        .output(Output::share(OUTPUTS[2], "The expected share of positives among rows decided as positive."))
        .output(Output::share(OUTPUTS[3], "The expected share of positive rows that are found."))
        .output(Output::share(OUTPUTS[4], "The harmonic mean of both."))
        .output(Output::new(OUTPUTS[5]).range(0.0, 1.0).doc("The expected share of positive rows."))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { sketch: run.parameters.sketch.map(|_| Default::default()), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let mut scores = rows.numbers("score")?;
        if let Some(score) = scores.iter().find(|score| !(0.0..=1.0).contains(*score) && !score.is_nan()) {
            return Err(Error::data(format!("`score` holds {score}: estimates take calibrated probabilities, 0 to 1")));
        }
        if scores.iter().any(|score| score.is_nan()) {
            scores.to_mut().retain(|score| !score.is_nan());
        }
        self.decisions.extend(&scores, run.parameters.threshold);
        self.not_numbers += (rows.len() - scores.len()) as u64;
        match (&mut self.sketch, run.parameters.sketch) {
            (Some([positives, negatives]), Some(bits)) => {
                let kept = |score: f64| key::coarse(key::key(score), bits);
                let of = |class: fn(f64) -> f64| scores.iter().map(move |score| (kept(*score), class(*score)));
                positives.extend_pairs(of(|score| score).filter(|(_, rows)| *rows > 0.0));
                negatives.extend_pairs(of(|score| 1.0 - score).filter(|(_, rows)| *rows > 0.0));
            }
            _ => self.scores.extend(scores.iter().copied()),
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.scores.settle();
        for side in self.sketch.iter_mut().flatten() {
            side.settle();
            side.join_above(JOIN);
        }
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let is_sound = other.scores.is_sound() && other.sketch.iter().flatten().all(Multiset::is_sound);
        if !is_sound || self.sketch.is_some() != other.sketch.is_some() {
            return Err(Error::data("the saved state was not made by this plugin with these parameters"));
        }
        self.decisions.merge(other.decisions);
        self.scores.merge(other.scores);
        let sides = self.sketch.iter_mut().flatten().zip(other.sketch.into_iter().flatten());
        sides.for_each(|(ours, theirs)| ours.merge(theirs));
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let left_out = format!("{} rows without a numeric score left out", self.not_numbers);
        let left_out = (self.not_numbers > 0).then_some(left_out);
        if self.decisions.rows == 0 {
            return Ok(Report::undefined(&OUTPUTS, left_out.as_deref().unwrap_or("no scores in the window")));
        }
        let [tp, fp, tn, fn_] = self.decisions.counts();
        let rows = self.decisions.rows as f64;
        let (positives, negatives) = (tp + fn_, tn + fp);
        let (area, chart) = if positives == 0.0 || negatives == 0.0 {
            (Value::undefined(OUTPUTS[0], "all scores are 0, or all are 1"), None)
        } else {
            let roc = match &self.sketch {
                Some([positives, negatives]) => roc(positives, negatives, false),
                None => expected_roc(&self.scores, positives, negatives),
            };
            let chart = Chart::line("Expected ROC curve", "false positive rate", "true positive rate");
            let chart = chart.series("model", roc.curve).series("chance", [(0.0, 0.0), (1.0, 1.0)]);
            // What the order of scores that share a key can move.
            let bound = || format!("from a sketch; the exact area differs by at most {:.1e}", roc.tied / 2.0);
            let notes: Vec<String> = left_out.into_iter().chain(run.parameters.sketch.map(|_| bound())).collect();
            (Value::new(OUTPUTS[0], roc.area).note(notes.join("; ")), Some(chart))
        };
        let error = self.decisions.standard_error();
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
