//! A dataset on its way: its rows wait on disk until their columns are known, and become one file then.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Seek, Write},
    sync::Arc,
};

use arrow::array::RecordBatch;
use driftline_core::{Name, Schema};
use uuid::Uuid;

use super::{Dataset, path, paths, replace};
use crate::{
    Error, body,
    files::{NewFile, Written},
    model::ModelId,
    parquet_file::{ParquetFile, SCAN_GROUP},
    rows,
    storage::Inner,
};

/// Rows on their way into a dataset; dropped without [`Self::commit`] they leave nothing.
pub struct DatasetUpload {
    inner: Arc<Inner>,
    model: ModelId,
    name: Name,
    schema: Schema,
    rows: u64,
    waiting: BufWriter<File>,
}

impl DatasetUpload {
    pub(super) fn new(inner: Arc<Inner>, model: ModelId, name: Name) -> Result<Self, Error> {
        let waiting = BufWriter::new(inner.scratch()?);
        Ok(Self { inner, model, name, schema: Schema::default(), rows: 0, waiting })
    }

    /// Takes in rows; columns may be new, and integers become floats where they meet them.
    ///
    /// # Errors
    /// [`Error::Schema`] and [`Error::Rows`] for columns that can't be kept, [`Error::Full`], [`Error::Failed`].
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.schema.merge(&rows::metrics(batch)?)?;
        self.rows += batch.num_rows() as u64;
        let bytes = body::write(batch).map_err(|error| Error::failed("encoding the rows", error))?;
        let write = |file: &mut BufWriter<File>| {
            file.write_all(&(bytes.len() as u64).to_le_bytes())?;
            file.write_all(&bytes)
        };
        write(&mut self.waiting).map_err(failed)
    }

    /// Makes the dataset durable and visible, in place of an earlier one of its name.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn commit(self) -> Result<Dataset, Error> {
        let Self { inner, model, name, schema, rows, waiting } = self;
        let mut waiting = waiting.into_inner().map_err(|error| failed(error.into_error()))?;
        waiting.rewind().map_err(failed)?;
        let mut waiting = BufReader::new(waiting);
        let target = schema.arrow_metrics();
        let uuid = Uuid::now_v7();
        let place = path(model, uuid);
        let file = NewFile::new(inner.files.clone(), place.clone());
        let mut file = ParquetFile::to(file, target.clone(), SCAN_GROUP)?;
        while let Some(batch) = next(&mut waiting)? {
            file.write(&rows::fit(&batch, &target)?)?;
        }
        let Written { bytes, digest } = file.end()?.finish()?;
        let created = inner.options.clock.now();
        let dataset = Dataset { name, path: place, rows, bytes, schema, digest, created };
        let mut files = inner.catalog.read(|view| paths(view, model))?;
        files.push(dataset.path.clone());
        let (dataset, replaced) = inner.relist(files, move |group| {
            let replaced = replace(group.connection, model, uuid, &dataset)?;
            Ok((dataset, replaced))
        })?;
        inner.pins.replaced(replaced);
        Ok(dataset)
    }
}

/// The next batch that waits; none at the end.
fn next(waiting: &mut impl Read) -> Result<Option<RecordBatch>, Error> {
    let mut length = [0; 8];
    match waiting.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        outcome => outcome.map_err(failed)?,
    }
    let mut bytes = Vec::new();
    waiting.take(u64::from_le_bytes(length)).read_to_end(&mut bytes).map_err(failed)?;
    body::read(bytes).map_err(|error| Error::failed("reading rows that wait on disk", error))
}

fn failed(error: io::Error) -> Error {
    Error::failed("keeping rows of a dataset on disk", error)
}
