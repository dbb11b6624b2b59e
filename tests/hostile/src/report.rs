//! What can be wrong with a report.

use crate::bindings::exports::driftline::metric::metric::{Chart, Report, Series, Value};

/// An honest report, or what `behaviour` makes of it.
pub(crate) fn report(behaviour: &str, (rows, sum): (u64, f64)) -> Report {
    let mut report = Report { values: vec![value("rows", rows as f64), value("sum", sum)], charts: Vec::new() };
    match behaviour {
        "undeclared-output" => report.values.push(value("profit", 1.0)),
        "output-twice" => report.values.push(value("sum", 2.0)),
        "nan" => report.values[1].number = Some(f64::NAN),
        "infinity" => report.values[1].number = Some(f64::INFINITY),
        "unequal-series" => report.charts.push(chart(vec![0.0, 1.0], vec![0.0])),
        "huge-report" => report.values = vec![value("sum", 1.0); 2_000_000],
        "huge-note" => report.values[0].note = Some("much ".repeat(10 << 20)),
        "huge-chart" => report.charts.push(chart(vec![0.0; 4_000_000], vec![0.0; 4_000_000])),
        _ => (),
    }
    report
}

fn value(name: &str, number: f64) -> Value {
    Value { name: name.into(), number: Some(number), standard_error: None, note: None }
}

fn chart(x: Vec<f64>, y: Vec<f64>) -> Chart {
    Chart {
        name: "chart".into(),
        x_label: "x".into(),
        y_label: "y".into(),
        kind: "line".into(),
        categories: Vec::new(),
        series: vec![Series { name: "series".into(), x, y }],
    }
}
