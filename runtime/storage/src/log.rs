//! The append log: rows that are durable and in no segment yet.

use std::ops::RangeInclusive;

use driftline_core::{Time, Window};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Error, Kind,
    body::Body,
    catalog,
    changes::{self, Touched},
    id_range::IdRange,
    model::ModelId,
    received,
};

/// A log row without its body.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub seq: i64,
    pub rows: u64,
    pub bytes: u64,
    pub received: Time,
    /// The first and the last time of predictions, in microseconds.
    pub times: Option<(i64, i64)>,
    pub min_id: [u8; 16],
    pub max_id: [u8; 16],
    pub checksum: u32,
}

impl Entry {
    /// The smallest and largest id in it.
    pub fn ids(&self) -> IdRange {
        (self.min_id, self.max_id)
    }
}

/// Writes one log row.
pub(crate) fn insert(connection: &Connection, model: ModelId, kind: Kind, body: &Body, now: Time) -> Result<(), Error> {
    let (min_time, max_time) = body.extent.times.unzip();
    connection
        .prepare_cached(
            "INSERT INTO log (model, kind, rows, bytes, received, min_time, max_time, min_id, max_id, checksum, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            model.0,
            kind.number(),
            body.rows as i64,
            body.bytes.len() as i64,
            now.micros(),
            min_time,
            max_time,
            body.extent.ids.0,
            body.extent.ids.1,
            body.checksum,
            body.bytes,
        ])?;
    let touched = Touched::of(body.quarters.iter().copied(), connection.last_insert_rowid());
    changes::note(connection, model, &None, &touched)?;
    received::count(connection, model, kind, body.rows as u64)
}

/// The number drawn last for a log row of any model, or for what counts as one.
pub(crate) fn last_seq(connection: &Connection) -> Result<i64, Error> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'log'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or_default())
}

/// Draws a place in the order of arrival for rows that go to segments without
/// having been in the log: after every log row there is, before those to come.
pub(crate) fn next_seq(connection: &Connection) -> Result<i64, Error> {
    catalog::draw(connection, "log")
}

/// The log rows of a model, in order; of predictions, those that touch `window`.
pub(crate) fn entries(
    connection: &Connection,
    model: ModelId,
    kind: Kind,
    window: Option<Window>,
) -> Result<Vec<Entry>, Error> {
    let (start, end) = bounds(window);
    let entries = connection
        .prepare_cached(
            "SELECT seq, rows, bytes, min_id, max_id, checksum, received, min_time, max_time FROM log
             WHERE model = ?1 AND kind = ?2 AND (max_time IS NULL OR (max_time >= ?3 AND min_time < ?4)) ORDER BY seq",
        )?
        .query_map(params![model.0, kind.number(), start, end], |row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(7)?, row.get(8)?);
            Ok(Entry {
                seq: row.get(0)?,
                rows: row.get(1)?,
                bytes: row.get(2)?,
                min_id: catalog::id16(row, 3)?,
                max_id: catalog::id16(row, 4)?,
                checksum: row.get(5)?,
                received: catalog::time(row, 6)?,
                times: first.zip(last),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(entries)
}

/// The oldest log row of a model and kind, if there is any.
pub(crate) fn first_seq(connection: &Connection, model: ModelId, kind: Kind) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT min(seq) FROM log WHERE model = ?1 AND kind = ?2")?
        .query_row(params![model.0, kind.number()], |row| row.get(0))?)
}

/// The ends of `window` in microseconds, or those of all time.
pub(crate) fn bounds(window: Option<Window>) -> (i64, i64) {
    window.map_or((i64::MIN, i64::MAX), |window| (window.start().micros(), window.end().micros()))
}

/// The checksum and bytes of one log row, or `None` when it was sealed meanwhile.
pub(crate) fn body(connection: &Connection, seq: i64) -> Result<Option<(u32, Vec<u8>)>, Error> {
    Ok(connection
        .prepare_cached("SELECT checksum, body FROM log WHERE seq = ?1")?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// Removes the log rows of a model that are in segments now; gives how many.
pub(crate) fn remove(
    connection: &Connection,
    model: ModelId,
    kind: Kind,
    seqs: &RangeInclusive<i64>,
) -> Result<usize, Error> {
    Ok(connection
        .prepare_cached("DELETE FROM log WHERE model = ?1 AND kind = ?2 AND seq BETWEEN ?3 AND ?4")?
        .execute(params![model.0, kind.number(), seqs.start(), seqs.end()])?)
}

/// How much of one model and kind waits to be sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
    pub model: ModelId,
    pub kind: Kind,
    pub rows: u64,
    pub bytes: u64,
    pub oldest: Time,
}

/// The depth of every log, but those of deleted models.
pub(crate) fn depths(connection: &Connection) -> Result<Vec<Depth>, Error> {
    let depths = connection
        .prepare_cached(
            "SELECT model, kind, sum(rows), sum(bytes), min(received) FROM log INDEXED BY log_by_model
             WHERE model NOT IN (SELECT id FROM models WHERE deleted IS NOT NULL) GROUP BY model, kind",
        )?
        .query_map([], |row| {
            Ok(Depth {
                model: ModelId(row.get(0)?),
                kind: Kind::from_number(row.get(1)?).ok_or_else(|| catalog::odd(1, "an unknown kind of rows"))?,
                rows: row.get(2)?,
                bytes: row.get(3)?,
                oldest: catalog::time(row, 4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(depths)
}
