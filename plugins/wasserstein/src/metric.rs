//! The metric: what it takes, keeps and reports.

use driftline_numerics::{FiniteColumn, sides, transport::transport};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 2] = ["wasserstein", "normalized"];
/// The least deviation that a distance is divided by, as in Evidently.
const LEAST_DEVIATION: f64 = 1e-3;

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Bounds the memory: so many leading bits of each value are kept, numbers of no more bits exactly. The note states
    /// how far the distance can be off. Without it the distance is exact and the state grows by 8 bytes a row.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    sketch: Option<u32>,
}

/// The values of a column, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Wasserstein {
    values: FiniteColumn,
}

impl Metric for Wasserstein {
    type Parameters = Parameters;

    fn describe() -> Description {
        let distance = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, None).doc(doc);
        Description::new(
            "wasserstein",
            "1.0.0",
            "First Wasserstein (earth mover's) distance of a column from the reference: how far values would have to move \
             on average, in their own unit and in standard deviations of the reference.",
        )
        .input(Input::number("value").doc("The column."))
        .output(distance("wasserstein", "The distance in the unit of the values."))
        .output(
            distance("normalized", "The distance divided by the reference's standard deviation (of the whole, at least 1e-3).")
                .thresholds(0.1, 0.2),
        )
        .reference(ReferenceUse::Required)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { values: FiniteColumn::new(run.parameters.sketch) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.values.update(rows, "value")
    }

    fn settle(&mut self) {
        self.values.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.values.merge(other.values)
    }

    fn evaluate(&self, reference: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        let reference =
            &reference.ok_or_else(|| Error::parameters("`wasserstein` compares with a reference: choose one"))?.values;
        if let Some(reason) = sides::reason(self.values.present(), reference.present(), "finite values") {
            return Ok(Report::undefined(&OUTPUTS, &reason));
        }
        let transport = transport(&self.values.column.numbers, &reference.column.numbers);
        let deviation = reference.moments.variance(0.0).sqrt().max(LEAST_DEVIATION);
        let curve = &transport.curve;
        let chart = Chart::line("Distribution functions", "value", "share of rows at most this value")
            .series("current", curve.iter().map(|point| (point.0, point.1)))
            .series("reference", curve.iter().map(|point| (point.0, point.2)));
        Ok(Report::new()
            .value(Value::new("wasserstein", transport.distance).note(remark(&self.values, reference)))
            .value(Value::new("normalized", transport.distance / deviation))
            .chart(chart))
    }
}

fn remark(current: &FiniteColumn, reference: &FiniteColumn) -> String {
    let mut remarks = Vec::new();
    if current.column.sketch.is_some() {
        // The triangle inequality: a side comes no farther than its values were moved on average.
        let off = current.moved() + reference.moved();
        remarks.push(format!("from a sketch; the exact distance differs by at most {off:.1e}"));
    }
    let not_finite = current.left_out + reference.left_out;
    if not_finite > 0 {
        remarks.push(format!("{not_finite} cells that are not finite numbers left out"));
    }
    remarks.join("; ")
}
