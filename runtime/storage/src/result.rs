//! Results of monitors: what was found of a window, and what was known of it when.

use driftline_core::{Name, Time, Window};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{Error, Storage, catalog, log, model::ModelId, monitor::MonitorId};

/// What a run found of a window, slice and inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewResult {
    /// What it is about.
    pub window: Window,
    /// The slice, as a JSON text; the same slice always has the same text.
    pub slice: String,
    /// The inputs, likewise.
    pub inputs: String,
    /// The level reached, such as `none` or `critical`.
    pub level: String,
    /// How many rows were used.
    pub rows: u64,
    /// Values, verdicts and notes, as a JSON text that storage does not look into.
    pub detail: String,
    /// The evaluation that found it.
    pub evaluation: Uuid,
    /// Tells the data that were read from others.
    pub digest: String,
    /// What has come up to this place in the order of arrival was read; 0 when nobody knows.
    pub place: i64,
    /// What else tells whether it still holds, as a JSON text that storage does not look into.
    pub basis: String,
}

/// A version of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRecord {
    /// Its key; a later version has a larger one.
    pub id: i64,
    /// The monitor.
    pub monitor: Name,
    /// The model.
    pub model: Name,
    /// What was found; digest, place and basis are those of the data that were last found to say so.
    pub found: NewResult,
    /// When the data were last found to say so.
    pub checked: Time,
    /// Since when this was known.
    pub known: Time,
    /// When another version took its place.
    pub superseded: Option<Time>,
}

/// Which results to list.
#[derive(Debug, Clone)]
pub struct ResultFilter {
    /// Those of this monitor.
    pub monitor: Name,
    /// Those of this model.
    pub model: Option<Name>,
    /// Those whose window overlaps this one.
    pub window: Option<Window>,
    /// Those of this slice.
    pub slice: Option<String>,
    /// As they were known then; as they are now unless told.
    pub known_at: Option<Time>,
    /// Every version, whenever it was known.
    pub history: bool,
}

impl Storage {
    /// Results, those whose windows end last first, at most `limit`, those after the one with the key `after`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no result with the key `after`.
    pub fn results(&self, filter: &ResultFilter, after: Option<i64>, limit: usize) -> Result<Vec<ResultRecord>, Error> {
        self.inner.catalog.read(|view| {
            let (end, start, id) = match after {
                Some(id) => place(view, id)?,
                None => (i64::MAX, i64::MAX, i64::MAX),
            };
            let versions = match (filter.history, filter.known_at) {
                (true, _) => "?8 IS NULL OR ?8 IS NOT NULL",
                (false, Some(_)) => "r.known <= ?8 AND (r.superseded IS NULL OR r.superseded > ?8)",
                (false, None) => "r.superseded IS NULL AND ?8 IS NULL",
            };
            let query = format!(
                r#"{SELECT} AND m.name = ?1 AND (?2 IS NULL OR o.name = ?2) AND (r."end", r.start, r.id) < (?3, ?4, ?5)
                   AND r."end" > ?6 AND r.start < ?7 AND ({versions}) AND (?9 IS NULL OR r.slice = ?9)
                   ORDER BY r."end" DESC, r.start DESC, r.id DESC LIMIT ?10"#
            );
            let (window_start, window_end) = log::bounds(filter.window);
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(
                params![
                    filter.monitor.as_str(),
                    filter.model.as_ref().map(Name::as_str),
                    end,
                    start,
                    id,
                    window_start,
                    window_end,
                    filter.known_at.filter(|_| !filter.history).map(Time::micros),
                    filter.slice,
                    limit as i64
                ],
                result,
            )?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The present versions of a pair's results whose windows end after `ended_after`, the latest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn latest_results(
        &self,
        monitor: &Name,
        model: &Name,
        ended_after: Time,
        limit: usize,
    ) -> Result<Vec<ResultRecord>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!(
                r#"{SELECT} AND m.name = ?1 AND o.name = ?2 AND r."end" > ?3 AND r.superseded IS NULL
                   ORDER BY r."end" DESC, r.start DESC, r.id DESC LIMIT ?4"#
            );
            let mut statement = view.prepare_cached(&query)?;
            let found = statement
                .query_map(params![monitor.as_str(), model.as_str(), ended_after.micros(), limit as i64], result)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

/// Keeps a result: another version when it says something else than the present one; tells whether it does.
pub(crate) fn keep(
    connection: &Connection,
    (monitor, model): (MonitorId, ModelId),
    new: &NewResult,
    now: Time,
) -> Result<bool, Error> {
    let (start, end) = (new.window.start().micros(), new.window.end().micros());
    let present: Option<(i64, bool)> = connection
        .prepare_cached(
            r#"SELECT id, level = ?7 AND rows = ?8 AND detail = ?9 FROM results
               WHERE monitor = ?1 AND model = ?2 AND "end" = ?3 AND start = ?4 AND slice = ?5 AND inputs = ?6
                   AND superseded IS NULL"#,
        )?
        .query_row(
            params![monitor.0, model.0, end, start, new.slice, new.inputs, new.level, new.rows, new.detail],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match present {
        Some((id, true)) => {
            connection
                .prepare_cached("UPDATE results SET digest = ?2, checked = ?3, place = ?4, basis = ?5 WHERE id = ?1")?
                .execute(params![id, new.digest, now.micros(), new.place, new.basis])?;
            return Ok(false);
        }
        Some((id, false)) => {
            connection
                .prepare_cached("UPDATE results SET superseded = ?2 WHERE id = ?1")?
                .execute(params![id, now.micros()])?;
        }
        None => {}
    }
    connection
        .prepare_cached(
            r#"INSERT INTO results (monitor, model, start, "end", slice, inputs, level, rows, detail, evaluation, digest,
                   checked, known, place, basis)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12, ?13, ?14)"#,
        )?
        .execute(params![
            monitor.0,
            model.0,
            start,
            end,
            new.slice,
            new.inputs,
            new.level,
            new.rows,
            new.detail,
            new.evaluation.as_bytes(),
            new.digest,
            now.micros(),
            new.place,
            new.basis
        ])?;
    Ok(true)
}

fn place(view: &Connection, id: i64) -> Result<(i64, i64, i64), Error> {
    view.prepare_cached(r#"SELECT "end", start, id FROM results WHERE id = ?1"#)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?
        .ok_or_else(|| Error::not_found("result", id))
}

const SELECT: &str = r#"SELECT r.id, m.name, o.name, r.start, r."end", r.slice, r.inputs, r.level, r.rows, r.detail,
        r.evaluation, r.digest, r.checked, r.known, r.superseded, r.place, r.basis
    FROM results r JOIN monitors m ON m.id = r.monitor JOIN models o ON o.id = r.model
    WHERE m.removed IS NULL AND o.deleted IS NULL"#;

fn result(row: &Row<'_>) -> rusqlite::Result<ResultRecord> {
    let (start, end) = (catalog::time(row, 3)?, catalog::time(row, 4)?);
    let found = NewResult {
        window: Window::new(start, end).map_err(|error| catalog::odd(4, error))?,
        slice: row.get(5)?,
        inputs: row.get(6)?,
        level: row.get(7)?,
        rows: row.get(8)?,
        detail: row.get(9)?,
        evaluation: catalog::uuid(row, 10)?,
        digest: row.get(11)?,
        place: row.get(15)?,
        basis: row.get(16)?,
    };
    Ok(ResultRecord {
        id: row.get(0)?,
        monitor: catalog::name(row, 1)?,
        model: catalog::name(row, 2)?,
        found,
        checked: catalog::time(row, 12)?,
        known: catalog::time(row, 13)?,
        superseded: catalog::time_or_null(row, 14)?,
    })
}
