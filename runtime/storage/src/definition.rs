//! Definitions: what was computed of a model's rows, so that it can be kept when the rows go.

use driftline_core::{Digest, Time};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Error, Storage,
    model::{Model, ModelId},
};

/// One thing that is computed of a model's rows. Storage does not look into `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Tells it from all others.
    pub key: DefinitionKey,
    /// What is computed; the same thing always has the same text.
    pub text: String,
}

/// The first half of the SHA-256 of a definition's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DefinitionKey(pub(crate) [u8; 16]);

impl Definition {
    /// The definition with this text.
    pub fn new(text: String) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&Digest::of(text.as_bytes()).as_bytes()[..16]);
        Self { key: DefinitionKey(key), text }
    }
}

impl Storage {
    /// What recorded evaluations computed of the model, those used last first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn definitions(&self, model: &Model, limit: usize) -> Result<Vec<Definition>, Error> {
        self.inner.catalog.read(|view| {
            let found = view
                .prepare_cached(
                    "SELECT definition FROM definitions WHERE model = ?1 AND used > ?2 ORDER BY used DESC, key LIMIT ?3",
                )?
                .query_map(params![model.id.0, NEVER, limit as i64], |row| row.get(0).map(Definition::new))?
                .collect::<Result<_, _>>()?;
            Ok(found)
        })
    }
}

/// When what nobody asked for was last used.
const NEVER: i64 = i64::MIN;

/// Notes the text of a definition whose states are kept, whether or not it was ever used.
pub(crate) fn known(connection: &Connection, model: ModelId, definition: &Definition) -> Result<(), Error> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO definitions (model, key, definition, used) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![model.0, definition.key.0, definition.text, NEVER])?;
    Ok(())
}

/// Notes that definitions were used.
pub(crate) fn used(
    connection: &Connection,
    model: ModelId,
    definitions: &[Definition],
    now: Time,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO definitions (model, key, definition, used) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (model, key) DO UPDATE SET used = excluded.used",
    )?;
    for Definition { key, text } in definitions {
        statement.execute(params![model.0, key.0, text, now.micros()])?;
    }
    Ok(())
}

/// The text of a definition, if it is known.
pub(crate) fn text(connection: &Connection, model: ModelId, key: DefinitionKey) -> Result<Option<String>, Error> {
    Ok(connection
        .prepare_cached("SELECT definition FROM definitions WHERE model = ?1 AND key = ?2")?
        .query_row(params![model.0, key.0], |row| row.get(0))
        .optional()?)
}
