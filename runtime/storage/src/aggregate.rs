//! Aggregates: named numbers attached to a model and a window.

use driftline_core::{Name, Time, Window};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{
    Error, Storage, catalog, log,
    model::{self, ModelId},
};

/// A number for a window. `slice` and `labels` are JSON texts that storage does not look into.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// What it is about.
    pub window: Window,
    /// What it is called.
    pub name: String,
    /// The number; absent when it is undefined. NaN is kept as absent.
    pub value: Option<f64>,
    /// The slice it is about, or `{}`.
    pub slice: String,
    /// Who sent it.
    pub source: Source,
    /// The evaluation that produced it.
    pub evaluation: Option<Uuid>,
    /// Anything else that is known of it, or `{}`.
    pub labels: String,
    /// When it was produced.
    pub created: Time,
}

/// Where an aggregate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A user sent it.
    User,
    /// An evaluation produced it.
    Evaluation,
}

impl Source {
    /// The word used in the interface and in the catalog.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Evaluation => "evaluation",
        }
    }
}

/// Which aggregates to list.
#[derive(Debug, Clone, Default)]
pub struct AggregateFilter {
    /// Those whose window overlaps this one.
    pub window: Option<Window>,
    /// Those with this name.
    pub name: Option<String>,
    /// Those that this evaluation produced.
    pub evaluation: Option<Uuid>,
}

impl Storage {
    /// Keeps aggregates, all or none.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model.
    pub fn append_aggregates(&self, model: &Name, aggregates: Vec<Aggregate>) -> Result<(), Error> {
        let model = model.clone();
        self.inner.writer.call(move |group| insert(group.connection, &model, &aggregates))
    }

    /// Aggregates by start of their windows, each with its key, at most `limit`, those after the one with the key `after`.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, or without an aggregate with the key `after`.
    pub fn aggregates(
        &self,
        model: &Name,
        filter: &AggregateFilter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, Aggregate)>, Error> {
        self.inner.catalog.read(|view| {
            let model = model::id(view, model)?;
            let (from, key) = match after {
                Some(key) => (start(view, model, key)?, key),
                None => (i64::MIN, i64::MIN),
            };
            let (window_start, window_end) = log::bounds(filter.window);
            let evaluation = filter.evaluation.map(Uuid::into_bytes);
            let mut statement = view.prepare_cached(LIST)?;
            let found = statement.query_map(
                params![model.0, from, key, window_start, window_end, filter.name, evaluation, limit as i64],
                aggregate,
            )?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

const LIST: &str = r#"SELECT id, start, "end", name, value, slice, source, evaluation, labels, created
    FROM aggregates WHERE model = ?1 AND (start, id) > (?2, ?3) AND "end" > ?4 AND start < ?5
    AND (?6 IS NULL OR name = ?6) AND (?7 IS NULL OR evaluation = ?7) ORDER BY start, id LIMIT ?8"#;

fn start(connection: &Connection, model: ModelId, key: i64) -> Result<i64, Error> {
    connection
        .prepare_cached("SELECT start FROM aggregates WHERE model = ?1 AND id = ?2")?
        .query_row([model.0, key], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::not_found("aggregate", key))
}

/// Keeps aggregates of a model.
pub(crate) fn insert(connection: &Connection, model: &Name, aggregates: &[Aggregate]) -> Result<(), Error> {
    let model = model::id(connection, model)?;
    let mut statement = connection.prepare_cached(
        r#"INSERT INTO aggregates (model, start, "end", name, value, slice, source, evaluation, labels, created)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"#,
    )?;
    for aggregate in aggregates {
        statement.execute(params![
            model.0,
            aggregate.window.start().micros(),
            aggregate.window.end().micros(),
            aggregate.name,
            aggregate.value,
            aggregate.slice,
            aggregate.source.as_str(),
            aggregate.evaluation.map(Uuid::into_bytes),
            aggregate.labels,
            aggregate.created.micros(),
        ])?;
    }
    Ok(())
}

/// Removes what an evaluation produced.
pub(crate) fn remove_of(connection: &Connection, evaluation: Uuid) -> Result<(), Error> {
    connection.prepare_cached("DELETE FROM aggregates WHERE evaluation = ?1")?.execute([evaluation.as_bytes()])?;
    Ok(())
}

fn aggregate(row: &Row<'_>) -> rusqlite::Result<(i64, Aggregate)> {
    let (start, end) = (catalog::time(row, 1)?, catalog::time(row, 2)?);
    let window = Window::new(start, end).map_err(|error| catalog::odd(2, error))?;
    let evaluation: Option<[u8; 16]> = row.get(7)?;
    let aggregate = Aggregate {
        window,
        name: row.get(3)?,
        value: row.get(4)?,
        slice: row.get(5)?,
        source: if row.get_ref(6)?.as_str()? == "user" { Source::User } else { Source::Evaluation },
        evaluation: evaluation.map(Uuid::from_bytes),
        labels: row.get(8)?,
        created: catalog::time(row, 9)?,
    };
    Ok((row.get(0)?, aggregate))
}
