//! A large body, decoded piece by piece.
//!
//! Where the pieces are cut changes nothing: the rows, their types and what is
//! refused are those of the body as one.

use std::{fs::File, io::BufReader};

use driftline_core::{Schema, Time};

use super::{
    Assembly, Format, Part, RowKind, Rows,
    arrow_stream::Messages,
    columns::Columns,
    csv::Records,
    distinct::Distinct,
    json::{Array, Lines, Reader},
    parquet_file::Groups,
    piece::{Failure, Piece},
    spool::{Section, Spool},
    table::Tables,
};

/// The rows of a large body.
pub struct Stream {
    source: Source,
    assembly: Assembly,
    distinct: Option<Distinct>,
}

enum Source {
    Lines(Lines<BufReader<Section>>),
    Array(Array<BufReader<Section>>),
    Csv(Records<BufReader<Section>>, Tables),
    Arrow(Messages<BufReader<Section>>, Tables),
    Parquet(Groups, Tables),
}

impl Stream {
    /// The rows of the body in `spool`, against a model's `schema`; `now` is the time of rows without one. `scratch`
    /// is an empty file for what has to be remembered of the rows.
    ///
    /// # Errors
    /// What is wrong first, and where.
    pub fn open(
        format: Format,
        kind: RowKind,
        spool: &Spool,
        schema: &Schema,
        now: Time,
        scratch: File,
    ) -> Result<Self, Failure> {
        Self::in_pieces(format, kind, spool, schema, now, scratch, Piece::default())
    }

    pub(super) fn in_pieces(
        format: Format,
        kind: RowKind,
        spool: &Spool,
        schema: &Schema,
        now: Time,
        scratch: File,
        piece: Piece,
    ) -> Result<Self, Failure> {
        let reader = || Reader::new(kind, Columns::new(schema.clone()));
        let tables = || Tables::new(kind, schema.clone());
        let source = match format {
            Format::Json => Source::Array(Array::new(spool.reader(), reader(), piece)),
            Format::Ndjson => Source::Lines(Lines::new(spool.reader(), reader(), piece)),
            Format::Csv => Source::Csv(Records::new(spool.reader(), spool.reader(), schema, piece)?, tables()),
            Format::ArrowStream => Source::Arrow(Messages::new(spool.reader(), spool.bytes(), piece), tables()),
            Format::Parquet => Source::Parquet(Groups::new(spool.clone(), piece)?, tables()),
        };
        let distinct = (kind == RowKind::Predictions).then(|| Distinct::new(scratch));
        Ok(Self { source, assembly: Assembly::new(kind, now), distinct })
    }

    /// The next rows; none at the end, when all rows have proved good.
    ///
    /// # Errors
    /// What is wrong first, and where.
    pub fn next_part(&mut self) -> Result<Option<Part>, Failure> {
        let Some(rows) = self.rows()? else {
            return self.distinct.take().map_or(Ok(()), Distinct::finish).map(|()| None);
        };
        if let Some(distinct) = &mut self.distinct {
            for (row, id) in (self.assembly.rows..).zip(&rows.keys.ids) {
                id.map_or(Ok(()), |id| distinct.add(row, id))?;
            }
        }
        Ok(Some(self.assembly.add(rows)?))
    }

    /// How many rows came so far.
    pub fn row_count(&self) -> usize {
        self.assembly.rows
    }

    /// Columns of a dataset that were left out because of their names.
    pub fn ignored(&self) -> &[String] {
        match &self.source {
            Source::Lines(_) | Source::Array(_) => &[],
            Source::Csv(_, tables) | Source::Arrow(_, tables) | Source::Parquet(_, tables) => &tables.ignored,
        }
    }

    fn rows(&mut self) -> Result<Option<Rows>, Failure> {
        let (batch, tables) = match &mut self.source {
            Source::Lines(lines) => return lines.next(),
            Source::Array(array) => return array.next(),
            Source::Csv(records, tables) => (records.next()?, tables),
            Source::Arrow(messages, tables) => (messages.next()?, tables),
            Source::Parquet(groups, tables) => (groups.next()?, tables),
        };
        Ok(batch.map(|batch| tables.read(&batch)).transpose()?)
    }
}
