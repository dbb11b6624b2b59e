//! What a guest reported, checked against its description and the limits.

use std::collections::HashSet;

use driftline_core::{Chart, Description, FailureCode, Output, Report, Series, Value};

use crate::{Limits, bindings::wit, fault::Halt};

const NAME_BYTES: usize = 512;

/// The report as the rest of the runtime knows it.
pub(crate) fn check(report: wit::Report, description: &Description, limits: &Limits) -> Result<Report, Halt> {
    most("values", report.values.len(), limits.report_values)?;
    most("charts", report.charts.len(), limits.report_charts)?;
    let points = report.charts.iter().flat_map(|chart| &chart.series).map(|series| series.x.len().max(series.y.len()));
    let names = report.charts.iter().map(|chart| chart.categories.len() + chart.series.len());
    most("points and names in its charts", points.chain(names).sum(), limits.report_points)?;
    let mut seen = HashSet::new();
    let values = report.values.into_iter().map(|value| {
        let value = check_value(value, &description.outputs, limits)?;
        if !seen.insert(value.name.clone()) {
            return Err(contract(format!("the report has two values named `{}`: report each output once", value.name)));
        }
        Ok(value)
    });
    let values = values.collect::<Result<_, _>>()?;
    let charts = report.charts.into_iter().map(check_chart).collect::<Result<_, _>>()?;
    Ok(Report { values, charts })
}

fn check_value(value: wit::Value, outputs: &[Output], limits: &Limits) -> Result<Value, Halt> {
    text("the name of a value", &value.name, NAME_BYTES)?;
    if !outputs.iter().any(|output| output.matches(&value.name)) {
        let declared: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).take(20).collect();
        return Err(contract(format!(
            "the report has a value named `{}`, which the description does not declare: it declares {}",
            value.name,
            declared.join(", ")
        )));
    }
    if let Some(note) = &value.note {
        text(&format!("the note of value `{}`", value.name), note, limits.message_bytes)?;
    }
    let number = value.number.filter(|number| number.is_finite());
    let note = match (value.note, value.number) {
        (None, Some(given)) if number.is_none() => Some(format!("the plugin returned {given}")),
        (note, _) => note,
    };
    let standard_error = value.standard_error.filter(|error| error.is_finite() && *error >= 0.0);
    Ok(Value { name: value.name, number, standard_error, note })
}

fn check_chart(chart: wit::Chart) -> Result<Chart, Halt> {
    for (what, given) in
        [("name", &chart.name), ("x label", &chart.x_label), ("y label", &chart.y_label), ("kind", &chart.kind)]
    {
        text(&format!("the {what} of a chart"), given, NAME_BYTES)?;
    }
    for category in &chart.categories {
        text(&format!("a category of chart `{}`", chart.name), category, NAME_BYTES)?;
    }
    let name = chart.name;
    let series = chart.series.into_iter().map(|series| check_series(series, &name)).collect::<Result<_, _>>()?;
    Ok(Chart {
        series,
        name,
        x_label: chart.x_label,
        y_label: chart.y_label,
        kind: chart.kind,
        categories: chart.categories,
    })
}

fn check_series(series: wit::Series, chart: &str) -> Result<Series, Halt> {
    text(&format!("the name of a series of chart `{chart}`"), &series.name, NAME_BYTES)?;
    if series.x.len() != series.y.len() {
        return Err(contract(format!(
            "series `{}` of chart `{chart}` has {} x and {} y: give as many of both",
            series.name,
            series.x.len(),
            series.y.len()
        )));
    }
    Ok(Series { name: series.name, x: series.x, y: series.y })
}

fn most(what: &str, found: usize, limit: usize) -> Result<(), Halt> {
    if found <= limit {
        return Ok(());
    }
    Err(Halt::new(FailureCode::Output, format!("the report has {found} {what} and may have {limit}: report fewer")))
}

fn text(what: &str, found: &str, limit: usize) -> Result<(), Halt> {
    if found.len() <= limit {
        return Ok(());
    }
    let found = found.len();
    Err(Halt::new(FailureCode::Output, format!("{what} has {found} bytes and may have {limit}: shorten it")))
}

fn contract(message: String) -> Halt {
    Halt::new(FailureCode::Contract, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_description;

    fn value(name: &str, number: f64) -> wit::Value {
        wit::Value { name: name.into(), number: Some(number), standard_error: Some(f64::NAN), note: None }
    }

    fn chart(x: usize, y: usize) -> wit::Chart {
        wit::Chart {
            name: "roc".into(),
            x_label: "x".into(),
            y_label: "y".into(),
            kind: "line".into(),
            categories: vec![],
            series: vec![wit::Series { name: "s".into(), x: vec![0.0; x], y: vec![0.0; y] }],
        }
    }

    fn checked(values: Vec<wit::Value>, charts: Vec<wit::Chart>) -> Result<Report, Halt> {
        let description = r#"{"name": "m", "version": "1.0.0", "outputs": [{"name": "a"}, {"name": "f1/*"}]}"#;
        let (description, _) = parse_description(description).expect("valid");
        let limits =
            Limits { report_values: 3, report_charts: 2, report_points: 10, message_bytes: 100, ..Limits::default() };
        check(wit::Report { values, charts }, &description, &limits)
    }

    #[test]
    fn undefined_numbers_are_none_and_say_why() {
        let report =
            checked(vec![value("a", f64::NAN), value("f1/x", f64::INFINITY), value("f1/y", 1.0)], vec![chart(2, 2)]);
        let values = report.expect("a good report").values;
        assert_eq!(values[0].number, None);
        assert_eq!(values[0].note.as_deref(), Some("the plugin returned NaN"));
        assert_eq!(values[0].standard_error, None);
        assert_eq!(values[1].note.as_deref(), Some("the plugin returned inf"));
        assert_eq!((values[2].number, values[2].note.as_deref()), (Some(1.0), None));
    }

    #[test]
    fn bad_reports_are_refused_by_code_and_name_the_place() {
        let long = wit::Value { note: Some("x".repeat(101)), ..value("a", 1.0) };
        let cases = [
            (checked(vec![value("b", 1.0)], vec![]), FailureCode::Contract, "named `b`"),
            (checked(vec![value("f1/", 1.0)], vec![]), FailureCode::Contract, "named `f1/`"),
            (checked(vec![value("a", 1.0), value("a", 1.0)], vec![]), FailureCode::Contract, "two values named `a`"),
            (checked(vec![value("a", 1.0); 4], vec![]), FailureCode::Output, "4 values"),
            (checked(vec![long], vec![]), FailureCode::Output, "note of value `a`"),
            (checked(vec![value(&"a".repeat(600), 1.0)], vec![]), FailureCode::Output, "600 bytes"),
            (checked(vec![], vec![chart(1, 2)]), FailureCode::Contract, "1 x and 2 y"),
            (checked(vec![], vec![chart(10, 10)]), FailureCode::Output, "11 points"),
            (checked(vec![], vec![chart(1, 1), chart(1, 1), chart(1, 1)]), FailureCode::Output, "3 charts"),
        ];
        for (result, code, text) in cases {
            let halt = result.expect_err(text);
            assert_eq!(halt.code, code, "{halt}");
            assert!(halt.message.contains(text), "{halt}");
        }
    }
}
