//! Rows in memory, as a source.

use std::{borrow::Cow, sync::Arc};

use crate::{Input, Kind, Source};

/// Rows to be measured: columns, each bound to an input.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
}

#[derive(Debug, Clone)]
struct Column {
    input: String,
    name: String,
    cells: Cells,
}

#[derive(Debug, Clone)]
enum Cells {
    Numbers(Vec<Option<f64>>),
    Categories(Vec<u32>, Arc<Vec<String>>),
    Timestamps(Vec<Option<i64>>),
}

impl Table {
    /// No columns and no rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Binds a column of numbers to an input; all columns have the same length.
    /// An `Option` makes cells that are missing.
    pub fn numbers<T: Into<Option<f64>>>(self, input: &str, cells: impl IntoIterator<Item = T>) -> Self {
        self.column(input, Cells::Numbers(cells.into_iter().map(Into::into).collect()))
    }

    /// Binds a column of labels to an input.
    pub fn categories<'a, T: Into<Option<&'a str>>>(self, input: &str, cells: impl IntoIterator<Item = T>) -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut code = |label: Option<&str>| {
            let Some(label) = label else { return u32::MAX };
            let known = labels.iter().position(|known| known == label);
            let code = known.unwrap_or_else(|| {
                labels.push(label.into());
                labels.len() - 1
            });
            u32::try_from(code).unwrap_or(u32::MAX)
        };
        let codes = cells.into_iter().map(|cell| code(cell.into())).collect();
        self.column(input, Cells::Categories(codes, Arc::new(labels)))
    }

    /// Binds a column of instants, microseconds since 1970-01-01 UTC, to an input.
    pub fn timestamps<T: Into<Option<i64>>>(self, input: &str, cells: impl IntoIterator<Item = T>) -> Self {
        self.column(input, Cells::Timestamps(cells.into_iter().map(Into::into).collect()))
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn column(mut self, input: &str, cells: Cells) -> Self {
        let rows = cells.len();
        assert!(
            self.columns.is_empty() || rows == self.rows,
            "`{input}` has {rows} cells, the table {} rows",
            self.rows
        );
        self.rows = rows;
        let before = self.columns.iter().filter(|column| column.input == input).count();
        let name = if before == 0 { input.to_owned() } else { format!("{input} {}", before + 1) };
        self.columns.push(Column { input: input.into(), name, cells });
        self
    }

    /// The rows that the runtime would hand out: none in which an input that is not nullable misses its cell.
    pub(super) fn usable_rows(&self, declared: &[Input]) -> Vec<usize> {
        let nullable = |column: &Column| declared.iter().any(|input| input.name == column.input && input.is_nullable());
        let required: Vec<&Column> = self.columns.iter().filter(|column| !nullable(column)).collect();
        (0..self.rows).filter(|row| required.iter().all(|column| column.cells.is_present(*row))).collect()
    }

    /// Some of the rows as a source, numbered for `declared`.
    pub(super) fn batch<'a>(&'a self, declared: &[Input], rows: &'a [usize]) -> Batch<'a> {
        let mut bound = vec![Vec::new(); declared.len()];
        let mut columns: Vec<Option<&Column>> = vec![None; declared.len()];
        for column in &self.columns {
            let input = declared.iter().position(|input| input.name == column.input);
            let input = input.unwrap_or_else(|| panic!("the metric declares no input `{}`", column.input));
            if bound[input].is_empty() {
                columns[input] = Some(column);
                bound[input].push(input as u32);
            } else {
                bound[input].push(columns.len() as u32);
                columns.push(Some(column));
            }
        }
        Batch { columns, bound, rows }
    }
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(cells) => cells.len(),
            Self::Categories(codes, _) => codes.len(),
            Self::Timestamps(cells) => cells.len(),
        }
    }

    fn is_present(&self, row: usize) -> bool {
        match self {
            Self::Numbers(cells) => cells[row].is_some(),
            Self::Categories(codes, _) => codes[row] != u32::MAX,
            Self::Timestamps(cells) => cells[row].is_some(),
        }
    }
}

/// Some rows of a table as a source. Breaking the contract panics, as it would end a run.
pub(super) struct Batch<'a> {
    columns: Vec<Option<&'a Column>>,
    bound: Vec<Vec<u32>>,
    rows: &'a [usize],
}

impl<'a> Batch<'a> {
    fn column(&self, column: u32) -> &'a Column {
        self.columns[column as usize].unwrap_or_else(|| panic!("column {column} is not bound"))
    }

    fn pick<T>(&self, cell: impl Fn(usize) -> T) -> Vec<T> {
        self.rows.iter().map(|row| cell(*row)).collect()
    }
}

impl Source for Batch<'_> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn bound(&self, input: u32) -> Vec<u32> {
        self.bound[input as usize].clone()
    }

    fn name(&self, column: u32) -> String {
        self.column(column).name.clone()
    }

    fn kind(&self, column: u32) -> Kind {
        match self.column(column).cells {
            Cells::Numbers(_) => Kind::Number,
            Cells::Categories(..) => Kind::Category,
            Cells::Timestamps(_) => Kind::Timestamp,
        }
    }

    fn numbers(&self, column: u32) -> Cow<'_, [f64]> {
        match &self.column(column).cells {
            Cells::Numbers(cells) => self.pick(|row| cells[row].unwrap_or(f64::NAN)).into(),
            _ => panic!("column {column} does not hold numbers"),
        }
    }

    fn validity(&self, column: u32) -> Option<Cow<'_, [u8]>> {
        let cells = &self.column(column).cells;
        let mut bits = vec![0_u8; self.rows.len().div_ceil(8)];
        for (at, _) in self.rows.iter().enumerate().filter(|(_, row)| cells.is_present(**row)) {
            bits[at / 8] |= 1 << (at % 8);
        }
        let missing = self.rows.iter().any(|row| !cells.is_present(*row));
        missing.then_some(bits.into())
    }

    fn codes(&self, column: u32) -> Cow<'_, [u32]> {
        match &self.column(column).cells {
            Cells::Categories(codes, _) => self.pick(|row| codes[row]).into(),
            _ => panic!("column {column} does not hold categories"),
        }
    }

    fn labels(&self, column: u32) -> Arc<Vec<String>> {
        match &self.column(column).cells {
            Cells::Categories(_, labels) => Arc::clone(labels),
            _ => panic!("column {column} does not hold categories"),
        }
    }

    fn timestamps(&self, column: u32) -> Cow<'_, [i64]> {
        match &self.column(column).cells {
            Cells::Timestamps(cells) => self.pick(|row| cells[row].unwrap_or(i64::MIN)).into(),
            _ => panic!("column {column} does not hold timestamps"),
        }
    }
}
