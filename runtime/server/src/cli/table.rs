//! Results as tables for people.

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use crate::wire::{Drift, DriftedShare, Value, WindowBounds, WindowResult};

/// An empty table with a header.
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// A number cell, aligned for reading.
pub fn number(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// One line for each value of each result.
pub fn results(results: &[WindowResult]) -> Table {
    let mut lines = table(&["window", "slice", "inputs", "rows", "value", "", "± s.e.", "note"]);
    for result in results {
        if let Some(failure) = &result.failure {
            let note = format!("{}: {}", failure.code, failure.message);
            lines.add_row(line(result, Cell::new("failed"), number("–"), number(""), note));
        }
        for value in &result.values {
            let error = value.standard_error.map(significant).unwrap_or_default();
            let note = value.note.clone().unwrap_or_default();
            lines.add_row(line(result, Cell::new(&value.name), number(figure(value)), number(error), note));
        }
    }
    lines
}

/// When a column counts as drifted, in words.
pub fn criterion(drift: &Drift) -> String {
    let side = if drift.better == "higher" { "at most" } else { "at least" };
    let correction = serde_json::to_value(drift.correction).unwrap_or_default();
    match correction.as_str() {
        None | Some("none") => format!("{} {side} {}", drift.output, drift.threshold),
        Some(word) => format!("{} {side} {} ({word})", drift.output, drift.threshold),
    }
}

/// One line for each period and slice.
pub fn drift(drift: &Drift) -> Table {
    let mut lines = table(&["window", "slice", "tested", "drifted", "share", "dataset drift", "which"]);
    for share in &drift.windows {
        let dataset_drift = match share.dataset_drift {
            Some(true) => "yes",
            Some(false) => "no",
            None => "–",
        };
        lines.add_row(vec![
            Cell::new(bounds(&share.window)),
            Cell::new(pairs(&share.slice)),
            number(share.tested_columns),
            number(share.drifted_columns),
            number(share.drifted_share.map_or_else(|| "–".into(), significant)),
            Cell::new(dataset_drift),
            Cell::new(drifted(share)),
        ]);
    }
    lines
}

/// What fed the inputs of the columns that have drifted.
fn drifted(share: &DriftedShare) -> String {
    let drifted = share.columns.iter().filter(|column| column.drifted == Some(true));
    let fed = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    drifted.map(|column| column.inputs.values().map(fed).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(", ")
}

fn line(result: &WindowResult, name: Cell, figure: Cell, error: Cell, note: String) -> Vec<Cell> {
    vec![
        Cell::new(period(result)),
        Cell::new(pairs(&result.slice)),
        Cell::new(pairs(&result.inputs)),
        number(result.rows.used),
        name,
        figure,
        error,
        Cell::new(note),
    ]
}

/// Names and their values.
pub fn pairs(map: &serde_json::Map<String, serde_json::Value>) -> String {
    let pair = |(name, value): (&String, &serde_json::Value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    };
    map.iter().map(pair).collect::<Vec<_>>().join(" ")
}

/// A result's period, slice and inputs in a line.
pub fn heading(result: &WindowResult) -> String {
    let parts = [period(result), pairs(&result.slice), pairs(&result.inputs)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A result's period, without clock times where they are midnight.
pub fn period(result: &WindowResult) -> String {
    bounds(&result.window)
}

/// A period, without clock times where they are midnight.
pub fn bounds(window: &WindowBounds) -> String {
    let short = |time: driftline_core::Time| time.to_string().trim_end_matches("T00:00:00Z").to_owned();
    format!("{} … {}", short(window.start.0), short(window.end.0))
}

/// A value's number, or a dash where it is undefined.
pub fn figure(value: &Value) -> String {
    value.value.map_or_else(|| "–".into(), significant)
}

/// Six significant digits.
pub fn significant(number: f64) -> String {
    if number == 0.0 || (1e-4..1e9).contains(&number.abs()) {
        let digits = if number == 0.0 { 1 } else { number.abs().log10().floor() as i32 + 1 };
        let decimals = usize::try_from(6 - digits.clamp(0, 6)).unwrap_or_default();
        return format!("{number:.decimals$}");
    }
    format!("{number:.5e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_six_digits() {
        for (number, text) in [
            (0.0, "0.00000"),
            (0.601_234_56, "0.601235"),
            (-12.345_678_9, "-12.3457"),
            (123_456_789.0, "123456789"),
            (0.000_012, "1.20000e-5"),
        ] {
            assert_eq!(significant(number), text);
        }
    }
}
