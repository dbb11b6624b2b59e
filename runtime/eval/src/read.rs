//! Pages of a model's rows, delayed metrics joined in, in the order of time and id.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{AsArray, BooleanArray, RecordBatch},
    compute::{SortColumn, concat_batches, filter_record_batch, lexsort_to_indices, take_record_batch},
    datatypes::{Schema, SchemaRef, TimestampMicrosecondType},
};
use driftline_core::{ID, TIME, Time, Window};
use driftline_storage::Storage;
use futures::StreamExt;

use crate::{
    Error,
    expression::{Expression, Expressions},
    plan,
    request::{Position, ReadRequest},
    scan::Scanner,
    source::{Source, Unit, time_pruning},
};

/// Some rows, and where the next page begins.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows: `id`, `time`, then the columns asked for.
    pub rows: RecordBatch,
    /// Where to go on; `None` when these were the last.
    pub next: Option<Position>,
}

/// Reads a page.
pub(crate) async fn read(
    request: ReadRequest,
    storage: Storage,
    expressions: Expressions,
    scanner: Scanner,
) -> Result<Page, Error> {
    let prepare = move || prepare(&request, &storage, &expressions).map(|page| (page, expressions));
    let (mut page, expressions) =
        tokio::task::spawn_blocking(prepare).await.map_err(|error| Error::Worker(error.to_string()))??;
    let mut units = std::mem::take(&mut page.units);
    units.sort_by_key(|unit| unit.times);
    for unit in units {
        if unit.times.is_some_and(|(first, _)| page.is_full_before(first)) {
            break;
        }
        page.take_in(&unit, &expressions, &scanner).await?;
    }
    page.finish()
}

/// A page being filled: the earliest rows so far.
struct Filling {
    units: Vec<Unit>,
    /// The columns that are read.
    read: SchemaRef,
    /// The columns that are given back.
    given: SchemaRef,
    window: Option<Window>,
    filter: Option<Expression>,
    after: Option<Position>,
    limit: usize,
    rows: Vec<RecordBatch>,
    count: usize,
    /// The time of the last row that fits, once the page is full.
    last: Option<Time>,
}

fn prepare(request: &ReadRequest, storage: &Storage, expressions: &Expressions) -> Result<Filling, Error> {
    let model = plan::model(storage, &request.model)?;
    let schema = model.schema.arrow_predictions();
    let filter = plan::filter(request.filter.as_deref(), expressions, &schema)?;
    let given = chosen(&schema, request.columns.as_deref())?;
    let filtered: BTreeSet<&str> = filter.iter().flat_map(|f| f.columns.iter().map(String::as_str)).collect();
    let is_read = |name: &str| given.field_with_name(name).is_ok() || filtered.contains(name);
    let fields: Vec<_> = schema.fields().iter().filter(|field| is_read(field.name())).cloned().collect();
    let window = from_position(request.window, request.after);
    let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    let units = Source::of_snapshot(storage, &storage.snapshot(&model, window)?, &names)?.units;
    Ok(Filling {
        units,
        read: Arc::new(Schema::new(fields)),
        given,
        window,
        filter,
        after: request.after,
        limit: request.limit,
        rows: Vec::new(),
        count: 0,
        last: None,
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

impl Filling {
    fn is_full_before(&self, time: Time) -> bool {
        self.last.is_some_and(|last| last < time)
    }

    async fn take_in(&mut self, unit: &Unit, expressions: &Expressions, scanner: &Scanner) -> Result<(), Error> {
        let pruning = match self.window {
            Some(window) => time_pruning(expressions, window, &self.read)?,
            None => None,
        };
        let filter = self.filter.as_ref().map(|filter| expressions.compile(filter, &self.read)).transpose()?;
        let stored = unit.clone();
        let verify = tokio::task::spawn_blocking(move || stored.verify());
        verify.await.map_err(|error| Error::Worker(error.to_string()))??;
        let mut batches = unit.read(scanner, &self.read, pruning)?;
        while let Some(batch) = batches.next().await {
            let mut batch = self.in_range(&batch?)?;
            if let Some(filter) = &filter {
                let passes = filter.evaluate(&batch)?.into_array(batch.num_rows())?;
                batch = filter_record_batch(&batch, passes.as_boolean())?;
            }
            self.add(batch)?;
        }
        Ok(())
    }

    /// The rows inside the window, after the position, and not after a full page.
    fn in_range(&self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let times = batch.column_by_name(TIME).map(|times| times.as_primitive::<TimestampMicrosecondType>());
        let ids = batch.column_by_name(ID).map(|ids| ids.as_fixed_size_binary());
        let (Some(times), Some(ids)) = (times, ids) else { return Ok(batch.clone()) };
        let inside = |row: usize| {
            let time = times.value(row);
            let in_window = self.window.is_none_or(|w| w.start().micros() <= time && time < w.end().micros());
            let follows = self.after.is_none_or(|after| (time, ids.value(row)) > (after.time_micros, &after.id[..]));
            in_window && follows && self.last.is_none_or(|last| time <= last.micros())
        };
        let mask: BooleanArray = (0..batch.num_rows()).map(|row| Some(inside(row))).collect();
        Ok(filter_record_batch(batch, &mask)?)
    }

    fn add(&mut self, batch: RecordBatch) -> Result<(), Error> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.count += batch.num_rows();
        self.rows.push(batch);
        if self.count >= 2 * self.limit + crate::scan::BATCH_ROWS {
            self.shrink()?;
        }
        Ok(())
    }

    /// Keeps the earliest rows: those of the page and one more, which tells that there is a next page.
    fn shrink(&mut self) -> Result<(), Error> {
        let rows = concat_batches(&self.read, &std::mem::take(&mut self.rows))?;
        let key = |name| rows.column_by_name(name).map(|values| SortColumn { values: values.clone(), options: None });
        let keys: Vec<_> = [TIME, ID].into_iter().filter_map(key).collect();
        let order = lexsort_to_indices(&keys, Some(self.limit + 1))?;
        let rows = take_record_batch(&rows, &order)?;
        self.count = rows.num_rows();
        if self.count > self.limit {
            self.last = position(&rows, self.count - 1).and_then(|p| Time::from_micros(p.time_micros).ok());
        }
        self.rows = vec![rows];
        Ok(())
    }

    fn finish(mut self) -> Result<Page, Error> {
        self.shrink()?;
        let rows = self.rows.pop().unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&self.read)));
        let more = rows.num_rows() > self.limit;
        let rows = rows.slice(0, rows.num_rows().min(self.limit));
        let next = (more && rows.num_rows() > 0).then(|| position(&rows, rows.num_rows() - 1)).flatten();
        let indices: Result<Vec<_>, _> =
            self.given.fields().iter().map(|field| rows.schema_ref().index_of(field.name())).collect();
        Ok(Page { rows: rows.project(&indices?)?, next })
    }
}

fn position(rows: &RecordBatch, row: usize) -> Option<Position> {
    let times = rows.column_by_name(TIME)?.as_primitive::<TimestampMicrosecondType>();
    let ids = rows.column_by_name(ID)?.as_fixed_size_binary();
    if row >= times.len() {
        return None;
    }
    Some(Position { time_micros: times.value(row), id: ids.value(row).try_into().ok()? })
}
