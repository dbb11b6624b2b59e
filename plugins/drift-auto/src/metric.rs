//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Column, Moments};
use driftline_sdk::prelude::*;

use crate::choice::{Finding, compare};

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
    column: Column,
    spread: Moments,
    /// Cells left out because they are null or not finite.
    left_out: u64,
}

impl Metric for DriftAuto {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "drift-auto",
            "1.0.0",
            "Whether a column has drifted from the reference, by the test that Evidently would choose. For a reference of \
             at most 1,000 values a p-value: Kolmogorov-Smirnov of numbers with more than five distinct values, else \
             chi-square, or the z test of two values. Above that a distance: Wasserstein in standard deviations of such \
             numbers, else Jensen-Shannon. Exact; the state grows by 8 bytes a row of numbers.",
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

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        if rows.kind("value")? == Kind::Category {
            let cells = rows.categories("value")?;
            let (counts, missing) = cells.counts();
            self.left_out += missing;
            self.column.add_labels((counts, 0));
            return Ok(());
        }
        let cells = rows.numbers("value")?;
        let finite: Vec<f64> = cells.iter().copied().filter(|cell| cell.is_finite()).collect();
        self.left_out += (cells.len() - finite.len()) as u64;
        self.spread.extend(&finite);
        self.column.add_numbers(&finite);
        Ok(())
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.column.is_sound() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.column.merge(other.column);
        self.spread.merge(other.spread);
        self.left_out += other.left_out;
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference =
            reference.ok_or_else(|| Error::parameters("`drift-auto` compares with a reference: choose one"))?;
        let undefined = match (self.column.present() == 0.0, reference.column.present() == 0.0) {
            (true, _) => Some("no finite values in the window"),
            (_, true) => Some("no finite values in the reference"),
            _ => None,
        };
        if let Some(reason) = undefined {
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let kind = run.inputs.kind("value")?;
        let finding = compare(&self.column, &reference.column, kind, &reference.spread);
        Ok(report(finding, self.left_out + reference.left_out, run.parameters))
    }
}

fn report(finding: Finding, left_out: u64, levels: &Parameters) -> Report {
    let (test, drifted) = match finding {
        Finding::PValue(test, p) => (test, p < levels.p_value),
        Finding::Distance(test, distance) => (test, distance >= levels.distance),
    };
    let note = match left_out {
        0 => test.to_owned(),
        cells => format!("{test}; {cells} cells that are missing or not finite left out"),
    };
    let (p_value, distance) = match finding {
        Finding::PValue(_, p) => (Value::new(OUTPUTS[1], p), Value::undefined(OUTPUTS[2], "a p-value was taken")),
        Finding::Distance(_, d) => (Value::undefined(OUTPUTS[1], "a distance was taken"), Value::new(OUTPUTS[2], d)),
    };
    let drifted = Value::new(OUTPUTS[0], f64::from(u8::from(drifted))).note(note);
    Report::new().value(drifted).value(p_value).value(distance)
}
