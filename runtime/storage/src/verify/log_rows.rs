//! Checks the log: every body, and what is recorded of it.

use arrow::array::RecordBatch;
use rusqlite::{Connection, params};

use super::{Verification, ids};
use crate::{Error, Kind, body, catalog, model::Model, rows::Extent};

/// What is recorded of a log row, beside its body.
struct Recorded {
    seq: i64,
    rows: u64,
    bytes: u64,
    extent: Extent,
}

/// Checks the log of a model and kind; adds the ids of predictions to `logged`.
pub(super) fn check(
    view: &Connection,
    model: &Model,
    kind: Kind,
    logged: &mut Vec<u128>,
    report: &mut Verification,
) -> Result<(), Error> {
    let mut statement = view.prepare_cached(
        "SELECT seq, rows, bytes, min_time, max_time, min_id, max_id, checksum, body FROM log
         WHERE model = ?1 AND kind = ?2 ORDER BY seq",
    )?;
    let mut found = statement.query(params![model.id.0, kind.number()])?;
    while let Some(row) = found.next()? {
        let times: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        let recorded = Recorded {
            seq: row.get(0)?,
            rows: row.get(1)?,
            bytes: row.get(2)?,
            extent: Extent { times: times.0.zip(times.1), ids: (catalog::id16(row, 5)?, catalog::id16(row, 6)?) },
        };
        let bytes: Vec<u8> = row.get(8)?;
        let place = format!("row {} of the log of {}", recorded.seq, model.name);
        report.log_rows += 1;
        report.compare(&place, "bytes", recorded.bytes, bytes.len() as u64);
        match body::decode(recorded.seq, row.get(7)?, bytes) {
            Ok(batch) => compare(&place, &recorded, &batch, kind, logged, report)?,
            Err(error) => report.damage(error)?,
        }
    }
    Ok(())
}

fn compare(
    place: &str,
    recorded: &Recorded,
    batch: &RecordBatch,
    kind: Kind,
    logged: &mut Vec<u128>,
    report: &mut Verification,
) -> Result<(), Error> {
    report.compare(place, "rows", recorded.rows, batch.num_rows() as u64);
    report.compare(place, "range of ids and times", recorded.extent, Extent::of(batch)?);
    match kind {
        Kind::Predictions => {
            report.predictions += recorded.rows;
            logged.extend(ids::of(batch)?);
        }
        Kind::Delayed => report.delayed += recorded.rows,
    }
    Ok(())
}
