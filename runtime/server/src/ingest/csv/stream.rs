//! Records of CSV that is too large to hold, a piece at a time.

use std::io::Read;

use arrow::array::RecordBatch;
use csv::{ReaderBuilder, StringRecord};
use driftline_core::Schema;

use super::{Cells, Guess, Target, batch, header, malformed};
use crate::ingest::piece::{Failure, Piece};

/// The records of a file, which was read once before to see what its columns are.
pub struct Records<R> {
    reader: csv::Reader<R>,
    header: StringRecord,
    targets: Vec<Target>,
    cells: Cells,
    record: StringRecord,
    piece: Piece,
}

impl<R: Read> Records<R> {
    /// Reads all of `first` to see what the columns are, then gives the records of `again`, the same bytes.
    ///
    /// # Errors
    /// As [`super::read`].
    pub fn new(first: R, again: R, schema: &Schema, piece: Piece) -> Result<Self, Failure> {
        let targets = targets(first, schema)?;
        let mut reader = ReaderBuilder::new().from_reader(again);
        let header = header(&mut reader)?;
        let cells = Cells::new(&header);
        Ok(Self { reader, header, targets, cells, record: StringRecord::new(), piece })
    }

    /// The next rows; none at the end.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        let (mut rows, mut bytes) = (0, 0);
        while rows == 0 || (rows < self.piece.rows && bytes < self.piece.bytes) {
            if !read(&mut self.reader, &mut self.record)? {
                break;
            }
            self.cells.add(&self.record);
            rows += 1;
            bytes += self.record.as_slice().len() + self.record.len();
        }
        if rows == 0 {
            return Ok(None);
        }
        Ok(Some(batch(&self.header, &self.cells.take(), &self.targets)?))
    }
}

fn targets<R: Read>(input: R, schema: &Schema) -> Result<Vec<Target>, Failure> {
    let mut reader = ReaderBuilder::new().from_reader(input);
    let header = header(&mut reader)?;
    let mut guesses: Vec<Guess> = header.iter().map(|name| Guess::new(name, schema)).collect();
    let mut record = StringRecord::new();
    let mut row = 0;
    while read(&mut reader, &mut record)? {
        for (guess, cell) in guesses.iter_mut().zip(&record) {
            guess.see(row, (!cell.is_empty()).then_some(cell));
        }
        row += 1;
    }
    Ok(guesses.into_iter().map(Guess::settled).collect::<Result<_, _>>()?)
}

fn read<R: Read>(reader: &mut csv::Reader<R>, record: &mut StringRecord) -> Result<bool, Failure> {
    reader.read_record(record).map_err(|error| {
        let refusal = malformed(&error);
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            _ => refusal.into(),
        }
    })
}
