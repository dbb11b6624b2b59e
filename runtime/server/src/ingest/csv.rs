//! Rows from CSV: types follow the model's schema, and are inferred over the whole file where it has none.
//!
//! A list of numbers is written as JSON in one cell: `"[0.5, 1.5]"`.

mod cell;
mod guess;
mod stream;

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray, StringBuilder},
    datatypes::{Field, Schema as ArrowSchema},
};
use bytes::Bytes;
use csv::{ErrorKind, ReaderBuilder, StringRecord};
use driftline_core::Schema;

pub use self::stream::Records;
use self::{cell::Target, guess::Guess};
use super::refusal::{Fault, Refusal};

/// Reads a file with a header. An empty cell is null.
///
/// # Errors
/// [`Fault::InvalidCsv`] when it has no header or rows of different lengths,
/// [`Fault::TypeMismatch`] when a cell does not fit the model's column.
pub fn read(body: &Bytes, schema: &Schema) -> Result<RecordBatch, Refusal> {
    let mut reader = ReaderBuilder::new().from_reader(body.as_ref());
    let header = header(&mut reader)?;
    let mut cells = Cells::new(&header);
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| malformed(&error))? {
        cells.add(&record);
    }
    let columns = cells.take();
    let guess = |(name, cells): (&str, &StringArray)| {
        let mut guess = Guess::new(name, schema);
        cells.iter().enumerate().for_each(|(row, cell)| guess.see(row, cell));
        guess.settled()
    };
    let targets = header.iter().zip(&columns).map(guess).collect::<Result<Vec<_>, _>>()?;
    batch(&header, &columns, &targets)
}

/// The names of the columns, checked.
fn header<R: std::io::Read>(reader: &mut csv::Reader<R>) -> Result<StringRecord, Refusal> {
    let header = reader.headers().map_err(|error| malformed(&error))?.clone();
    if header.is_empty() {
        return Err(Refusal::whole(Fault::InvalidCsv, "the body is empty: send a header and rows"));
    }
    let mut names = HashSet::new();
    for name in &header {
        if name.is_empty() {
            return Err(Refusal::whole(Fault::InvalidCsv, "a column has no name: give every column one in the header"));
        }
        if !names.insert(name) {
            return Err(Refusal::at(Fault::DuplicateField, name, "the header has this column twice: rename one"));
        }
    }
    Ok(header)
}

fn malformed(error: &csv::Error) -> Refusal {
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, pos } => {
            // The reader counts the header as record 0.
            let row = pos.as_ref().map_or(0, |position| position.record().saturating_sub(1));
            let detail = format!("the row has {len} cells, the header {expected_len}: quote cells that hold commas");
            Refusal::at(Fault::InvalidCsv, format!("rows[{row}]"), detail)
        }
        _ => Refusal::whole(Fault::InvalidCsv, format!("the body is not CSV in UTF-8: {error}")),
    }
}

/// The cells of the records read so far, as text.
struct Cells(Vec<StringBuilder>);

impl Cells {
    fn new(header: &StringRecord) -> Self {
        Self(header.iter().map(|_| StringBuilder::new()).collect())
    }

    fn add(&mut self, record: &StringRecord) {
        for (column, cell) in self.0.iter_mut().zip(record) {
            column.append_option((!cell.is_empty()).then_some(cell));
        }
    }

    fn take(&mut self) -> Vec<StringArray> {
        self.0.iter_mut().map(StringBuilder::finish).collect()
    }
}

fn batch(header: &StringRecord, columns: &[StringArray], targets: &[Target]) -> Result<RecordBatch, Refusal> {
    let rows = columns.first().map_or(0, StringArray::len);
    let arrays: Vec<ArrayRef> = columns.iter().zip(targets).map(|(cells, target)| target.array(cells)).collect();
    let fields: Vec<Field> =
        header.iter().zip(&arrays).map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)
        .map_err(|error| Refusal::whole(Fault::InvalidCsv, error.to_string()))
}
