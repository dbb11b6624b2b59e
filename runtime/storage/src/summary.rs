//! What can be said of a model without reading its rows.

use driftline_core::Time;
use rusqlite::{Connection, params};

use crate::{
    Error, Kind, Model, Storage, catalog,
    model::{self, ModelId},
    rollup,
};

/// Counts and extents of a model's rows, from the catalog alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelSummary {
    /// How many predictions there are.
    pub predictions: u64,
    /// How many rows of delayed metrics are not folded into segments; sealing joins rows with the same id.
    pub delayed_rows: u64,
    /// How many of the predictions are in no segment yet.
    pub unsealed_rows: u64,
    /// How many segments of predictions there are.
    pub segments: u64,
    /// How many bytes predictions and delayed metrics take up, the log included.
    pub bytes: u64,
    /// How many bytes the kept states of rows that are gone take up.
    pub rolled_up_bytes: u64,
    /// The first prediction's time.
    pub first_time: Option<Time>,
    /// The last prediction's time.
    pub last_time: Option<Time>,
}

impl Storage {
    /// Counts and extents of the model's rows.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn model_summary(&self, model: &Model) -> Result<ModelSummary, Error> {
        self.inner.catalog.read(|view| {
            let horizon = model::by_id(view, model.id)?.horizon;
            let sealed = totals(view, "segments", model.id, Kind::Predictions)?;
            let gone = rolled_rows(view, model.id)?;
            let logged = totals(view, "log", model.id, Kind::Predictions)?;
            let delayed_sealed = totals(view, "segments", model.id, Kind::Delayed)?;
            let delayed_logged = totals(view, "log", model.id, Kind::Delayed)?;
            let first = [sealed.first, logged.first].into_iter().flatten().min();
            Ok(ModelSummary {
                predictions: (sealed.rows + logged.rows).saturating_sub(gone),
                delayed_rows: delayed_sealed.rows + delayed_logged.rows,
                unsealed_rows: logged.rows,
                segments: sealed.entries,
                bytes: sealed.bytes + logged.bytes + delayed_sealed.bytes + delayed_logged.bytes,
                rolled_up_bytes: rollup::bytes(view, model.id)?,
                first_time: first.map(|first| horizon.map_or(first, |horizon| first.max(horizon))),
                last_time: sealed.last.max(logged.last),
            })
        })
    }
}

/// How many rows of the model's segments are in roll-ups.
fn rolled_rows(view: &Connection, model: ModelId) -> Result<u64, Error> {
    Ok(view
        .prepare_cached("SELECT coalesce(sum(rolled_rows), 0) FROM segments WHERE model = ?1")?
        .query_row([model.0], |row| row.get(0))?)
}

struct Totals {
    entries: u64,
    rows: u64,
    bytes: u64,
    first: Option<Time>,
    last: Option<Time>,
}

fn totals(view: &Connection, table: &str, model: ModelId, kind: Kind) -> Result<Totals, Error> {
    let query = format!(
        "SELECT count(*), coalesce(sum(rows), 0), coalesce(sum(bytes), 0), min(min_time), max(max_time)
         FROM {table} WHERE model = ?1 AND kind = ?2"
    );
    Ok(view.prepare_cached(&query)?.query_row(params![model.0, kind.number()], |row| {
        Ok(Totals {
            entries: row.get(0)?,
            rows: row.get(1)?,
            bytes: row.get(2)?,
            first: catalog::time_or_null(row, 3)?,
            last: catalog::time_or_null(row, 4)?,
        })
    })?)
}
