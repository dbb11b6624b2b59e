//! A model's rows in the order of time and id, delayed metrics joined in.

mod lane;
mod merge;
mod selection;

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::RecordBatch,
    datatypes::{Schema, SchemaRef},
};
use driftline_core::{ID, TIME, Time, Window};
use driftline_storage::{Snapshot, Storage};
use futures::{StreamExt, stream::BoxStream};

use self::{lane::Lane, selection::Selection};
use crate::{
    Error,
    expression::Expressions,
    plan,
    request::{Position, ReadRequest},
    scan::Scanner,
    source::Source,
};

/// The rows of one snapshot, read while they are taken: memory holds a few
/// batches of those files whose times overlap, however many rows there are.
pub struct RowStream {
    schema: SchemaRef,
    indices: Vec<usize>,
    rows: BoxStream<'static, Result<RecordBatch, Error>>,
    /// How many rows may still be given.
    left: usize,
    last: Option<Position>,
    has_more: bool,
    /// Keeps the files until the last row is given.
    _snapshot: Snapshot,
}

impl RowStream {
    /// The columns of the rows: `id`, `time`, then those asked for.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows, at least one; `None` after the last, or when the limit is reached.
    ///
    /// # Errors
    /// When a file can't be read or is damaged; what came before is no complete answer then.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let Some(batch) = self.rows.next().await.transpose()? else { return Ok(None) };
        let given = batch.slice(0, batch.num_rows().min(self.left));
        self.left -= given.num_rows();
        self.last = Position::of(&given, given.num_rows().saturating_sub(1)).or(self.last);
        if self.left == 0 {
            self.has_more = given.num_rows() < batch.num_rows() || self.rows.next().await.transpose()?.is_some();
        }
        Ok(Some(given.project(&self.indices)?))
    }

    /// Where to go on when the limit ended the rows; `None` when there are no more.
    pub fn rest(&self) -> Option<Position> {
        self.last.filter(|_| self.has_more)
    }
}

/// Opens the rows that a request asks for.
pub(crate) async fn open(
    request: ReadRequest,
    storage: Storage,
    expressions: Expressions,
    scanner: Scanner,
) -> Result<RowStream, Error> {
    let prepare = move || prepare(&request, &storage, expressions, scanner);
    tokio::task::spawn_blocking(prepare).await.map_err(|error| Error::Worker(error.to_string()))?
}

fn prepare(
    request: &ReadRequest,
    storage: &Storage,
    expressions: Expressions,
    scanner: Scanner,
) -> Result<RowStream, Error> {
    let model = plan::model(storage, &request.model)?;
    let window = from_position(request.window, request.after);
    let snapshot = storage.snapshot(&model, window)?;
    let columns = snapshot.model.schema.arrow_predictions();
    let filter = plan::filter(request.filter.as_deref(), &expressions, &columns)?;
    let given = chosen(&columns, request.columns.as_deref())?;
    let filtered: BTreeSet<&str> = filter.iter().flat_map(|f| f.columns.iter().map(String::as_str)).collect();
    let is_read = |name: &str| given.field_with_name(name).is_ok() || filtered.contains(name);
    let read: Vec<_> = columns.fields().iter().filter(|field| is_read(field.name())).cloned().collect();
    let names: Vec<&str> = read.iter().map(|field| field.name().as_str()).collect();
    let units = Source::of_snapshot(storage, &snapshot, &names)?.units;
    let read: SchemaRef = Arc::new(Schema::new(read));
    let indices: Result<Vec<_>, _> = given.fields().iter().map(|field| read.index_of(field.name())).collect();
    let selection = Selection::new(&expressions, read, window, request.after, filter.as_ref())?;
    let lanes = units.into_iter().map(|unit| Lane::new(unit, &selection, &scanner)).collect();
    Ok(RowStream {
        schema: given,
        indices: indices?,
        rows: merge::merge(lanes),
        left: request.limit.unwrap_or(usize::MAX),
        last: None,
        has_more: false,
        _snapshot: snapshot,
    })
}

/// Rows before the position need not be read.
fn from_position(window: Option<Window>, after: Option<Position>) -> Option<Window> {
    let from = after.and_then(|position| Time::from_micros(position.time_micros).ok());
    match (window, from) {
        (Some(window), Some(from)) => Window::new(window.start().max(from), window.end()).ok().or(Some(window)),
        (window, _) => window,
    }
}

fn chosen(schema: &SchemaRef, columns: Option<&[String]>) -> Result<SchemaRef, Error> {
    let Some(columns) = columns else { return Ok(Arc::clone(schema)) };
    let mut names = vec![ID, TIME];
    for column in columns {
        if schema.field_with_name(column).is_err() {
            let message = format!("there is no column `{column}`: GET the model to see its schema");
            return Err(Error::invalid("unknown_column", "columns", message));
        }
        if !names.contains(&column.as_str()) {
            names.push(column);
        }
    }
    let fields = names.into_iter().filter_map(|name| schema.fields().find(name)).map(|(_, field)| Arc::clone(field));
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

impl Position {
    /// The place of a row of [`RowStream`].
    pub fn of(rows: &RecordBatch, row: usize) -> Option<Self> {
        let (times, ids) = (merge::times(rows)?, merge::ids(rows)?);
        let time_micros = times.get(row).copied()?;
        Some(Self { time_micros, id: ids.value(row).try_into().ok()? })
    }
}
