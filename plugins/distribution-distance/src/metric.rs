//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Column,
    binning::{self, Binning, Counts, Cuts, evidently, nannyml},
    divergence,
};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 5] = ["jensen_shannon", "kl_divergence", "hellinger", "total_variation", "l_infinity"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Into how many bins numbers are cut; for quantile and equal-width binning.
    #[serde(default = "ten")]
    #[schemars(range(min = 2, max = 10_000))]
    bins: u32,
    /// How bins are cut: at the reference's quantiles, or with equal widths over its range (as many as `bins`, or as
    /// Sturges' or Doane's rule says).
    #[serde(default)]
    binning: Binning,
    /// The edges of the bins in ascending order, in place of `binning`; the first and the last are taken as infinite.
    #[serde(default)]
    #[schemars(length(min = 2, max = 10_001))]
    edges: Option<Vec<f64>>,
    /// Smaller shares count as this much in `kl_divergence`, so that an empty bin does not make it infinite.
    #[serde(default = "floor")]
    #[schemars(range(min = 1e-300, max = 0.5))]
    floor: f64,
    /// The unit of `jensen_shannon`: bits (2), with a largest distance of 1, or nats (e).
    #[serde(default)]
    base: Base,
    /// Whose bins to use: our own (standard), Evidently's (Sturges bins over both sides together above 20 distinct values,
    /// else one for each value; nats), or NannyML's (Doane's bins of the reference and one for what lies outside).
    #[serde(default)]
    mode: Mode,
    /// Bounds the memory: so many leading bits of each number are kept, numbers of no more bits exactly. The note states
    /// how far a bin's share can be off. Without it shares are exact and the state grows by 8 bytes a row of numbers.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    sketch: Option<u32>,
}

fn ten() -> u32 {
    10
}

fn floor() -> f64 {
    1e-4
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
enum Base {
    #[default]
    #[serde(rename = "2")]
    Two,
    #[serde(rename = "e")]
    E,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Standard,
    Evidently,
    Nannyml,
}

/// The cells of a column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DistributionDistance {
    column: Column,
}

impl Metric for DistributionDistance {
    type Parameters = Parameters;

    fn describe() -> Description {
        let distance = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, 1.0).doc(doc);
        Description::new(
            "distribution-distance",
            "1.0.0",
            "Distances between the distributions of a column in the window and in the reference, over bins: Jensen-Shannon, \
             Kullback-Leibler, Hellinger, total variation, L-infinity. Bins are closed on the left; categories and \
             missing cells are bins of their own.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).nullable().doc("The column, numbers or categories."))
        .output(distance("jensen_shannon", "The root of the mean divergence from their middle.").thresholds(0.1, 0.2))
        .output(
            Output::new("kl_divergence")
                .lower_is_better()
                .range(0.0, None)
                .thresholds(0.1, 0.25)
                .doc("The divergence of the window from the reference, Σ r ln(r / c), in nats."),
        )
        .output(distance("hellinger", "The root of half of the squared differences of roots.").thresholds(0.1, 0.2))
        .output(distance("total_variation", "The share of rows that would have to move."))
        .output(distance("l_infinity", "The largest difference in any bin.").thresholds(0.1, 0.2))
        .reference(ReferenceUse::Required)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        let edges = run.parameters.edges.as_deref().unwrap_or_default();
        if !edges.is_sorted_by(|a, b| a < b) {
            return Err(Error::parameters("`edges` must ascend: put them in order and leave out repeated ones"));
        }
        if (!edges.is_empty() || run.parameters.sketch.is_some()) && run.parameters.mode != Mode::Standard {
            let message = "`edges` or `sketch` and another tool's mode exclude each other: leave one out";
            return Err(Error::parameters(message));
        }
        Ok(Self { column: Column::new(run.parameters.sketch) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.column.update(rows, "value")
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.column.is_sound() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.column.merge(other.column);
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference = reference
            .ok_or_else(|| Error::parameters("`distribution-distance` compares with a reference: choose one"))?;
        let (current, reference) = (&self.column, &reference.column);
        let usable =
            current.present() + if run.parameters.mode == Mode::Standard { current.missing as f64 } else { 0.0 };
        let undefined = match (usable == 0.0, reference.present() == 0.0) {
            (_, true) => Some("no values in the reference"),
            (true, _) => Some("no values in the window"),
            _ => None,
        };
        if let Some(reason) = undefined {
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let counts = count(current, reference, run.inputs.kind("value")?, run.parameters);
        if counts.lacks_a_side() {
            return Ok(Report::undefined(&OUTPUTS, "no finite values on one side"));
        }
        Ok(report(&counts, current, reference, run).chart(counts.chart()))
    }
}

fn count(current: &Column, reference: &Column, kind: Kind, by: &Parameters) -> Counts {
    match by.mode {
        Mode::Standard => {
            let cuts = Cuts { binning: by.binning, bins: by.bins, edges: by.edges.as_deref() };
            binning::count(current, reference, kind, cuts)
        }
        Mode::Evidently => evidently::count(current, reference, kind),
        Mode::Nannyml => nannyml::count(current, reference, kind),
    }
}

fn report(counts: &Counts, current: &Column, reference: &Column, run: &Run<Parameters>) -> Report {
    let by = run.parameters;
    let (c, r) = counts.shares();
    let ln_base = match (by.mode, by.base) {
        (Mode::Evidently, _) | (Mode::Standard, Base::E) => 1.0,
        _ => core::f64::consts::LN_2,
    };
    let fill = |shares: &[f64]| match by.mode {
        Mode::Evidently => evidently::fill(shares),
        _ => shares.iter().map(|share| share.max(by.floor)).collect(),
    };
    let is_number = run.inputs.kind("value").is_ok_and(|kind| kind != Kind::Category);
    let hellinger = match by.mode {
        // Its Hellinger distance has bins of its own.
        Mode::Evidently if is_number => {
            let (c, r) = evidently::count_distinct(current, reference).shares();
            divergence::hellinger(&c, &r)
        }
        _ => divergence::hellinger(&c, &r),
    };
    Report::new()
        .value(Value::new("jensen_shannon", divergence::jensen_shannon(&c, &r, ln_base)).note(counts.remark()))
        .value(Value::new("kl_divergence", divergence::kullback_leibler(&fill(&r), &fill(&c))))
        .value(Value::new("hellinger", hellinger))
        .value(Value::new("total_variation", divergence::total_variation(&c, &r)))
        .value(Value::new("l_infinity", divergence::l_infinity(&c, &r)))
}
