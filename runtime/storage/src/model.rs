//! Models: what is known of each, and the columns they have grown.

use driftline_core::{ColumnType, Name, Schema, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Error, catalog, watch};

/// A model's key in the catalog and in the names of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelId(pub(crate) i64);

impl ModelId {
    /// The key as a number.
    pub fn number(self) -> i64 {
        self.0
    }
}

/// A model as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its key.
    pub id: ModelId,
    /// Its name.
    pub name: Name,
    /// What its owners say of it.
    pub details: ModelDetails,
    /// Its metric columns.
    pub schema: Schema,
    /// When it was first heard of.
    pub created: Time,
    /// Rows before this are gone, but for what roll-ups say of them; a whole hour.
    pub horizon: Option<Time>,
}

/// What a model's owners say of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelDetails {
    /// What it predicts, for people.
    pub description: Option<String>,
    /// Free labels to find it by.
    pub tags: Vec<String>,
    /// Where it comes from.
    pub lineage: Option<String>,
    /// For how long it is kept.
    pub retention: Retention,
}

/// For how long what a model has is kept; for ever where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// For how many days after their time rows are kept.
    pub raw_days: Option<u32>,
    /// For how many days the roll-ups of dropped rows are kept.
    pub summary_days: Option<u32>,
}

/// Creates the model or replaces its details; tells whether it was created.
pub(crate) fn put(
    connection: &Connection,
    name: &Name,
    details: &ModelDetails,
    now: Time,
) -> Result<(Model, bool), Error> {
    let created = create(connection, name, now)?;
    let tags = serde_json::Value::from(details.tags.clone()).to_string();
    connection
        .prepare_cached(
            "UPDATE models SET description = ?2, tags = ?3, lineage = ?4, retention_days = ?5, summary_days = ?6
             WHERE name = ?1",
        )?
        .execute(params![
            name.as_str(),
            details.description,
            tags,
            details.lineage,
            details.retention.raw_days,
            details.retention.summary_days,
        ])?;
    let model = find(connection, name)?.ok_or_else(|| Error::not_found("model", name))?;
    Ok((model, created))
}

/// Creates the model unless it exists; tells whether it did.
pub(crate) fn create(connection: &Connection, name: &Name, now: Time) -> Result<bool, Error> {
    let created = connection
        .prepare_cached("INSERT INTO models (name, tags, created) VALUES (?1, '[]', ?2) ON CONFLICT DO NOTHING")?
        .execute(params![name.as_str(), now.micros()])?;
    if created == 1 {
        watch::add_for_model(connection, ModelId(connection.last_insert_rowid()), name, now)?;
    }
    Ok(created == 1)
}

/// Draws a key for a model that is not there yet and may never be.
pub(crate) fn reserve(connection: &Connection) -> Result<ModelId, Error> {
    catalog::draw(connection, "models").map(ModelId)
}

/// Creates the model with a key from [`reserve`] unless there is one of its name.
pub(crate) fn create_reserved(connection: &Connection, id: ModelId, name: &Name, now: Time) -> Result<(), Error> {
    let created = connection
        .prepare_cached(
            "INSERT INTO models (id, name, tags, created) VALUES (?1, ?2, '[]', ?3) ON CONFLICT DO NOTHING",
        )?
        .execute(params![id.0, name.as_str(), now.micros()])?;
    if created == 1 {
        watch::add_for_model(connection, id, name, now)?;
    }
    Ok(())
}

const SELECT: &str = "SELECT id, name, description, tags, lineage, retention_days, created, summary_days, horizon
    FROM models WHERE deleted IS NULL";

/// The model called `name`.
pub(crate) fn find(connection: &Connection, name: &Name) -> Result<Option<Model>, Error> {
    let found =
        connection.prepare_cached(&format!("{SELECT} AND name = ?1"))?.query_row([name.as_str()], model).optional()?;
    found.map(|model| with_schema(connection, model)).transpose()
}

/// The model with this key.
pub(crate) fn by_id(connection: &Connection, id: ModelId) -> Result<Model, Error> {
    let found = connection.prepare_cached(&format!("{SELECT} AND id = ?1"))?.query_row([id.0], model).optional()?;
    with_schema(connection, found.ok_or_else(|| Error::not_found("model with key", id.0))?)
}

/// How many ids got delayed metrics but no prediction until these expired.
pub(crate) fn expired(connection: &Connection, id: ModelId) -> Result<u64, Error> {
    connection
        .prepare_cached("SELECT expired FROM models WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::not_found("model with key", id.0))
}

/// Whether there is a model with this key that was not deleted.
pub(crate) fn exists(connection: &Connection, id: ModelId) -> Result<bool, Error> {
    Ok(connection.prepare_cached("SELECT 1 FROM models WHERE id = ?1 AND deleted IS NULL")?.exists([id.0])?)
}

/// The key of the model called `name`.
pub(crate) fn id(connection: &Connection, name: &Name) -> Result<ModelId, Error> {
    connection
        .prepare_cached("SELECT id FROM models WHERE name = ?1 AND deleted IS NULL")?
        .query_row([name.as_str()], |row| row.get(0).map(ModelId))
        .optional()?
        .ok_or_else(|| Error::not_found("model", name))
}

/// Models in the order of their names, those after `after`.
pub(crate) fn list(connection: &Connection, after: Option<&Name>, limit: usize) -> Result<Vec<Model>, Error> {
    let after = after.map_or("", Name::as_str);
    let models: Vec<Model> = connection
        .prepare_cached(&format!("{SELECT} AND name > ?1 ORDER BY name LIMIT ?2"))?
        .query_map(params![after, limit as i64], model)?
        .collect::<Result<_, _>>()?;
    models.into_iter().map(|model| with_schema(connection, model)).collect()
}

fn model(row: &Row<'_>) -> rusqlite::Result<Model> {
    let tags: Vec<String> = match serde_json::from_str(row.get_ref(3)?.as_str()?) {
        Ok(serde_json::Value::Array(tags)) => tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    Ok(Model {
        id: ModelId(row.get(0)?),
        name: catalog::name(row, 1)?,
        details: ModelDetails {
            description: row.get(2)?,
            tags,
            lineage: row.get(4)?,
            retention: Retention { raw_days: row.get(5)?, summary_days: row.get(7)? },
        },
        schema: Schema::default(),
        created: catalog::time(row, 6)?,
        horizon: catalog::time_or_null(row, 8)?,
    })
}

fn with_schema(connection: &Connection, model: Model) -> Result<Model, Error> {
    Ok(Model { schema: schema(connection, model.id)?, ..model })
}

/// The model's columns.
pub(crate) fn schema(connection: &Connection, id: ModelId) -> Result<Schema, Error> {
    let mut schema = Schema::default();
    let mut statement =
        connection.prepare_cached("SELECT name, type, wide FROM columns WHERE model = ?1 ORDER BY position")?;
    let mut rows = statement.query([id.0])?;
    while let Some(row) = rows.next()? {
        let (name, word, wide): (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let held = ColumnType::from_word(&word)
            .ok_or_else(|| Error::corrupt("catalog.db", format!("column `{name}` has the unknown type {word}")))?;
        let admitted = schema.admit(&name, held).and_then(|()| if wide { schema.admit_wide(&name) } else { Ok(()) });
        admitted.map_err(|error| Error::corrupt("catalog.db", error))?;
    }
    Ok(schema)
}

/// Writes what `after` has and `before` had not.
pub(crate) fn grow(connection: &Connection, id: ModelId, before: &Schema, after: &Schema) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO columns (model, position, name, type, wide) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (model, position) DO UPDATE SET type = excluded.type, wide = excluded.wide",
    )?;
    for (position, column) in after.columns().iter().enumerate() {
        if before.columns().get(position) != Some(column) {
            statement.execute(params![id.0, position as i64, column.name, column.column_type.as_str(), column.wide])?;
        }
    }
    Ok(())
}

/// Takes a model's name away: what is written under it from now on is another's.
pub(crate) fn retire(connection: &Connection, id: ModelId, now: Time) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE models SET name = '/' || id, deleted = ?2, description = NULL, tags = '[]', lineage = NULL WHERE id = ?1",
        )?
        .execute(params![id.0, now.micros()])?;
    Ok(())
}
