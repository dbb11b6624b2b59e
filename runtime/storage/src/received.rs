//! How many rows ever came of each model.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{Error, Kind, Model, Storage, model::ModelId};

/// How many rows ever came; what was dropped or deleted since is counted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceivedRows {
    /// Predictions.
    pub predictions: u64,
    /// Rows of delayed metrics.
    pub delayed: u64,
}

impl Storage {
    /// How many rows of the model ever came, since this is counted.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn received_rows(&self, model: &Model) -> Result<ReceivedRows, Error> {
        self.inner.catalog.read(|view| of(view, model.id))
    }
}

/// How many rows of the model ever came.
pub(crate) fn of(connection: &Connection, model: ModelId) -> Result<ReceivedRows, Error> {
    let found = connection
        .prepare_cached("SELECT predictions, delayed FROM received WHERE model = ?1")?
        .query_row([model.0], |row| Ok(ReceivedRows { predictions: row.get(0)?, delayed: row.get(1)? }))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Counts rows that came.
pub(crate) fn count(connection: &Connection, model: ModelId, kind: Kind, rows: u64) -> Result<(), Error> {
    let (predictions, delayed) = match kind {
        Kind::Predictions => (rows, 0),
        Kind::Delayed => (0, rows),
    };
    connection
        .prepare_cached(
            "INSERT INTO received (model, predictions, delayed) VALUES (?1, ?2, ?3) ON CONFLICT (model)
             DO UPDATE SET predictions = predictions + excluded.predictions, delayed = delayed + excluded.delayed",
        )?
        .execute(params![model.0, predictions, delayed])?;
    Ok(())
}
