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

/// How many records a scan gives at once.
pub(crate) const PIECE: usize = 1024;

/// Takes some aggregates, each with its model; whether to go on.
pub type TakeAggregates<'a> = dyn FnMut(&[(Name, Aggregate)]) -> bool + 'a;

impl Storage {
    /// Gives the aggregates of every model, or of the one called `model`, to
    /// `take`, some at a time, until that is false; all of one unchanging view.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn scan_aggregates(
        &self,
        model: Option<&str>,
        filter: &AggregateFilter,
        take: &mut TakeAggregates<'_>,
    ) -> Result<(), Error> {
        self.inner.catalog.read(|view| {
            let mut statement = view.prepare_cached(SCAN)?;
            let (start, end) = log::bounds(filter.window);
            let evaluation = filter.evaluation.map(Uuid::into_bytes);
            let mut rows = statement.query(params![model, start, end, filter.name, evaluation])?;
            let mut piece = Vec::with_capacity(PIECE);
            while let Some(row) = rows.next()? {
                piece.push((catalog::name(row, 10)?, aggregate(row)?.1));
                if piece.len() == PIECE {
                    if !take(&piece) {
                        return Ok(());
                    }
                    piece.clear();
                }
            }
            if !piece.is_empty() {
                take(&piece);
            }
            Ok(())
        })
    }
}

const SCAN: &str = r#"SELECT a.id, a.start, a."end", a.name, a.value, a.slice, a.source, a.evaluation, a.labels, a.created, m.name
    FROM models m CROSS JOIN aggregates a ON a.model = m.id
    WHERE (?1 IS NULL OR m.name = ?1) AND a."end" > ?2 AND a.start < ?3
    AND (?4 IS NULL OR a.name = ?4) AND (?5 IS NULL OR a.evaluation = ?5) ORDER BY m.name, a.start, a.id"#;

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
