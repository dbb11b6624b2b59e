//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Moments, Multiset, Sum, key, transport::transport};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 2] = ["wasserstein", "normalized"];
/// Entries above which the runs of a sketch are joined.
const SKETCH: usize = 1 << 18;
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
    values: Multiset,
    moments: Moments,
    sketch: Option<u32>,
    /// How far a sketch has moved values, all together.
    moved: Sum,
    not_finite: u64,
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
        Ok(Self { sketch: run.parameters.sketch, ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let cells = rows.numbers("value")?;
        let finite: Vec<f64> = cells.iter().copied().filter(|cell| cell.is_finite()).collect();
        self.not_finite += (cells.len() - finite.len()) as u64;
        self.moments.extend(&finite);
        match self.sketch {
            Some(bits) => {
                let coarse = |cell: &f64| key::coarse(key::key(*cell), bits);
                let moved: Vec<f64> = finite.iter().map(|cell| (key::number(coarse(cell)) - cell).abs()).collect();
                self.moved.extend(&moved);
                self.values.extend_keys(finite.iter().map(coarse));
            }
            None => self.values.extend(finite),
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.values.settle();
        self.bound();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if self.sketch != other.sketch || !other.values.is_sound() {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.values.merge(other.values);
        self.moments.merge(other.moments);
        self.moved.merge(other.moved);
        self.not_finite += other.not_finite;
        self.bound();
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        let reference =
            reference.ok_or_else(|| Error::parameters("`wasserstein` compares with a reference: choose one"))?;
        let undefined = match (self.values.is_empty(), reference.values.is_empty()) {
            (true, _) => Some("no finite values in the window"),
            (_, true) => Some("no finite values in the reference"),
            _ => None,
        };
        if let Some(reason) = undefined {
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let transport = transport(&self.values, &reference.values);
        let deviation = reference.moments.variance(0.0).sqrt().max(LEAST_DEVIATION);
        let curve = &transport.curve;
        let chart = Chart::line("Distribution functions", "value", "share of rows at most this value")
            .series("current", curve.iter().map(|point| (point.0, point.1)))
            .series("reference", curve.iter().map(|point| (point.0, point.2)));
        Ok(Report::new()
            .value(Value::new("wasserstein", transport.distance).note(self.remark(reference)))
            .value(Value::new("normalized", transport.distance / deviation))
            .chart(chart))
    }
}

impl Wasserstein {
    fn bound(&mut self) {
        if self.sketch.is_some() {
            self.values.join_above(SKETCH);
        }
    }

    fn remark(&self, reference: &Self) -> String {
        let mut remarks = Vec::new();
        if self.sketch.is_some() {
            // The triangle inequality: a side comes no farther than its values were moved on average.
            let off = |side: &Self| side.moved.value() / side.moments.weight();
            remarks.push(format!(
                "from a sketch; the exact distance differs by at most {:.1e}",
                off(self) + off(reference)
            ));
        }
        let not_finite = self.not_finite + reference.not_finite;
        if not_finite > 0 {
            remarks.push(format!("{not_finite} cells that are not finite numbers left out"));
        }
        remarks.join("; ")
    }
}
