//! Rows made for a plugin's inputs: by their names where these tell what they mean.

use std::ops::Range;

use arrow::array::{Float64Array, StringArray, TimestampMicrosecondArray};
use driftline_core::{BoundColumn, Cells, Input, InputBatch, InputLayout, Kind};
use serde_json::{Map, Value, json};

/// Columns that a repeated input gets.
const REPEATED: usize = 3;

/// Which inputs get a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// All.
    All,
    /// Those that can't be left out.
    Required,
    /// These, and one that can.
    With(usize),
}

impl Bound {
    fn takes(self, at: usize, input: &Input) -> bool {
        !input.optional || self == Self::All || self == Self::With(at)
    }
}

/// What numbers are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    /// As the input's name suggests.
    ByName,
    /// From 0 to 1.
    Shares,
    /// 0 or 1.
    Flags,
    /// 1, 2, 3, …
    Counts,
}

impl Flavour {
    pub(super) const ALL: [Self; 4] = [Self::ByName, Self::Shares, Self::Flags, Self::Counts];
}

/// What rows are made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice {
    pub bound: Bound,
    /// Whether inputs that take several kinds get the last instead of the preferred one.
    pub last_kinds: bool,
    pub flavour: Flavour,
    /// Whether nullable inputs miss cells.
    pub nulls: bool,
}

/// One column for each entry of a layout.
pub(super) struct Rows(Vec<Option<(String, Cells)>>);

impl Rows {
    /// So many rows for a plugin's inputs; another `step` gives other rows.
    pub(super) fn of(inputs: &[Input], choice: Choice, rows: usize, step: usize) -> (InputLayout, Self) {
        // Where scores of several classes come side by side, there are as many.
        let classes = if inputs.iter().any(|input| input.repeated) { REPEATED } else { 2 };
        let mut layout = InputLayout { columns: Vec::new(), bound: Vec::new() };
        let mut columns = Vec::new();
        let mut more = Vec::new();
        for (at, input) in inputs.iter().enumerate() {
            let column = |copy: usize| {
                let name = if input.repeated { format!("{}_{copy}", input.name) } else { input.name.clone() };
                let cells = cells(input, choice, classes, rows, step + 2 * copy);
                (BoundColumn { name: name.clone(), kind: cells.kind() }, (name, cells))
            };
            let (bound, made) = if choice.bound.takes(at, input) { Some(column(0)).unzip() } else { (None, None) };
            layout.bound.push(bound.iter().map(|_| layout.columns.len() as u32).collect());
            let copies = if input.repeated && bound.is_some() { 1..REPEATED } else { 0..0 };
            layout.columns.push(bound);
            columns.push(made);
            more.extend(copies.map(|copy| (at, column(copy))));
        }
        for (at, (bound, made)) in more {
            layout.bound[at].push(layout.columns.len() as u32);
            layout.columns.push(Some(bound));
            columns.push(Some(made));
        }
        (layout, Self(columns))
    }

    /// Some of them, as a plugin gets them.
    pub(super) fn batch(&self, range: Range<usize>) -> InputBatch {
        let cut = |cells: &Cells| match cells {
            Cells::Numbers(array) => Cells::Numbers(array.slice(range.start, range.len())),
            Cells::Categories(array) => Cells::Categories(array.slice(range.start, range.len())),
            Cells::Timestamps(array) => Cells::Timestamps(array.slice(range.start, range.len())),
        };
        let columns = self.0.iter().map(|column| column.as_ref().map(|(_, cells)| cut(cells))).collect();
        InputBatch { rows: range.len(), columns }
    }

    /// The first ones as JSON objects.
    pub(super) fn shown(&self, rows: usize) -> Vec<String> {
        let row = |row: usize| {
            let cells = self.0.iter().flatten().map(|(name, cells)| (name.clone(), cell(cells, row)));
            Value::Object(cells.collect::<Map<_, _>>()).to_string()
        };
        (0..rows).map(row).collect()
    }
}

fn cell(cells: &Cells, row: usize) -> Value {
    if cells.array().is_null(row) {
        return Value::Null;
    }
    match cells {
        Cells::Numbers(array) => json!(array.value(row)),
        Cells::Categories(array) => json!(array.value(row)),
        Cells::Timestamps(array) => json!(array.value(row)),
    }
}

/// Cells with ties, and with holes where they may be missing.
fn cells(input: &Input, choice: Choice, classes: usize, rows: usize, step: usize) -> Cells {
    let mixed = |row: usize| (row * 7919 * step + step) % 257;
    let missing = |row: usize| choice.nulls && input.nullable && mixed(row) % 5 == 3;
    let kind = if choice.last_kinds { input.kinds.last() } else { input.kinds.first() };
    match kind.copied().unwrap_or(Kind::Number) {
        Kind::Category => {
            let (labels, count) = if is_truth(&input.name) { (["0", "1", "2"], classes) } else { (["a", "b", "c"], 3) };
            let label = |row| labels[mixed(row) % count];
            let cells: StringArray = (0..rows).map(|row| (!missing(row)).then(|| label(row))).collect();
            Cells::Categories(cells)
        }
        Kind::Timestamp => {
            // Times that may be missing come later: arrivals follow predictions.
            let late = if input.nullable { 5_000_000 } else { 0 };
            let cell = |row: usize| (row as i64) * 1_000_003 + late + mixed(row) as i64 * late / 100;
            let cells: Vec<Option<i64>> = (0..rows).map(|row| (!missing(row)).then(|| cell(row))).collect();
            Cells::Timestamps(TimestampMicrosecondArray::from(cells))
        }
        Kind::Number => {
            let number = |row| number(&input.name, choice.flavour, classes, mixed(row), step);
            let cells: Float64Array = (0..rows).map(|row| (!missing(row)).then(|| number(row))).collect();
            Cells::Numbers(cells)
        }
    }
}

/// Whether an input is what turned out to be true.
fn is_truth(name: &str) -> bool {
    ["label", "target", "truth", "actual", "outcome", "class"].iter().any(|word| name.contains(word))
}

/// A number that is exact in binary, so that sums are the same in any order.
fn number(name: &str, flavour: Flavour, classes: usize, x: usize, step: usize) -> f64 {
    let named = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let share = (x % 64) as f64 / 64.0;
    let flag = (x / 3 % 2) as f64;
    match flavour {
        Flavour::ByName if named(&["score", "prob"]) => share,
        Flavour::ByName if named(&["relevance", "grade"]) => (x % 4) as f64,
        Flavour::ByName if named(&["weight"]) => (x % 9) as f64 / 4.0,
        Flavour::ByName if named(&["target"]) => (x as f64 - 110.0) / 8.0,
        Flavour::ByName if is_truth(name) && classes > 2 => (x % classes) as f64,
        Flavour::ByName if is_truth(name) => flag,
        Flavour::ByName => (x as f64 - 120.0) / 8.0 * step as f64,
        Flavour::Shares => share,
        Flavour::Flags => flag,
        Flavour::Counts => (x % 23 + 1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, kinds: &[Kind], nullable: bool, optional: bool, repeated: bool) -> Input {
        Input { name: name.into(), kinds: kinds.to_vec(), nullable, optional, repeated, doc: String::new() }
    }

    #[test]
    fn every_bound_input_has_its_columns_and_only_nullable_ones_miss_cells() {
        let inputs = [
            input("score", &[Kind::Number], false, false, false),
            input("label", &[Kind::Number, Kind::Category], true, false, false),
            input("features", &[Kind::Number], true, false, true),
            input("when", &[Kind::Timestamp], false, true, false),
        ];
        for (bound, last_kinds, nulls, columns) in
            [(Bound::All, false, false, 6), (Bound::Required, true, true, 5), (Bound::With(3), true, false, 6)]
        {
            let choice = Choice { bound, last_kinds, flavour: Flavour::ByName, nulls };
            let (layout, rows) = Rows::of(&inputs, choice, 50, 1);
            assert_eq!(layout.columns.iter().flatten().count(), columns, "{choice:?}");
            assert_eq!((layout.columns.len(), layout.bound[2].len()), (6, REPEATED), "{choice:?}");
            let batch = rows.batch(10..50);
            assert_eq!(batch.rows, 40);
            for (at, cells) in batch.columns.iter().enumerate() {
                let Some(cells) = cells else { continue };
                assert_eq!(Some(cells.kind()), layout.columns[at].as_ref().map(|column| column.kind));
                let may_miss = nulls && matches!(at, 1 | 2 | 4 | 5);
                assert_eq!(cells.array().null_count() > 0, may_miss, "{choice:?}: column {at}");
            }
            assert!(rows.shown(2)[1].contains("\"score\":"), "{:?}", rows.shown(2));
        }
    }
}
