//! Segments in the catalog: immutable Parquet files of one model's rows.

use driftline_core::{Digest, Time, Window};
use object_store::path::Path;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::{Error, Kind, catalog, log, model::ModelId};

/// A sealed file of predictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its key.
    pub id: Uuid,
    /// Where it is in the object store.
    pub path: Path,
    /// How many rows it has, sorted by time.
    pub rows: u64,
    /// How large the file is.
    pub bytes: u64,
    /// The first row's time.
    pub min_time: Time,
    /// The last row's time.
    pub max_time: Time,
    /// The smallest id.
    pub min_id: [u8; 16],
    /// The largest id.
    pub max_id: [u8; 16],
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// Grows with each listing of rows that were in no segment before. A file made
    /// of others has the largest of theirs.
    pub generation: u64,
}

/// A sealed file as the catalog lists it, of either kind.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub id: Uuid,
    pub model: ModelId,
    pub rows: u64,
    pub bytes: u64,
    pub times: Option<(Time, Time)>,
    pub ids: ([u8; 16], [u8; 16]),
    pub seqs: (i64, i64),
    pub digest: Digest,
    pub generation: u64,
    /// Of delayed metrics: their values are in every segment of predictions up to this generation.
    pub applied: u64,
    /// Of delayed metrics: when the first and the last of them arrived.
    pub received: Option<(Time, Time)>,
}

impl Listing {
    /// Where the file is.
    pub fn path(&self) -> Path {
        path(self.model, self.id)
    }

    /// As a segment of predictions; `None` for delayed metrics, which have no times.
    pub fn segment(self) -> Option<Segment> {
        let (min_time, max_time) = self.times?;
        Some(Segment {
            id: self.id,
            path: self.path(),
            rows: self.rows,
            bytes: self.bytes,
            min_time,
            max_time,
            min_id: self.ids.0,
            max_id: self.ids.1,
            digest: self.digest,
            generation: self.generation,
        })
    }
}

/// Where a segment's file is.
pub(crate) fn path(model: ModelId, id: Uuid) -> Path {
    Path::from(format!("segments/{}/{id}.parquet", model.0))
}

/// Draws the generation of the rows that the running transaction lists first.
pub(crate) fn next_generation(connection: &Connection) -> Result<u64, Error> {
    Ok(connection
        .prepare_cached("UPDATE counters SET value = value + 1 WHERE name = 'generation' RETURNING value")?
        .query_row([], |row| row.get(0))?)
}

/// Lists a segment.
pub(crate) fn insert(connection: &Connection, kind: Kind, listing: &Listing, now: Time) -> Result<(), Error> {
    let (min_time, max_time) = listing.times.unzip();
    let (first_received, last_received) = listing.received.unzip();
    connection
        .prepare_cached(
            "INSERT INTO segments
             (id, model, kind, rows, bytes, min_time, max_time, min_id, max_id, first_seq, last_seq, digest, created,
              generation, applied, first_received, last_received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        )?
        .execute(params![
            listing.id.as_bytes(),
            listing.model.0,
            kind.number(),
            listing.rows,
            listing.bytes,
            min_time.map(Time::micros),
            max_time.map(Time::micros),
            listing.ids.0,
            listing.ids.1,
            listing.seqs.0,
            listing.seqs.1,
            listing.digest.as_bytes(),
            now.micros(),
            listing.generation,
            listing.applied,
            first_received.map(Time::micros),
            last_received.map(Time::micros),
        ])?;
    Ok(())
}

const SELECT: &str = "SELECT id, model, rows, bytes, min_time, max_time, min_id, max_id, first_seq, last_seq, digest,
    generation, applied, first_received, last_received FROM segments";

/// The segments of predictions that touch `window`, by first time.
pub(crate) fn predictions(
    connection: &Connection,
    model: ModelId,
    window: Option<Window>,
) -> Result<Vec<Segment>, Error> {
    let (start, end) = log::bounds(window);
    let found = connection
        .prepare_cached(&format!(
            "{SELECT} WHERE model = ?1 AND kind = 0 AND max_time >= ?2 AND min_time < ?3 ORDER BY min_time, id"
        ))?
        .query_map(params![model.0, start, end], listing)?
        .filter_map(|listing| listing.map(Listing::segment).transpose())
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The segments of delayed metrics, oldest first.
pub(crate) fn delayed(connection: &Connection, model: ModelId) -> Result<Vec<Listing>, Error> {
    let found = connection
        .prepare_cached(&format!("{SELECT} WHERE model = ?1 AND kind = 1 ORDER BY first_seq, min_id"))?
        .query_map([model.0], listing)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The paths of all segments.
pub(crate) fn paths(connection: &Connection) -> Result<Vec<Path>, Error> {
    let paths = connection
        .prepare("SELECT model, id FROM segments")?
        .query_map([], |row| Ok(path(ModelId(row.get(0)?), catalog::uuid(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(paths)
}

fn listing(row: &Row<'_>) -> rusqlite::Result<Listing> {
    Ok(Listing {
        id: catalog::uuid(row, 0)?,
        model: ModelId(row.get(1)?),
        rows: row.get(2)?,
        bytes: row.get(3)?,
        times: catalog::time_or_null(row, 4)?.zip(catalog::time_or_null(row, 5)?),
        ids: (catalog::id16(row, 6)?, catalog::id16(row, 7)?),
        seqs: (row.get(8)?, row.get(9)?),
        digest: catalog::digest(row, 10)?,
        generation: row.get(11)?,
        applied: row.get(12)?,
        received: catalog::time_or_null(row, 13)?.zip(catalog::time_or_null(row, 14)?),
    })
}
