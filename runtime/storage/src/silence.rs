//! Silences: for how long nothing is told of some alerts.

use driftline_core::Time;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{Error, Storage, catalog};

/// A silence as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceRecord {
    /// Its key.
    pub id: Uuid,
    /// From when on it holds.
    pub starts: Time,
    /// Until when; that instant is not in it.
    pub ends: Time,
    /// Which alerts it is about, why, and who said so: a JSON text that storage does not look into.
    pub rule: String,
    /// When it was put.
    pub created: Time,
}

impl Storage {
    /// Puts a silence. Alerts are looked at again when it begins and when it ends.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn put_silence(&self, new: SilenceRecord) -> Result<SilenceRecord, Error> {
        self.inner.writer.call(move |group| {
            group
                .connection
                .prepare_cached(
                    "INSERT INTO silences (id, starts, ends, rule, created) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (id) DO UPDATE SET starts = ?2, ends = ?3, rule = ?4",
                )?
                .execute(params![
                    new.id.as_bytes(),
                    new.starts.micros(),
                    new.ends.micros(),
                    new.rule,
                    new.created.micros()
                ])?;
            look_again(group.connection, new.starts.max(group.now))?;
            Ok(new)
        })
    }

    /// Ends a silence that holds or is to come; one that is over stays as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the silence.
    pub fn end_silence(&self, id: Uuid) -> Result<SilenceRecord, Error> {
        self.inner.writer.call(move |group| {
            let held = find(group.connection, id)?.ok_or_else(|| Error::not_found("silence", id))?;
            let ends = held.ends.min(group.now);
            let ended = SilenceRecord { starts: held.starts.min(ends), ends, ..held };
            group
                .connection
                .prepare_cached("UPDATE silences SET starts = ?2, ends = ?3 WHERE id = ?1")?
                .execute(params![id.as_bytes(), ended.starts.micros(), ended.ends.micros()])?;
            look_again(group.connection, group.now)?;
            Ok(ended)
        })
    }

    /// The silence with this key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn silence(&self, id: Uuid) -> Result<Option<SilenceRecord>, Error> {
        self.inner.catalog.read(|view| find(view, id))
    }

    /// Silences, those that end last first, at most `limit`; all, or those that hold at an instant.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn silences(&self, at: Option<Time>, limit: usize) -> Result<Vec<SilenceRecord>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!(
                "{SELECT} WHERE ?1 IS NULL OR (starts <= ?1 AND ends > ?1) ORDER BY ends DESC, id DESC LIMIT ?2"
            );
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(params![at.map(Time::micros), limit as i64], silence)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

/// The silences that hold at `now`.
pub(crate) fn holding(connection: &Connection, now: Time) -> Result<Vec<SilenceRecord>, Error> {
    let query = format!("{SELECT} WHERE ends > ?1 AND starts <= ?1 ORDER BY ends, id");
    let mut statement = connection.prepare_cached(&query)?;
    let found = statement.query_map([now.micros()], silence)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Has every alert that is not over looked at from `from` on: the rules know best whom a silence concerns.
fn look_again(connection: &Connection, from: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE alerts SET look_at = min(coalesce(look_at, ?1), ?1) WHERE status IN ('open', 'acknowledged')",
        )?
        .execute([from.micros()])?;
    Ok(())
}

const SELECT: &str = "SELECT id, starts, ends, rule, created FROM silences";

fn find(connection: &Connection, id: Uuid) -> Result<Option<SilenceRecord>, Error> {
    let query = format!("{SELECT} WHERE id = ?1");
    Ok(connection.prepare_cached(&query)?.query_row([id.as_bytes()], silence).optional()?)
}

fn silence(row: &Row<'_>) -> rusqlite::Result<SilenceRecord> {
    Ok(SilenceRecord {
        id: catalog::uuid(row, 0)?,
        starts: catalog::time(row, 1)?,
        ends: catalog::time(row, 2)?,
        rule: row.get(3)?,
        created: catalog::time(row, 4)?,
    })
}
