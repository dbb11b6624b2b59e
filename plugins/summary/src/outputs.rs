//! What is reported of a column.

use driftline_numerics::{Distinct, Sketch};
use driftline_sdk::prelude::*;

use crate::numbers::Numbers;

const QUANTILES: [(&str, f64); 7] =
    [("p01", 0.01), ("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99)];

/// All outputs.
pub(crate) fn outputs() -> impl Iterator<Item = Output> {
    let output = |name: &str, doc: &str| Output::new(name).doc(doc);
    let size = |name: &str, doc: &str| output(name, doc).range(0.0, None);
    let plain = [
        size("count", "Cells that hold a value."),
        size("missing", "Cells that are null or not a number."),
        output("mean", "Mean of the numbers."),
        size("std", "Sample standard deviation (n - 1) of the numbers."),
        output("min", "The smallest number."),
        output("max", "The largest number."),
        size("distinct", "Distinct values: exact up to 512, then by HyperLogLog with a standard error of 1.6 %."),
    ];
    let quantiles = QUANTILES.into_iter().map(move |(name, q)| {
        output(name, &format!("The {q} quantile by linear interpolation (R-7), within the rank error in its note."))
    });
    plain.into_iter().chain(quantiles)
}

/// Of any column.
pub(crate) fn counts(count: u64, missing: u64, distinct: &Distinct) -> [Value; 3] {
    let error = (!distinct.is_exact()).then(|| distinct.count() * Distinct::RELATIVE_ERROR);
    [
        Value::new("count", count as f64),
        Value::new("missing", missing as f64),
        Value::new("distinct", distinct.count()).standard_error(error),
    ]
}

/// In place of what only numbers have.
pub(crate) fn no_numbers(reason: &str) -> impl Iterator<Item = Value> {
    let names = ["mean", "std", "min", "max"].into_iter().chain(QUANTILES.map(|(name, _)| name));
    names.map(move |name| Value::undefined(name, reason))
}

/// Mean, spread and ends of at least one number.
pub(crate) fn moments(numbers: &Numbers) -> [Value; 4] {
    let (finite, (below, above)) = (&numbers.finite, numbers.infinite);
    let (low, high) = numbers.sketch.ends().unwrap_or_default();
    let infinite = format!("{} of the values are infinite", below + above);
    let std = match finite.variance(1.0).sqrt() {
        _ if below + above > 0 => Value::undefined("std", &infinite),
        std if std.is_nan() => Value::undefined("std", "a standard deviation takes two values"),
        std => Value::new("std", std),
    };
    let mean = match below + above {
        0 => Value::new("mean", finite.mean()).standard_error(finite.standard_error()),
        _ => Value::undefined("mean", &infinite),
    };
    [mean, std, finite_value("min", low), finite_value("max", high)]
}

/// Of at least one number.
pub(crate) fn quantiles(sketch: &Sketch) -> [Value; 7] {
    let (ranks, error) = (sketch.ranks(), sketch.rank_error());
    let share = 100.0 * error as f64 / ranks.rows() as f64;
    let note = (error > 0).then(|| format!("its rank is off by at most {error} rows ({share:.2} %)"));
    QUANTILES.map(|(name, q)| finite_value(name, ranks.quantile(q)).note(note.clone()))
}

/// Adds the most frequent values, where there are any, as a chart.
pub(crate) fn frequent(report: Report, top: Vec<(String, u64)>, error: u64) -> Report {
    if top.is_empty() {
        return report;
    }
    let (names, counts): (Vec<_>, Vec<_>) = top.into_iter().unzip();
    let label = if error == 0 { "rows".to_owned() } else { format!("rows, at most {error} too few") };
    let chart = Chart::bars("Most frequent values", "value", &label, names);
    report.chart(chart.heights("rows", counts.into_iter().map(|count| count as f64)))
}

fn finite_value(name: &str, number: f64) -> Value {
    if number.is_finite() { Value::new(name, number) } else { Value::undefined(name, &format!("it is {number}")) }
}
