//! Notes changes in the transaction that makes them, until nobody asks for them any more.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::Touched;
use crate::{Error, model::ModelId};

/// Delayed metrics by their names; `None` for all that rows say.
pub(crate) type Columns = Option<Arc<[String]>>;

/// Of more columns that changed at once, all are said to have.
pub(crate) const MOST_COLUMNS: usize = 16;

/// Notes that rows were touched. What nobody watches is not noted: who watches it later reads all of it.
pub(crate) fn note(connection: &Connection, model: ModelId, columns: &Columns, touched: &Touched) -> Result<(), Error> {
    if touched.is_empty() || !is_watched(connection, model)? {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        r#"INSERT INTO changes (model, "column", start, "end", place) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT DO UPDATE SET place = max(place, excluded.place)"#,
    )?;
    let all = [String::new()];
    let columns = columns.as_deref().filter(|columns| columns.len() <= MOST_COLUMNS).unwrap_or(&all);
    for (start, end, place) in touched.stretches() {
        for column in columns {
            insert.execute(params![model.0, column, start, end, place])?;
        }
    }
    Ok(())
}

/// Whether somebody watches the model, results of it are kept, or a run is about to keep some.
pub(crate) fn is_watched(connection: &Connection, model: ModelId) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM watches WHERE model = ?1) OR EXISTS (SELECT 1 FROM results WHERE model = ?1)
                 OR EXISTS (SELECT 1 FROM runs INDEXED BY runs_running WHERE status = 'running' AND model = ?1)",
        )?
        .query_row([model.0], |row| row.get(0))?)
}

/// The models of which something is noted, each with the place up to which no result has to be told of changes. What a run
/// finds that is at work now was read from a place that nobody knows yet.
pub(crate) fn settled(connection: &Connection) -> Result<Vec<(ModelId, i64)>, Error> {
    let found = connection
        .prepare_cached(
            "SELECT c.model, (SELECT min(r.place) FROM results r
                              WHERE r.model = c.model AND r.superseded IS NULL AND r.place > 0) AS settled
             FROM (SELECT DISTINCT model FROM changes) c
             WHERE settled > 0 AND c.model NOT IN (SELECT model FROM runs INDEXED BY runs_running WHERE status = 'running')",
        )?
        .query_map([], |row| Ok((ModelId(row.get(0)?), row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Drops some of what was noted up to a place; gives how many there were.
pub(crate) fn prune(connection: &Connection, model: ModelId, settled: i64, limit: i64) -> Result<usize, Error> {
    Ok(connection
        .prepare_cached(
            r#"DELETE FROM changes WHERE (model, "column", start, "end") IN (
                   SELECT model, "column", start, "end" FROM changes WHERE model = ?1 AND place <= ?2 LIMIT ?3)"#,
        )?
        .execute(params![model.0, settled, limit])?)
}
