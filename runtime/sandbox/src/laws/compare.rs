//! Whether two reports say the same.

use driftline_core::Report;

/// What is not the same in two reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub output: String,
    pub expected: String,
    pub found: String,
}

impl Difference {
    fn new(output: impl Into<String>, expected: String, found: String) -> Self {
        Self { output: output.into(), expected, found }
    }
}

/// The first difference between reports; numbers may differ by `tolerance` times their size, or times 1 where they
/// are smaller.
pub(super) fn reports(expected: &Report, found: &Report, tolerance: f64) -> Option<Difference> {
    let names = |report: &Report| report.values.iter().map(|value| value.name.as_str()).collect::<Vec<_>>().join(", ");
    if names(expected) != names(found) {
        return Some(Difference::new("the list of values", named(&names(expected)), named(&names(found))));
    }
    for (expected, found) in expected.values.iter().zip(&found.values) {
        let errors = (expected.standard_error, found.standard_error);
        for (what, (wanted, given)) in [("", (expected.number, found.number)), ("the standard error of ", errors)] {
            if !same(wanted, given, tolerance) {
                return Some(Difference::new(format!("{what}`{}`", expected.name), number(wanted), number(given)));
            }
        }
    }
    let charts = |report: &Report| {
        let chart = |chart: &driftline_core::Chart| format!("{} of {} series", chart.name, chart.series.len());
        report.charts.iter().map(chart).collect::<Vec<_>>().join(", ")
    };
    let (wanted, given) = (charts(expected), charts(found));
    (wanted != given).then(|| Difference::new("the list of charts", named(&wanted), named(&given)))
}

/// The first difference between reports that must have the same bits.
pub(super) fn bits(expected: &Report, found: &Report) -> Option<Difference> {
    // As text, in which a NaN of a chart is like any other.
    let (wanted, given) = (format!("{expected:?}"), format!("{found:?}"));
    let known = reports(expected, found, 0.0);
    known.or_else(|| (wanted != given).then(|| Difference::new("the report", short(&wanted), short(&given))))
}

/// The first difference between states that must have the same bytes.
pub(super) fn states(expected: &[u8], found: &[u8]) -> Option<Difference> {
    let at = expected.iter().zip(found).position(|(a, b)| a != b);
    let at = at.or_else(|| (expected.len() != found.len()).then(|| expected.len().min(found.len())))?;
    let shown = |state: &[u8]| match state.get(at) {
        Some(byte) => format!("{} bytes with {byte:#04x} at {at}", state.len()),
        None => format!("{} bytes", state.len()),
    };
    Some(Difference::new("the saved state", shown(expected), shown(found)))
}

fn same(expected: Option<f64>, found: Option<f64>, tolerance: f64) -> bool {
    match (expected, found) {
        (Some(a), Some(b)) => (a - b).abs() <= tolerance * a.abs().max(b.abs()).max(1.0),
        (a, b) => a.is_none() && b.is_none(),
    }
}

fn number(number: Option<f64>) -> String {
    number.map_or_else(|| "undefined".to_owned(), |number| number.to_string())
}

fn named(names: &str) -> String {
    if names.is_empty() { "empty".to_owned() } else { names.to_owned() }
}

fn short(text: &str) -> String {
    crate::log::head(text, 400).to_owned()
}

#[cfg(test)]
mod tests {
    use driftline_core::Value;

    use super::*;

    fn report(values: &[(&str, Option<f64>)]) -> Report {
        let value = |(name, number): &(&str, Option<f64>)| Value {
            name: (*name).into(),
            number: *number,
            standard_error: None,
            note: None,
        };
        Report { values: values.iter().map(value).collect(), charts: Vec::new() }
    }

    #[test]
    fn numbers_are_the_same_within_the_tolerance_and_undefined_is_no_number() {
        for (a, b, tolerance, expected) in [
            (Some(1.0), Some(1.0 + 1e-12), 1e-9, true),
            (Some(1e9), Some(1e9 + 0.5), 1e-9, true),
            (Some(1e-12), Some(0.0), 1e-9, true),
            (Some(1.0), Some(1.001), 1e-9, false),
            (Some(1.0), Some(1.001), 0.01, true),
            (Some(1.0), Some(1.0 + 1e-12), 0.0, false),
            (None, None, 0.0, true),
            (None, Some(0.0), 1.0, false),
        ] {
            let found = reports(&report(&[("a", a)]), &report(&[("a", b)]), tolerance);
            assert_eq!(found.is_none(), expected, "{a:?} {b:?} {tolerance}: {found:?}");
        }
        let other = reports(&report(&[("a", None)]), &report(&[("b", None)]), 1.0).expect("other names");
        assert_eq!((other.expected.as_str(), other.found.as_str()), ("a", "b"));
        let state = states(&[1, 2], &[1, 3]).expect("other bytes");
        assert_eq!(state.found, "2 bytes with 0x03 at 1");
        assert_eq!(states(&[1], &[1, 3]).expect("more bytes").expected, "1 bytes");
        assert_eq!(states(&[1], &[1]), None);
    }
}
