//! Rows of JSON text that is too large to hold, a piece at a time.

use std::io::{BufRead, Read};

use super::{
    Reader, Text,
    elements::{Cut, Elements, Uncut},
};
use crate::ingest::{
    Rows,
    piece::{Failure, Piece},
    refusal::{Fault, Refusal},
};

/// The most bytes of one row.
const MAX_ROW_BYTES: usize = 64 << 20;

/// One object a line.
pub struct Lines<R> {
    input: R,
    reader: Reader,
    piece: Piece,
    line: Vec<u8>,
    number: usize,
}

impl<R: BufRead> Lines<R> {
    /// The rows of `input`.
    pub fn new(input: R, reader: Reader, piece: Piece) -> Self {
        Self { input, reader, piece, line: Vec::new(), number: 0 }
    }

    /// The next rows; none at the end.
    pub fn next(&mut self) -> Result<Option<Rows>, Failure> {
        let mut bytes = 0;
        while !is_full(&self.reader, &self.piece, bytes) {
            self.line.clear();
            let length = (&mut self.input).take(MAX_ROW_BYTES as u64 + 1).read_until(b'\n', &mut self.line)?;
            if length == 0 {
                break;
            }
            if length > MAX_ROW_BYTES {
                return Err(too_large(&self.reader).into());
            }
            bytes += length;
            self.number += 1;
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            self.reader.read_row(line, Text::Line(self.number))?;
        }
        Ok(taken(&mut self.reader))
    }
}

/// One object, or an array of them.
pub struct Array<R> {
    elements: Elements<R>,
    reader: Reader,
    piece: Piece,
    text: Vec<u8>,
}

impl<R: BufRead> Array<R> {
    /// The rows of `input`.
    pub fn new(input: R, reader: Reader, piece: Piece) -> Self {
        Self { elements: Elements::new(input), reader, piece, text: Vec::new() }
    }

    /// The next rows; none at the end.
    pub fn next(&mut self) -> Result<Option<Rows>, Failure> {
        let mut bytes = 0;
        while !is_full(&self.reader, &self.piece, bytes) {
            match self.elements.next(&mut self.text, MAX_ROW_BYTES) {
                Ok(Cut::End) => break,
                Ok(Cut::Element) => self.reader.read_row(&self.text, Text::Element)?,
                Ok(Cut::Body) => self.reader.read_body(&self.text)?,
                Err(uncut) => return Err(self.refused(uncut)),
            }
            bytes += self.text.len();
        }
        Ok(taken(&mut self.reader))
    }

    fn refused(&self, uncut: Uncut) -> Failure {
        let row = self.reader.columns().row();
        match uncut {
            Uncut::Unreadable(error) => error.into(),
            Uncut::TooLarge => too_large(&self.reader).into(),
            Uncut::Malformed(words) => {
                let detail = format!("the body is not valid JSON at row {row}: {words}");
                Refusal { fault: Fault::InvalidJson, field: Some(format!("rows[{row}]")), detail }.into()
            }
        }
    }
}

fn is_full(reader: &Reader, piece: &Piece, bytes: usize) -> bool {
    let columns = reader.columns();
    // Absent cells take memory though no text: each counts like a byte of it.
    columns.rows() > 0 && (columns.rows() >= piece.rows || bytes.max(columns.cells()) >= piece.bytes)
}

fn taken(reader: &mut Reader) -> Option<Rows> {
    let rows = reader.take();
    (rows.rows > 0).then_some(rows)
}

fn too_large(reader: &Reader) -> Refusal {
    let row = reader.columns().row();
    let detail = format!(
        "row {row} is larger than {MAX_ROW_BYTES} bytes, or its quotes and brackets are not closed: \
         send it in smaller rows"
    );
    Refusal { fault: Fault::InvalidJson, field: Some(format!("rows[{row}]")), detail }
}
