//! Rows that suit any standard plugin: cells by the names of inputs.

use std::ops::Range;

use arrow::array::{Float64Array, StringArray, TimestampMicrosecondArray};
use driftline_core::{BoundColumn, Cells, Input, InputBatch, InputLayout, Kind};

/// What becomes of optional inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optional {
    Bound,
    LeftOut,
}

/// Columns that a repeated input gets.
const REPEATED: usize = 3;

/// One column for each entry of a layout.
pub struct Rows(Vec<Option<Cells>>);

impl Rows {
    /// So many rows for a plugin's inputs; another `step` gives other rows.
    pub fn of(inputs: &[Input], optional: Optional, rows: usize, step: usize) -> (InputLayout, Self) {
        let mut layout = InputLayout { columns: Vec::new(), bound: Vec::new() };
        let mut cells = Vec::new();
        let mut more = Vec::new();
        for input in inputs {
            let column = |copy: usize| {
                let name = format!("{} {copy}", input.name);
                (BoundColumn { name, kind: input.kinds[0] }, make(input, rows, step + 2 * copy))
            };
            let (bound, made) = if is_bound(input, optional) { Some(column(0)).unzip() } else { (None, None) };
            layout.bound.push(bound.iter().map(|_| layout.columns.len() as u32).collect());
            layout.columns.push(bound);
            cells.push(made);
            more.extend((1..REPEATED).filter(|_| input.repeated).map(|copy| (layout.bound.len() - 1, column(copy))));
        }
        for (input, (bound, made)) in more {
            layout.bound[input].push(layout.columns.len() as u32);
            layout.columns.push(Some(bound));
            cells.push(Some(made));
        }
        (layout, Self(cells))
    }

    pub fn batch(&self, range: Range<usize>) -> InputBatch {
        let cut = |cells: &Cells| match cells {
            Cells::Numbers(array) => Cells::Numbers(array.slice(range.start, range.len())),
            Cells::Categories(array) => Cells::Categories(array.slice(range.start, range.len())),
            Cells::Timestamps(array) => Cells::Timestamps(array.slice(range.start, range.len())),
        };
        InputBatch { rows: range.len(), columns: self.0.iter().map(|cells| cells.as_ref().map(cut)).collect() }
    }
}

fn is_bound(input: &Input, optional: Optional) -> bool {
    match (input.name.as_str(), optional) {
        // `fairness` takes one of the two.
        ("score", _) => true,
        ("prediction", _) => !input.optional,
        (_, Optional::Bound) => true,
        (_, Optional::LeftOut) => !input.optional,
    }
}

/// Cells with ties, and with holes where they may be missing.
fn make(input: &Input, rows: usize, step: usize) -> Cells {
    let mixed = |row: usize| (row * 7919 * step + step) % 257;
    let missing = |row: usize| input.nullable && mixed(row) % 11 == 3;
    let all = |cell: &dyn Fn(usize) -> f64| (0..rows).map(|row| (!missing(row)).then(|| cell(mixed(row)))).collect();
    match input.kinds[0] {
        Kind::Category => {
            let label = |row| ["0", "1", "2"][mixed(row) % 3];
            let cells: StringArray = (0..rows).map(|row| (!missing(row)).then(|| label(row))).collect();
            Cells::Categories(cells)
        }
        Kind::Timestamp => {
            // Later inputs are later: arrivals follow predictions.
            let late = if input.nullable { 5_000_000 } else { 0 };
            let cell = |row: usize| (row as i64) * 1_000_003 + late + mixed(row) as i64 * late / 100;
            let cells: TimestampMicrosecondArray =
                (0..rows).map(|row| (!missing(row)).then(|| cell(row))).collect::<Vec<_>>().into();
            Cells::Timestamps(cells)
        }
        Kind::Number => {
            let cells: Float64Array = match input.name.as_str() {
                "score" | "scores" => all(&|x| (x % 64) as f64 / 64.0),
                "label" => all(&|x| (x / 3 % 2) as f64),
                "relevance" => all(&|x| (x % 4) as f64),
                "weight" => all(&|x| (x % 9) as f64 / 4.0),
                _ => all(&|x| (x as f64 - 120.0) / 8.0 * step as f64),
            };
            debug_assert_eq!(cells.len(), rows);
            Cells::Numbers(cells)
        }
    }
}
