//! One step of erasing a model: some of its rows and records go, in the end the model itself.

use object_store::path::Path;
use rusqlite::{Connection, params};

use crate::{
    Error, Kind, Step, dataset,
    deletion::{self, Pending},
    grain,
    model::ModelId,
    rollup, segment,
    storage::Inner,
};

const KINDS: [Kind; 2] = [Kind::Predictions, Kind::Delayed];
/// Log rows of at most 64 Ki rows each that one step removes.
const LOG_ROWS: i64 = 64;
/// Records without files, some at a time; those that others refer to come last.
const RECORDS: [&str; 16] = [
    "DELETE FROM alert_events WHERE seq IN (SELECT e.seq FROM alert_events e JOIN alerts a ON a.id = e.alert
         WHERE a.model = ?1 LIMIT 2000)",
    "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE model = ?1 LIMIT 2000)",
    "DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE model = ?1 LIMIT 2000)",
    "DELETE FROM results WHERE id IN (SELECT id FROM results WHERE model = ?1 LIMIT 2000)",
    "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE model = ?1 LIMIT 2000)",
    "DELETE FROM watches WHERE model = ?1",
    "DELETE FROM turns WHERE model = ?1",
    "DELETE FROM received WHERE model = ?1",
    "DELETE FROM changes WHERE model = ?1",
    "DELETE FROM retries WHERE (model, kind, key) IN (SELECT model, kind, key FROM retries WHERE model = ?1 LIMIT 2000)",
    "DELETE FROM aggregates WHERE id IN (SELECT id FROM aggregates WHERE model = ?1 LIMIT 2000)",
    "DELETE FROM evaluations WHERE id IN (SELECT id FROM evaluations WHERE model = ?1 LIMIT 500)",
    "DELETE FROM covered WHERE model = ?1",
    "DELETE FROM definitions WHERE model = ?1",
    "DELETE FROM forgotten WHERE model = ?1",
    "DELETE FROM columns WHERE model = ?1",
];

/// Takes the next step.
pub(crate) fn step(inner: &Inner, deletion: &Pending) -> Result<(), Error> {
    // Whoever makes new files of this model has ended or not begun.
    let _alone = inner.alone();
    let (deletion, faults) = (*deletion, inner.options.faults.clone());
    let listed = inner.catalog.read(|view| files(view, deletion.model))?;
    let files = inner.relist(listed, move |group| {
        faults.pass(Step::EraseModel)?;
        remove_some(group.connection, &deletion)
    })?;
    inner.pins.replaced(files);
    inner.options.faults.pass(Step::EraseModelDone)
}

/// Removes the first that is left; gives the files that are listed no more.
fn remove_some(connection: &Connection, deletion: &Pending) -> Result<Vec<Path>, Error> {
    let model = deletion.model;
    let logged = rows_of_log(connection, model)?;
    if logged > 0 {
        deletion::count(connection, deletion.id, logged)?;
        return Ok(Vec::new());
    }
    let files = unlist_files(connection, deletion)?;
    if !files.is_empty() {
        return Ok(files);
    }
    for delete in RECORDS {
        if connection.prepare_cached(delete)?.execute([model.0])? > 0 {
            return Ok(Vec::new());
        }
    }
    connection.execute("DELETE FROM models WHERE id = ?1", [model.0])?;
    deletion::unlisted(connection, deletion.id)?;
    Ok(Vec::new())
}

/// Removes some log rows; gives how many rows were in them.
fn rows_of_log(connection: &Connection, model: ModelId) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM log WHERE seq IN (SELECT seq FROM log WHERE model = ?1 ORDER BY seq LIMIT ?2) RETURNING rows",
    )?;
    let rows = statement.query_map(params![model.0, LOG_ROWS], |row| row.get::<_, u64>(0))?;
    rows.map(|rows| Ok(rows?)).sum()
}

fn unlist_files(connection: &Connection, deletion: &Pending) -> Result<Vec<Path>, Error> {
    let model = deletion.model;
    let files = files(connection, model)?;
    for kind in KINDS {
        let listings = segment::all(connection, model, kind)?;
        segment::remove(connection, &listings)?;
        deletion::count(connection, deletion.id, listings.iter().map(|listing| listing.rows).sum())?;
    }
    for rollup in rollup::list(connection, model, grain::all())? {
        rollup::remove(connection, rollup.id)?;
    }
    dataset::remove_all(connection, model)?;
    Ok(files)
}

/// The files of the model that are listed.
fn files(connection: &Connection, model: ModelId) -> Result<Vec<Path>, Error> {
    let mut files = dataset::paths(connection, model)?;
    for kind in KINDS {
        files.extend(segment::all(connection, model, kind)?.iter().map(segment::Listing::path));
    }
    files.extend(rollup::list(connection, model, grain::all())?.iter().map(rollup::RollUp::path));
    Ok(files)
}
