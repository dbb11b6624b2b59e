//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Column,
    binning::{self, Counts, evidently, scouter},
    sides,
};
use driftline_sdk::prelude::*;

use crate::{
    index::{self, Bin},
    parameters::{Mode, Parameters},
};

/// The most bins drawn; of more, those that moved most.
const DRAWN: usize = 50;

/// The cells of a column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Psi {
    column: Column,
}

impl Metric for Psi {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "psi",
            "1.0.0",
            "Population stability index of a column against the reference: the sum of (c - r) ln(c / r) over the shares \
             c of the window and r of the reference. Numbers are cut at the reference's quantiles, each bin closed on the \
             left; categories and missing cells are bins of their own.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).nullable().doc("The column, numbers or categories."))
        .output(
            Output::new("psi")
                .lower_is_better()
                .range(0.0, None)
                .thresholds(0.1, 0.25)
                .doc("The index; 0 when the shares are the same."),
        )
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
        let reference = reference.ok_or_else(|| Error::parameters("`psi` compares with a reference: choose one"))?;
        let missing = if run.parameters.mode == Mode::Standard { self.column.missing } else { 0 };
        let usable = self.column.present() + missing as f64;
        if let Some(reason) = sides::reason(usable, reference.column.present(), "values") {
            return Ok(Report::undefined(&["psi"], &reason));
        }
        let kind = run.inputs.kind("value")?;
        let (current, reference) = (&self.column, &reference.column);
        let counts = match run.parameters.mode {
            Mode::Evidently => evidently::count(current, reference, kind),
            Mode::Scouter => scouter::count(current, reference, kind, run.parameters.cuts()),
            Mode::Deepchecks => binning::count_present(current, reference, kind, run.parameters.cuts()),
            Mode::Standard => binning::count(current, reference, kind, run.parameters.cuts()),
        };
        if counts.lacks_a_side() && counts.left_out == 0.0 {
            return Ok(Report::undefined(&["psi"], "no finite values on one side"));
        }
        let bins = index::bins(&counts, run.parameters);
        let note = note(&counts, &self.column, run.parameters);
        let value = Value::new("psi", index::psi(&bins)).note(note);
        Ok(Report::new().value(value).chart(shares(&counts.names, &bins)))
    }
}

fn note(counts: &Counts, current: &Column, parameters: &Parameters) -> Option<String> {
    let rows = current.present() + current.missing as f64;
    let expected = (counts.names.len() as f64 - 1.0) / rows;
    match parameters.mode {
        Mode::Scouter => Some(format!("without drift about {expected:.2e} is expected, (bins - 1) / rows")),
        _ => counts.remark(),
    }
}

fn shares(names: &[String], bins: &[Bin]) -> Chart {
    let mut drawn: Vec<usize> = (0..bins.len()).collect();
    if drawn.len() > DRAWN {
        drawn.sort_by(|a, b| bins[*b].contribution.total_cmp(&bins[*a].contribution));
        drawn.truncate(DRAWN);
        drawn.sort_unstable();
    }
    let categories = drawn.iter().map(|bin| names[*bin].clone()).collect();
    let of = |share: fn(&Bin) -> f64| drawn.iter().map(move |bin| share(&bins[*bin]));
    Chart::bars("Shares by bin", "value", "share of rows", categories)
        .heights("reference", of(|bin| bin.reference))
        .heights("current", of(|bin| bin.current))
}
