//! Checks segments: their bytes, and what is recorded of them.

use arrow::array::RecordBatch;
use bytes::Bytes;
use driftline_core::{ID, TIME, Time};
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    errors::ParquetError,
};

use super::{
    Rows, Verification,
    ids::{self, Pass},
};
use crate::{
    Error, Kind,
    files::Files,
    rows::{self, Extent},
    segment::Listing,
};

/// Checks the segments of a model, and that no two of its predictions have one id.
pub(super) fn check(files: &Files, rows: &Rows, report: &mut Verification) -> Result<(), Error> {
    let predictions = |(kind, _): &&(Kind, Listing)| *kind == Kind::Predictions;
    let sealed: u64 = rows.segments.iter().filter(predictions).map(|(_, listing)| listing.rows).sum();
    let passes = ids::passes(sealed + rows.logged.len() as u64);
    for number in 0..passes {
        let mut pass = Pass::new(number, passes);
        pass.take(rows.logged.iter().copied());
        for (kind, listing) in &rows.segments {
            let found = match (number, kind) {
                (0, _) => checked(files, *kind, listing, report)?,
                (_, Kind::Predictions) => files.get(&listing.path(), &listing.digest).ok(),
                (_, Kind::Delayed) => None,
            };
            if let Some(bytes) = found.filter(|_| *kind == Kind::Predictions) {
                // What can't be read was noted in the first pass.
                let _noted = read(bytes, |batch| ids::of(batch).map(|ids| pass.take(ids)));
            }
        }
        for id in pass.repeated() {
            let id = uuid::Uuid::from_u128(id);
            report.problem(format!("model {}", rows.model.name), format!("the id {id} occurs more than once"));
        }
    }
    Ok(())
}

/// Checks one segment; gives its bytes if they are whole.
fn checked(files: &Files, kind: Kind, listing: &Listing, report: &mut Verification) -> Result<Option<Bytes>, Error> {
    let path = listing.path();
    report.segments += 1;
    let bytes = match files.get(&path, &listing.digest) {
        Ok(bytes) => bytes,
        Err(error) => return report.damage(error).map(|()| None),
    };
    report.bytes += bytes.len() as u64;
    report.compare(path.as_ref(), "bytes", listing.bytes, bytes.len() as u64);
    let mut found = Found::default();
    match read(bytes.clone(), |batch| found.take(batch)) {
        Ok(()) => found.compare(kind, listing, report),
        Err(error) => report.problem(path.as_ref(), error.to_string()),
    }
    Ok(Some(bytes))
}

/// What a segment holds.
#[derive(Default)]
struct Found {
    rows: u64,
    extent: Option<Extent>,
    last_time: Option<i64>,
    out_of_order: bool,
}

impl Found {
    fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows() as u64;
        let extent = Extent::of(batch)?;
        self.extent = Some(self.extent.map_or(extent, |whole| whole.and(extent)));
        for time in rows::times(batch) {
            self.out_of_order |= self.last_time.is_some_and(|last| last > *time);
            self.last_time = Some(*time);
        }
        Ok(())
    }

    fn compare(self, kind: Kind, listing: &Listing, report: &mut Verification) {
        let path = listing.path();
        report.compare(path.as_ref(), "rows", listing.rows, self.rows);
        let times = listing.times.map(|(min, max)| (Time::micros(min), Time::micros(max)));
        report.compare(path.as_ref(), "range of ids and times", Some(Extent { times, ids: listing.ids }), self.extent);
        if self.out_of_order {
            report.problem(path.as_ref(), "its rows are not in the order of their times");
        }
        match kind {
            Kind::Predictions => report.predictions += self.rows,
            Kind::Delayed => report.delayed += self.rows,
        }
    }
}

/// Hands the ids and times of a file to `take`, batch by batch.
fn read(bytes: Bytes, mut take: impl FnMut(&RecordBatch) -> Result<(), Error>) -> Result<(), Error> {
    let odd = |error: ParquetError| Error::failed("decoding Parquet", error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(odd)?;
    let wanted = [ID, TIME].into_iter().filter(|name| builder.schema().column_with_name(name).is_some());
    let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
    for batch in builder.with_projection(mask).build().map_err(odd)? {
        take(&batch.map_err(|error| Error::failed("decoding Parquet", error))?)?;
    }
    Ok(())
}
