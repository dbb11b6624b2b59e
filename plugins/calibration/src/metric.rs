//! The metric: what it takes, keeps and reports.

use driftline_numerics::Moments;
use driftline_sdk::{labels, prelude::*, weights};

use crate::{
    losses::Losses,
    reliability::{Point, Reliability},
};

const OUTPUTS: [&str; 4] = ["brier", "log_loss", "expected_calibration_error", "maximum_calibration_error"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The label of positive rows. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    positive: Option<String>,
    /// Into how many equal bins probabilities are put for the calibration errors and the curve.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000))]
    bins: u32,
}

fn ten() -> u32 {
    10
}

/// Losses, and rows by predicted probability.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Calibration {
    losses: Losses,
    reliability: Reliability,
    weighted: bool,
    /// Rows left out because their score is not a number.
    not_numbers: u64,
}

impl Metric for Calibration {
    type Parameters = Parameters;

    fn describe() -> Description {
        let loss = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, 1.0).doc(doc);
        Description::new(
            "calibration",
            "1.0.0",
            "Whether probabilities mean what they say: Brier score, log loss, expected and maximum calibration error over \
             equal bins (each closed on the right), and the reliability curve. Needs no memory that grows with rows.",
        )
        .input(Input::number("score").doc("The predicted probability of positive, 0 to 1."))
        .input(Input::label())
        .input(Input::weight())
        .output(loss("brier", "The mean squared distance of probability and truth; 0.25 is always saying one half."))
        .output(
            loss("log_loss", "The mean of -ln of the probability of what came true, kept 2.2e-16 from 0 and 1 as in scikit-learn.")
                .range(0.0, None),
        )
        .output(
            loss("expected_calibration_error", "The mean distance of probability and frequency, bin by bin.")
                .thresholds(0.05, 0.1),
        )
        .output(loss("maximum_calibration_error", "The largest such distance of any bin."))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { reliability: Reliability::new(run.parameters.bins as usize), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let labels = labels(rows, "label", run.parameters.positive.as_deref())?;
        let (scores, weights) = (rows.numbers("score")?, weights(rows, "weight")?);
        if let Some(score) = scores.iter().find(|score| !(0.0..=1.0).contains(*score) && !score.is_nan()) {
            let message = format!("`score` holds {score}: calibration takes probabilities, 0 to 1");
            return Err(Error::data(message));
        }
        let is_number: Vec<usize> = (0..scores.len()).filter(|row| !scores[*row].is_nan()).collect();
        self.not_numbers += (scores.len() - is_number.len()) as u64;
        self.weighted |= weights.is_some();
        let kept: Vec<(f64, bool)> = is_number.iter().map(|row| (scores[*row], labels[*row] == 1)).collect();
        let weights: Option<Vec<f64>> = weights.map(|weights| is_number.iter().map(|row| weights[*row]).collect());
        self.losses.extend(&kept, weights.as_deref());
        self.reliability.extend(&kept, weights.as_deref());
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !self.reliability.merge(&other.reliability) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.losses.merge(other.losses);
        self.weighted |= other.weighted;
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        let left_out = match self.not_numbers {
            0 => String::new(),
            rows => format!("{rows} rows without a numeric score left out"),
        };
        let points = self.reliability.points();
        if points.is_empty() {
            let reason = if left_out.is_empty() { "no labelled rows in the window" } else { &left_out };
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let mean = |name: &str, losses: &Moments| {
            let error = losses.standard_error().filter(|_| !self.weighted);
            Value::new(name, losses.mean()).standard_error(error).note(left_out.clone())
        };
        let distance = |point: &Point| (point.positive - point.score).abs();
        let weight: f64 = points.iter().map(|point| point.weight).sum();
        let expected: f64 = points.iter().map(|point| distance(point) * point.weight / weight).sum();
        let largest = points.iter().map(distance).fold(0.0, f64::max);
        Ok(Report::new()
            .value(mean("brier", &self.losses.squared))
            .value(mean("log_loss", &self.losses.logarithmic))
            .value(Value::new("expected_calibration_error", expected))
            .value(Value::new("maximum_calibration_error", largest))
            .chart(curve(&points))
            .chart(histogram(&points, weight)))
    }
}

fn curve(points: &[Point]) -> Chart {
    Chart::line("Reliability", "mean predicted probability", "share of positives")
        .series("model", points.iter().map(|point| (point.score, point.positive)))
        .series("calibrated", [(0.0, 0.0), (1.0, 1.0)])
}

fn histogram(points: &[Point], weight: f64) -> Chart {
    Chart::bars("Predicted probabilities", "mean predicted probability", "share of rows", Vec::new())
        .series("rows", points.iter().map(|point| (point.score, point.weight / weight)))
}
