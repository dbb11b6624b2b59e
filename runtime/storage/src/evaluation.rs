//! Evaluations: what was asked, how it went, and what came out.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{Aggregate, Definition, Error, Storage, aggregate, catalog, definition, model, writer::Group};

/// One run. `request` and `result` are JSON texts that storage does not look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationRecord {
    /// Its key.
    pub id: Uuid,
    /// The model it is about.
    pub model: Name,
    /// The plugin, as `name@version`.
    pub plugin: String,
    /// How far it is, such as `running` or `succeeded`.
    pub status: String,
    /// When it was asked for.
    pub created: Time,
    /// When it ended.
    pub finished: Option<Time>,
    /// What was asked.
    pub request: String,
    /// What came out.
    pub result: String,
}

/// Which evaluations to list.
#[derive(Debug, Clone, Default)]
pub struct EvaluationFilter {
    /// Those of this model.
    pub model: Option<Name>,
    /// Those of this plugin: `name`, or `name@version`.
    pub plugin: Option<String>,
    /// Those with this status.
    pub status: Option<String>,
}

impl Storage {
    /// Keeps the record, in place of an earlier one with the same id; likewise
    /// the aggregates it produced. Notes what was computed of rows, so that it can be kept when they go.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model.
    pub fn put_evaluation(
        &self,
        record: EvaluationRecord,
        aggregates: Vec<Aggregate>,
        definitions: Vec<Definition>,
    ) -> Result<(), Error> {
        self.inner.writer.call(move |group| keep(group, &record, &aggregates, &definitions, None))
    }

    /// The evaluation with this id.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn evaluation(&self, id: Uuid) -> Result<Option<EvaluationRecord>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} WHERE e.id = ?1");
            Ok(view.prepare_cached(&query)?.query_row([id.as_bytes()], evaluation).optional()?)
        })
    }

    /// Evaluations, newest first, at most `limit`, those older than the one with the id `after`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no evaluation with the id `after`.
    pub fn evaluations(
        &self,
        filter: &EvaluationFilter,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Vec<EvaluationRecord>, Error> {
        self.inner.catalog.read(|view| {
            let (created, id) = match after {
                Some(id) => (created(view, id)?, id.into_bytes()),
                None => (i64::MAX, [u8::MAX; 16]),
            };
            // Each shape of the query is served by an index of its own.
            let model_clause = if filter.model.is_some() {
                "e.model = (SELECT id FROM models WHERE name = ?3 AND deleted IS NULL)"
            } else {
                "?3 IS NULL"
            };
            let status_clause = match filter.status.as_deref() {
                Some("queued" | "running") => "e.status = ?5 AND e.status IN ('queued', 'running')",
                _ => "(?5 IS NULL OR e.status = ?5)",
            };
            let query = format!(
                "{SELECT} WHERE (e.created, e.id) < (?1, ?2) AND {model_clause}
                 AND (?4 IS NULL OR e.plugin = ?4 OR substr(e.plugin, 1, length(?4) + 1) = ?4 || '@')
                 AND {status_clause} ORDER BY e.created DESC, e.id DESC LIMIT ?6"
            );
            let model = filter.model.as_ref().map(Name::as_str);
            let mut statement = view.prepare_cached(&query)?;
            let found = statement
                .query_map(params![created, id, model, filter.plugin, filter.status, limit as i64], evaluation)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

impl Storage {
    /// Gives evaluations, newest first, to `take`, some at a time, until that is
    /// false; all of one unchanging view. Without texts `request` and `result` stay empty.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn scan_evaluations(
        &self,
        filter: &EvaluationFilter,
        with_texts: bool,
        take: &mut dyn FnMut(&[EvaluationRecord]) -> bool,
    ) -> Result<(), Error> {
        let select = if with_texts { SELECT.to_owned() } else { SELECT.replace("e.request, e.result", "'', ''") };
        let query = format!(
            "{select} WHERE (?1 IS NULL OR m.name = ?1)
             AND (?2 IS NULL OR e.plugin = ?2) AND (?3 IS NULL OR e.status = ?3) ORDER BY e.created DESC, e.id DESC"
        );
        self.inner.catalog.read(|view| {
            let mut statement = view.prepare_cached(&query)?;
            let model = filter.model.as_ref().map(Name::as_str);
            let mut rows = statement.query(params![model, filter.plugin, filter.status])?;
            let (mut piece, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let record = evaluation(row)?;
                bytes += record.request.len() + record.result.len();
                piece.push(record);
                if piece.len() == aggregate::PIECE || bytes >= PIECE_BYTES {
                    if !take(&piece) {
                        return Ok(());
                    }
                    (piece, bytes) = (Vec::new(), 0);
                }
            }
            if !piece.is_empty() {
                take(&piece);
            }
            Ok(())
        })
    }
}

/// A scan gives fewer records at once when their texts are long.
const PIECE_BYTES: usize = 4 << 20;

const SELECT: &str = "SELECT e.id, m.name, e.plugin, e.status, e.created, e.finished, e.request, e.result
    FROM evaluations e JOIN models m ON m.id = e.model AND m.deleted IS NULL";

/// Keeps the record, the aggregates and the definitions in the running transaction; `run` is that of the monitor that
/// asked.
pub(crate) fn keep(
    group: &Group<'_>,
    record: &EvaluationRecord,
    aggregates: &[Aggregate],
    definitions: &[Definition],
    run: Option<Uuid>,
) -> Result<(), Error> {
    put(group.connection, record, run)?;
    definition::used(group.connection, model::id(group.connection, &record.model)?, definitions, group.now)?;
    aggregate::remove_of(group.connection, record.id)?;
    aggregate::insert(group.connection, &record.model, aggregates)
}

fn put(connection: &Connection, record: &EvaluationRecord, run: Option<Uuid>) -> Result<(), Error> {
    let model = model::id(connection, &record.model)?;
    connection
        .prepare_cached(
            "INSERT INTO evaluations (id, model, plugin, status, created, finished, request, result, run)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (id) DO UPDATE SET model = ?2, plugin = ?3, status = ?4, created = ?5, finished = ?6,
                                            request = ?7, result = ?8",
        )?
        .execute(params![
            record.id.as_bytes(),
            model.0,
            record.plugin,
            record.status,
            record.created.micros(),
            record.finished.map(Time::micros),
            record.request,
            record.result,
            run.map(Uuid::into_bytes),
        ])?;
    Ok(())
}

fn created(connection: &Connection, id: Uuid) -> Result<i64, Error> {
    connection
        .prepare_cached("SELECT created FROM evaluations WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::not_found("evaluation", id))
}

fn evaluation(row: &Row<'_>) -> rusqlite::Result<EvaluationRecord> {
    Ok(EvaluationRecord {
        id: catalog::uuid(row, 0)?,
        model: catalog::name(row, 1)?,
        plugin: row.get(2)?,
        status: row.get(3)?,
        created: catalog::time(row, 4)?,
        finished: catalog::time_or_null(row, 5)?,
        request: row.get(6)?,
        result: row.get(7)?,
    })
}
