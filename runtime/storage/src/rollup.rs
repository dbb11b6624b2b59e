//! Roll-ups in the catalog: files of kept states.

use driftline_core::{Digest, Time, Window};
use object_store::path::Path;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::{
    Error, Grain, catalog,
    definition::DefinitionKey,
    kept::{self, KeptFile, KeptState},
    listed::ListedFile,
    model::ModelId,
    parquet_file::{self, Part},
    storage::Inner,
};

/// A file of kept states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RollUp {
    pub id: Uuid,
    pub model: ModelId,
    /// What its states were brought to.
    pub grain: Grain,
    /// From the first state's start to the last one's end.
    pub window: Window,
    pub states: u64,
    pub bytes: u64,
    /// How many bytes the rows behind the states took up, where that is known.
    pub rows_bytes: Option<u64>,
    pub digest: Digest,
}

impl RollUp {
    /// Where the file is.
    pub fn path(&self) -> Path {
        path(self.model, self.id)
    }

    /// Reads the states of one definition, or of all, in the order of the file.
    pub fn read(
        &self,
        inner: &Inner,
        definition: Option<DefinitionKey>,
    ) -> Result<Vec<(DefinitionKey, KeptState)>, Error> {
        let path = self.path();
        inner.files.verify(&path, &self.digest)?;
        let keys = definition.map_or(([0; 16], [u8::MAX; 16]), |key| (key.0, key.0));
        let part = Part { columns: None, ids: Some(keys), group: None };
        let mut states = Vec::new();
        for batch in parquet_file::read(&inner.files, &path, self.bytes, part)? {
            states.extend(kept::states(&batch?)?);
        }
        states.retain(|(key, _)| definition.is_none_or(|wanted| wanted == *key));
        Ok(states)
    }
}

/// Makes the file durable; no record lists it yet. `None` when there are no states.
pub(crate) fn write(
    inner: &Inner,
    model: ModelId,
    grain: Grain,
    file: KeptFile,
    rows_bytes: Option<u64>,
) -> Result<Option<RollUp>, Error> {
    let Some(window) = file.window else { return Ok(None) };
    let states = file.states;
    let bytes = file.finish()?;
    let id = Uuid::now_v7();
    let (length, digest) = (bytes.len() as u64, Digest::of(&bytes));
    let rollup = RollUp { id, model, grain, window, states, bytes: length, rows_bytes, digest };
    inner.files.put(&rollup.path(), bytes)?;
    Ok(Some(rollup))
}

fn path(model: ModelId, id: Uuid) -> Path {
    Path::from(format!("rollups/{}/{id}.parquet", model.0))
}

/// Lists a file.
pub(crate) fn insert(connection: &Connection, rollup: &RollUp, now: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            r#"INSERT INTO rollups (id, model, grain, start, "end", states, bytes, rows_bytes, digest, created)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"#,
        )?
        .execute(params![
            rollup.id.as_bytes(),
            rollup.model.0,
            rollup.grain.number(),
            rollup.window.start().micros(),
            rollup.window.end().micros(),
            rollup.states,
            rollup.bytes,
            rollup.rows_bytes,
            rollup.digest.as_bytes(),
            now.micros(),
        ])?;
    Ok(())
}

/// Takes a file off the list.
pub(crate) fn remove(connection: &Connection, id: Uuid) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM rollups WHERE id = ?1")?.execute([id.as_bytes()])?;
    Ok(())
}

/// Whether all of `files` are listed.
pub(crate) fn are_listed(connection: &Connection, files: &[RollUp]) -> Result<bool, Error> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM rollups WHERE id = ?1")?;
    for file in files {
        if !statement.exists([file.id.as_bytes()])? {
            return Ok(false);
        }
    }
    Ok(true)
}

const SELECT: &str = r#"SELECT id, model, grain, start, "end", states, bytes, rows_bytes, digest FROM rollups"#;

/// The model's files that touch `window`, by start, then in the order in which they were made.
pub(crate) fn list(connection: &Connection, model: ModelId, window: Window) -> Result<Vec<RollUp>, Error> {
    let query = format!(r#"{SELECT} WHERE model = ?1 AND start < ?2 AND "end" > ?3 ORDER BY start, id"#);
    let found = connection
        .prepare_cached(&query)?
        .query_map(params![model.0, window.end().micros(), window.start().micros()], rollup)?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// How many bytes the model's files take up.
pub(crate) fn bytes(connection: &Connection, model: ModelId) -> Result<u64, Error> {
    Ok(connection
        .prepare_cached("SELECT coalesce(sum(bytes), 0) FROM rollups WHERE model = ?1")?
        .query_row([model.0], |row| row.get(0))?)
}

/// All files.
pub(crate) fn files(connection: &Connection) -> Result<Vec<ListedFile>, Error> {
    let found = connection.prepare(SELECT)?.query_map([], rollup)?.collect::<Result<Vec<_>, _>>()?;
    let file = |rollup: RollUp| ListedFile { path: rollup.path(), bytes: rollup.bytes, digest: rollup.digest };
    Ok(found.into_iter().map(file).collect())
}

fn rollup(row: &Row<'_>) -> rusqlite::Result<RollUp> {
    let (start, end) = (catalog::time(row, 3)?, catalog::time(row, 4)?);
    let number: i64 = row.get(2)?;
    let grain = Grain::ALL.into_iter().find(|grain| grain.number() == number);
    Ok(RollUp {
        id: catalog::uuid(row, 0)?,
        model: ModelId(row.get(1)?),
        grain: grain.ok_or_else(|| catalog::odd(2, "an unknown grain"))?,
        window: Window::new(start, end).map_err(|error| catalog::odd(4, error))?,
        states: row.get(5)?,
        bytes: row.get(6)?,
        rows_bytes: row.get(7)?,
        digest: catalog::digest(row, 8)?,
    })
}
