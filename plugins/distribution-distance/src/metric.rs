//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Column,
    binning::{self, Counts, evidently, nannyml},
    divergence, sides,
};
use driftline_sdk::prelude::*;

use crate::parameters::{Base, Mode, Parameters};

const OUTPUTS: [&str; 5] = ["jensen_shannon", "kl_divergence", "hellinger", "total_variation", "l_infinity"];

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
        run.parameters.check()?;
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
        let missing = if run.parameters.mode == Mode::Standard { current.missing } else { 0 };
        let usable = current.present() + missing as f64;
        if let Some(reason) = sides::reason(usable, reference.present(), "values") {
            return Ok(Report::undefined(&OUTPUTS, &reason));
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
        Mode::Standard => binning::count(current, reference, kind, by.cuts()),
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
