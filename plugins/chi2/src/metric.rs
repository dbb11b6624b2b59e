//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Values,
    contingency::{Outcome, contingency, one_sample},
};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 4] = ["statistic", "p_value", "degrees_of_freedom", "cramers_v"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Whether the statistic of two categories is corrected for continuity (Yates), as SciPy does unless told not to.
    #[serde(default = "yes")]
    correction: bool,
    /// Which test: both sides are samples (standard), or the reference's shares are taken as known (evidently).
    #[serde(default)]
    mode: Mode,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Standard,
    Evidently,
}

/// How often each value occurs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Chi2 {
    values: Values,
}

impl Metric for Chi2 {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "chi2",
            "1.0.0",
            "Chi-square test of the categories of a column against the reference, with Cramér's V for the size of the \
             difference. Categories that only one side has count too; of numbers each value is a category. The state \
             grows with distinct values, at most 100,000.",
        )
        .input(
            Input::new("value", &[Kind::Category, Kind::Number]).doc("The column, categories or few distinct numbers."),
        )
        .output(Output::new("statistic").lower_is_better().range(0.0, None).doc("The sum of (o - e)² / e."))
        .output(
            Output::new("p_value")
                .higher_is_better()
                .range(0.0, 1.0)
                .thresholds(0.05, 0.01)
                .doc("The chance of so large a statistic without any drift."),
        )
        .output(Output::new("degrees_of_freedom").range(0.0, None).doc("Categories less one."))
        .output(
            Output::new("cramers_v")
                .lower_is_better()
                .range(0.0, 1.0)
                .thresholds(0.1, 0.3)
                .doc("The strength of the difference, whatever the number of rows; without the correction."),
        )
        .reference(ReferenceUse::Required)
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.values.update(rows)
    }

    fn settle(&mut self) {
        self.values.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.values.merge(other.values)
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference = reference.map(|reference| &reference.values);
        self.values.compare(reference, &run.inputs, &OUTPUTS, |counts| {
            let outcome = match run.parameters.mode {
                Mode::Standard => contingency(&counts.current, &counts.reference, run.parameters.correction),
                Mode::Evidently => one_sample(&counts.current, &counts.reference),
            };
            report(&outcome, run.parameters.mode).chart(counts.chart())
        })
    }
}

fn report(outcome: &Outcome, mode: Mode) -> Report {
    let or = |name: &str, number: f64, reason: &str| match number.is_finite() {
        true => Value::new(name, number),
        false => Value::undefined(name, reason),
    };
    let small = format!("{} expected counts are below 5: the p-value is rough", outcome.small);
    let no_v = match mode {
        Mode::Standard => "a single category has no association",
        Mode::Evidently => "the mode evidently does not define it",
    };
    Report::new()
        .value(or("statistic", outcome.statistic, "infinite: a category is not in the reference"))
        .value(or("p_value", outcome.p_value, "a single category").note((outcome.small > 0).then_some(small)))
        .value(Value::new("degrees_of_freedom", outcome.freedom))
        .value(or("cramers_v", outcome.cramers_v, no_v))
}
