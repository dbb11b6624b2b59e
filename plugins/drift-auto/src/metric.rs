//! The metric: what it takes, keeps and reports.

use driftline_numerics::{FiniteColumn, sides};
use driftline_sdk::prelude::*;

use crate::{choice::compare, finding::Finding};

const OUTPUTS: [&str; 3] = ["drifted", "p_value", "distance"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// A column has drifted when its p-value is below this.
    #[serde(default = "significance")]
    #[schemars(range(min = 0.0, max = 1.0))]
    p_value: f64,
    /// A column has drifted when its distance is at least this.
    #[serde(default = "tenth")]
    #[schemars(range(min = 0.0))]
    distance: f64,
    /// Bounds the memory: so many leading bits of each number are kept, numbers of no more bits exactly. Notes state
    /// between which numbers the exact p-value or distance lies; where that leaves open whether the column has drifted,
    /// or which test fits it, values are undefined. Without it all is exact and the state grows by 8 bytes a row of
    /// numbers.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    sketch: Option<u32>,
}

fn significance() -> f64 {
    0.05
}

fn tenth() -> f64 {
    0.1
}

/// The finite cells of a column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DriftAuto {
    column: FiniteColumn,
}

impl Metric for DriftAuto {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "drift-auto",
            "1.1.0",
            "Whether a column has drifted from the reference, by the test that Evidently would choose. For a reference of \
             at most 1,000 values a p-value: Kolmogorov-Smirnov of numbers with more than five distinct values, else \
             chi-square, or the z test of two values. Above that a distance: Wasserstein in standard deviations of such \
             numbers, else Jensen-Shannon. Exact, the state grows by 8 bytes a row of numbers; see `sketch`.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).nullable().doc("The column, numbers or categories."))
        .output(
            Output::new(OUTPUTS[0])
                .lower_is_better()
                .range(0.0, 1.0)
                .thresholds(1.0, 1.0)
                .doc("1 when it has drifted, else 0; the note names the test."),
        )
        .output(
            Output::new(OUTPUTS[1])
                .higher_is_better()
                .range(0.0, 1.0)
                .thresholds(0.05, 0.01)
                .doc("The chance of such a difference without drift; undefined where a distance was taken."),
        )
        .output(
            Output::new(OUTPUTS[2])
                .lower_is_better()
                .range(0.0, None)
                .thresholds(0.1, 0.2)
                .doc("The distance of the distributions; undefined where a p-value was taken."),
        )
        .reference(ReferenceUse::Required)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { column: FiniteColumn::new(run.parameters.sketch) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.column.update(rows, "value")
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.column.merge(other.column)
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference =
            &reference.ok_or_else(|| Error::parameters("`drift-auto` compares with a reference: choose one"))?.column;
        if let Some(reason) = sides::reason(self.column.present(), reference.present(), "finite values") {
            return Ok(Report::undefined(&OUTPUTS, &reason));
        }
        let kind = run.inputs.kind("value")?;
        Ok(match compare(&self.column, reference, kind) {
            Ok(finding) => report(finding, self.column.left_out + reference.left_out, run.parameters),
            Err(reason) => Report::undefined(&OUTPUTS, reason),
        })
    }
}

fn report(finding: Finding, left_out: u64, levels: &Parameters) -> Report {
    let drifted = match finding {
        Finding::PValue(_, p_value) => p_value.decide(|p_value| p_value < levels.p_value),
        Finding::Distance(_, distance) => distance.decide(|distance| distance >= levels.distance),
    };
    let note = match left_out {
        0 => finding.test().to_owned(),
        cells => format!("{}; {cells} cells that are missing or not finite left out", finding.test()),
    };
    let drifted = match drifted {
        Some(drifted) => Value::new(OUTPUTS[0], f64::from(u8::from(drifted))).note(note),
        None => Value::undefined(OUTPUTS[0], &format!("{note}; the sketch leaves it open: choose a larger one")),
    };
    let report = Report::new().value(drifted);
    match finding {
        Finding::PValue(_, p_value) => report
            .value(Value::new(OUTPUTS[1], p_value.value).note(p_value.remark()))
            .value(Value::undefined(OUTPUTS[2], "a p-value was taken")),
        Finding::Distance(_, distance) => report
            .value(Value::undefined(OUTPUTS[1], "a distance was taken"))
            .value(Value::new(OUTPUTS[2], distance.value).note(distance.remark())),
    }
}
