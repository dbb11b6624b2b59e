//! Datasets: named tables of a model, to compare windows with.

mod upload;

pub use self::upload::DatasetUpload;

use arrow::array::RecordBatch;
use driftline_core::{Digest, Name, Schema, Time};
use object_store::path::Path;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{
    Error, Storage, catalog, columns,
    listed::ListedFile,
    model::{self, ModelId},
};

/// A dataset. Its file never changes: a new upload makes a new file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its name.
    pub name: Name,
    /// Where its Parquet file is in the object store.
    pub path: Path,
    /// How many rows it has.
    pub rows: u64,
    /// How large the file is.
    pub bytes: u64,
    /// Its columns.
    pub schema: Schema,
    /// The SHA-256 of the file.
    pub digest: Digest,
    /// When it was uploaded.
    pub created: Time,
}

impl Storage {
    /// Keeps a dataset, in place of an earlier one of that name. Columns named
    /// like those every prediction has (`id`, `time`, …) are left out.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, [`Error::Schema`] and [`Error::Rows`] for columns that can't be kept.
    pub fn put_dataset(&self, model: &Name, name: &Name, batches: Vec<RecordBatch>) -> Result<Dataset, Error> {
        let mut upload = self.start_dataset(model, name)?;
        batches.iter().try_for_each(|batch| upload.write(batch))?;
        upload.commit()
    }

    /// Begins to take in a dataset, of any size.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, [`Error::Full`], [`Error::Failed`].
    pub fn start_dataset(&self, model: &Name, name: &Name) -> Result<DatasetUpload, Error> {
        let id = self.inner.catalog.read(|view| model::id(view, model))?;
        DatasetUpload::new(self.inner.clone(), id, name.clone())
    }

    /// The model's dataset called `name`.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model.
    pub fn dataset(&self, model: &Name, name: &Name) -> Result<Option<Dataset>, Error> {
        self.inner.catalog.read(|view| {
            let id = model::id(view, model)?;
            let query = format!("{SELECT} WHERE model = ?1 AND name = ?2");
            Ok(view.prepare_cached(&query)?.query_row(params![id.0, name.as_str()], dataset).optional()?)
        })
    }

    /// The model's datasets in the order of their names.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model.
    pub fn datasets(&self, model: &Name) -> Result<Vec<Dataset>, Error> {
        self.inner.catalog.read(|view| {
            let id = model::id(view, model)?;
            let query = format!("{SELECT} WHERE model = ?1 ORDER BY name");
            Ok(view.prepare_cached(&query)?.query_map([id.0], dataset)?.collect::<Result<_, _>>()?)
        })
    }

    /// Every model's datasets, with the model's name, in the order of both names.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn all_datasets(&self) -> Result<Vec<(Name, Dataset)>, Error> {
        self.inner.catalog.read(|view| {
            let query =
                format!("SELECT d.*, m.name FROM ({SELECT}) d JOIN models m ON m.id = d.model ORDER BY m.name, d.name");
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map([], |row| Ok((catalog::name(row, 8)?, dataset(row)?)))?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Checks a dataset's file against its digest before its first use: once in the
    /// life of this process, and not if this process wrote it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the file is missing or other than it was written.
    pub fn verify_dataset(&self, dataset: &Dataset) -> Result<(), Error> {
        self.inner.files.verify(&dataset.path, &dataset.digest)
    }
}

const SELECT: &str = "SELECT model, name, file, rows, bytes, columns, digest, created FROM datasets";

fn path(model: ModelId, file: Uuid) -> Path {
    Path::from(format!("datasets/{}/{file}.parquet", model.0))
}

/// Lists a dataset; gives the file of the one in whose place it comes.
fn replace(connection: &Connection, model: ModelId, file: Uuid, new: &Dataset) -> Result<Option<Path>, Error> {
    let query = format!("{SELECT} WHERE model = ?1 AND name = ?2");
    let old = connection.prepare_cached(&query)?.query_row(params![model.0, new.name.as_str()], dataset).optional()?;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO datasets (model, name, file, rows, bytes, columns, digest, created)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            model.0,
            new.name.as_str(),
            file.as_bytes(),
            new.rows,
            new.bytes,
            columns::to_text(&new.schema),
            new.digest.as_bytes(),
            new.created.micros(),
        ])?;
    Ok(old.map(|old| old.path))
}

fn dataset(row: &Row<'_>) -> rusqlite::Result<Dataset> {
    Ok(Dataset {
        name: catalog::name(row, 1)?,
        path: path(ModelId(row.get(0)?), catalog::uuid(row, 2)?),
        rows: row.get(3)?,
        bytes: row.get(4)?,
        schema: columns::from_text(row.get_ref(5)?.as_str()?),
        digest: catalog::digest(row, 6)?,
        created: catalog::time(row, 7)?,
    })
}

/// The files of all datasets.
pub(crate) fn files(connection: &Connection) -> Result<Vec<ListedFile>, Error> {
    let found = connection.prepare(SELECT)?.query_map([], dataset)?.collect::<Result<Vec<_>, _>>()?;
    let file = |dataset: Dataset| ListedFile { path: dataset.path, bytes: dataset.bytes, digest: dataset.digest };
    Ok(found.into_iter().map(file).collect())
}

/// The files of the model's datasets.
pub(crate) fn paths(connection: &Connection, model: ModelId) -> Result<Vec<Path>, Error> {
    let paths = connection
        .prepare_cached(&format!("{SELECT} WHERE model = ?1"))?
        .query_map([model.0], |row| dataset(row).map(|dataset| dataset.path))?
        .collect::<Result<_, _>>()?;
    Ok(paths)
}

/// Takes all datasets of the model off the list.
pub(crate) fn remove_all(connection: &Connection, model: ModelId) -> Result<(), Error> {
    connection.execute("DELETE FROM datasets WHERE model = ?1", [model.0])?;
    Ok(())
}
