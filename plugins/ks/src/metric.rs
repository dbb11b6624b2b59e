//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Column,
    ecdf::{self, Distance},
    key,
    kolmogorov::{self, Tail},
    sides,
};
use driftline_sdk::prelude::*;

use crate::parameters::{Method, Parameters};

const OUTPUTS: [&str; 3] = ["statistic", "p_value", "location"];

/// The values of a column, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ks {
    column: Column,
}

impl Metric for Ks {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "ks",
            "1.0.0",
            "Two-sample Kolmogorov-Smirnov test of a column against the reference: the largest distance between the two \
             distribution functions, where it is, and how likely it would be by chance.",
        )
        .input(Input::number("value").doc("The column."))
        .output(Output::new("statistic").lower_is_better().range(0.0, 1.0).doc("The largest distance D."))
        .output(
            Output::new("p_value")
                .higher_is_better()
                .range(0.0, 1.0)
                .thresholds(0.05, 0.01)
                .doc("The chance of so large a distance without any drift."),
        )
        .output(Output::new("location").doc("The value at which the distance is reached."))
        .reference(ReferenceUse::Required)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { column: Column::new(run.parameters.sketch) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.column.update(rows, "value")
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if self.column.sketch != other.column.sketch || !other.column.is_sound() {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.column.merge(other.column);
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference = reference.ok_or_else(|| Error::parameters("`ks` compares with a reference: choose one"))?;
        let (current, reference) = (&self.column, &reference.column);
        if let Some(reason) = sides::reason(current.present(), reference.present(), "values") {
            return Ok(Report::undefined(&OUTPUTS, &reason));
        }
        let is_coarse = current.sketch.map(|bits| move |key| key::is_coarse(key, bits));
        let distance = ecdf::distance(&current.numbers, &reference.numbers, is_coarse);
        let Parameters { method, alternative, .. } = *run.parameters;
        let extreme = alternative.of(&distance);
        let (n, m) = (current.present() as u64, reference.present() as u64);
        let tail = kolmogorov::two_sample(extreme.distance, n, m, alternative.into(), method.into());
        Ok(Report::new()
            .value(Value::new("statistic", tail.statistic).note(remark(current, reference, &distance)))
            .value(Value::new("p_value", tail.p_value).note(method_note(method, tail)))
            .value(location(extreme.location))
            .chart(curves(distance)))
    }
}

fn remark(current: &Column, reference: &Column, distance: &Distance) -> String {
    let mut remarks = Vec::new();
    if current.sketch.is_some() {
        remarks.push(format!("from a sketch; the exact statistic differs by at most {:.1e}", distance.largest_share));
    }
    let not_numbers = current.missing + reference.missing;
    if not_numbers > 0 {
        remarks.push(format!("{not_numbers} cells that are not a number left out"));
    }
    remarks.join("; ")
}

fn location(value: f64) -> Value {
    match value.is_finite() {
        true => Value::new("location", value),
        false => Value::undefined("location", &format!("it is {value}")),
    }
}

fn method_note(asked: Method, tail: Tail) -> Option<String> {
    let note = match (asked, tail.exact) {
        _ if tail.p_value.is_nan() => "too few rows for the asymptotic method: use `exact`",
        (Method::Exact, false) => "asymptotic: the samples are too large for the exact method",
        (_, true) => "exact",
        (_, false) => "asymptotic",
    };
    Some(note.into())
}

fn curves(distance: Distance) -> Chart {
    let curve: Vec<_> = distance.curve.into_iter().filter(|point| point.0.is_finite()).collect();
    Chart::line("Distribution functions", "value", "share of rows at most this value")
        .series("current", curve.iter().map(|point| (point.0, point.1)))
        .series("reference", curve.iter().map(|point| (point.0, point.2)))
}
