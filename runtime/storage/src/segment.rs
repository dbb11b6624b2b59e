//! Segments in the catalog: immutable Parquet files of one model's rows.

use std::{collections::HashMap, sync::Arc};

use driftline_core::{Digest, Time, Window};
use object_store::path::Path;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::{
    Error, Hidden, Kind, catalog,
    id_range::{IdRange, overlap},
    labels::Labels,
    listed::ListedFile,
    log,
    model::ModelId,
};

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
    /// Rows before this are in roll-ups; `None` when none is.
    pub rolled: Option<Time>,
    /// How many rows that is.
    pub rolled_rows: u64,
}

impl Segment {
    /// The smallest and largest id in it.
    pub(crate) fn ids(&self) -> IdRange {
        (self.min_id, self.max_id)
    }

    /// Whether values of a file of delayed metrics may belong to its rows and are not folded into them.
    pub(crate) fn may_await(&self, file: &Listing) -> bool {
        self.generation > file.applied && overlap(self.ids(), file.ids)
    }
}

/// A sealed file as the catalog lists it, of either kind.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub id: Uuid,
    pub model: ModelId,
    pub rows: u64,
    pub bytes: u64,
    pub times: Option<(Time, Time)>,
    pub ids: IdRange,
    pub seqs: (i64, i64),
    pub digest: Digest,
    pub created: Time,
    /// See [`Segment::generation`].
    pub generation: u64,
    /// Of delayed metrics: their values are in every segment of predictions up to this generation.
    pub applied: u64,
    /// Of delayed metrics: when the first and the last of them arrived.
    pub received: Option<(Time, Time)>,
    /// See [`Segment::rolled`].
    pub rolled: Option<Time>,
    /// See [`Segment::rolled_rows`].
    pub rolled_rows: u64,
}

impl Listing {
    /// Where the file is.
    pub fn path(&self) -> Path {
        path(self.model, self.id)
    }

    /// The rows that are in roll-ups: whoever writes the file anew leaves them out.
    pub fn rolled_up(&self) -> Hidden {
        Hidden { before: self.rolled, ids: Arc::default() }
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
            rolled: self.rolled,
            rolled_rows: self.rolled_rows,
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
pub(crate) fn insert(
    connection: &Connection,
    kind: Kind,
    listing: &Listing,
    labels: Option<&[u8]>,
    now: Time,
) -> Result<(), Error> {
    let (min_time, max_time) = listing.times.unzip();
    let (first_received, last_received) = listing.received.unzip();
    connection
        .prepare_cached(
            "INSERT INTO segments
             (id, model, kind, rows, bytes, min_time, max_time, min_id, max_id, first_seq, last_seq, digest, created,
              generation, applied, first_received, last_received, labels)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
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
            labels,
        ])?;
    Ok(())
}

const SELECT: &str = "SELECT id, model, rows, bytes, min_time, max_time, min_id, max_id, first_seq, last_seq, digest,
    generation, applied, first_received, last_received, created, rolled, rolled_rows FROM segments";

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

/// The newest generation of the model's segments of predictions; 0 without any.
pub(crate) fn newest(connection: &Connection, model: ModelId) -> Result<u64, Error> {
    Ok(connection
        .prepare_cached("SELECT coalesce(max(generation), 0) FROM segments WHERE model = ?1 AND kind = 0")?
        .query_row([model.0], |row| row.get(0))?)
}

/// The segments of predictions newer than generation `since` that can hold an id of `ids`.
pub(crate) fn holding(
    connection: &Connection,
    model: ModelId,
    ids: IdRange,
    since: u64,
) -> Result<Vec<Segment>, Error> {
    let found = connection
        .prepare_cached(&format!(
            "{SELECT} WHERE model = ?1 AND kind = 0 AND generation > ?2 AND max_id >= ?3 AND min_id <= ?4"
        ))?
        .query_map(params![model.0, since, ids.0, ids.1], listing)?
        .filter_map(|listing| listing.map(Listing::segment).transpose())
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// All segments of a kind: predictions by first time, delayed metrics in the order of their arrival.
pub(crate) fn all(connection: &Connection, model: ModelId, kind: Kind) -> Result<Vec<Listing>, Error> {
    let order = match kind {
        Kind::Predictions => "min_time, id",
        Kind::Delayed => "first_seq, last_seq, min_id",
    };
    let found = connection
        .prepare_cached(&format!("{SELECT} WHERE model = ?1 AND kind = ?2 ORDER BY {order}"))?
        .query_map(params![model.0, kind.number()], listing)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// The models with segments, but those that were deleted.
pub(crate) fn models(connection: &Connection) -> Result<Vec<ModelId>, Error> {
    let models = connection
        .prepare_cached(
            "SELECT DISTINCT model FROM segments
             WHERE model NOT IN (SELECT id FROM models WHERE deleted IS NOT NULL) ORDER BY model",
        )?
        .query_map([], |row| row.get(0).map(ModelId))?
        .collect::<Result<_, _>>()?;
    Ok(models)
}

/// The label counts of the model's segments of predictions; those are left out that the
/// first release wrote, which kept none.
pub(crate) fn labels(connection: &Connection, model: ModelId) -> Result<HashMap<Uuid, Labels>, Error> {
    let mut labels = HashMap::new();
    let mut statement = connection
        .prepare_cached("SELECT id, labels FROM segments WHERE model = ?1 AND kind = 0 AND labels IS NOT NULL")?;
    let mut rows = statement.query([model.0])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        labels.insert(catalog::uuid(row, 0)?, Labels::from_bytes(bytes)?);
    }
    Ok(labels)
}

/// The generation drawn last: that of no segment is larger.
pub(crate) fn generation(connection: &Connection) -> Result<u64, Error> {
    Ok(connection
        .prepare_cached("SELECT value FROM counters WHERE name = 'generation'")?
        .query_row([], |row| row.get(0))?)
}

/// Notes that the values of these delayed metrics are in every segment of predictions up to `generation`.
pub(crate) fn set_applied(connection: &Connection, ids: &[Uuid], generation: u64) -> Result<(), Error> {
    let mut update = connection.prepare_cached("UPDATE segments SET applied = ?2 WHERE id = ?1 AND applied < ?2")?;
    ids.iter().try_for_each(|id| update.execute(params![id.as_bytes(), generation]).map(drop))?;
    Ok(())
}

/// Takes segments off the list.
///
/// # Errors
/// [`Error::Failed`] when one is not listed any more, or rows of it went into roll-ups since
/// it was read: what was made of it is out of date.
pub(crate) fn remove<'a>(
    connection: &Connection,
    segments: impl IntoIterator<Item = &'a Listing>,
) -> Result<(), Error> {
    unlist(connection, segments.into_iter().map(|listing| (listing.id, listing.rolled)))
}

/// The same, of segments given by their keys and [`Segment::rolled`].
pub(crate) fn unlist(
    connection: &Connection,
    segments: impl IntoIterator<Item = (Uuid, Option<Time>)>,
) -> Result<(), Error> {
    let mut delete = connection.prepare_cached("DELETE FROM segments WHERE id = ?1 AND rolled IS ?2")?;
    for (id, rolled) in segments {
        if delete.execute(params![id.as_bytes(), rolled.map(Time::micros)])? != 1 {
            return Err(Error::failed("replacing segments", format!("segment {id} was replaced meanwhile")));
        }
    }
    Ok(())
}

/// The place in the order of arrival of the first delayed metrics in a segment that came after log row `seq`.
pub(crate) fn first_delayed_after(connection: &Connection, model: ModelId, seq: i64) -> Result<Option<i64>, Error> {
    Ok(connection
        .prepare_cached("SELECT min(first_seq) FROM segments WHERE model = ?1 AND kind = 1 AND first_seq > ?2")?
        .query_row([model.0, seq], |row| row.get(0))?)
}

/// The files of all segments.
pub(crate) fn files(connection: &Connection) -> Result<Vec<ListedFile>, Error> {
    let files = connection
        .prepare("SELECT model, id, bytes, digest FROM segments")?
        .query_map([], |row| {
            let path = path(ModelId(row.get(0)?), catalog::uuid(row, 1)?);
            Ok(ListedFile { path, bytes: row.get(2)?, digest: catalog::digest(row, 3)? })
        })?
        .collect::<Result<_, _>>()?;
    Ok(files)
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
        created: catalog::time(row, 15)?,
        rolled: catalog::time_or_null(row, 16)?,
        rolled_rows: row.get(17)?,
    })
}
