//! Feeds the rows of a unit to the accumulators of a plugin instance.

use std::collections::HashMap;

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array},
    buffer::{BooleanBuffer, NullBuffer},
    compute::{concat, filter, take},
    datatypes::{Float64Type, TimestampMicrosecondType},
};
use driftline_core::{Accumulator, Cells, Failure, FailureCode, InputBatch, Metric};

use crate::{
    Error,
    frame::{CellUse, FramedRows},
    groups::GroupKey,
    outcome::Rows,
    scan::BATCH_ROWS,
};

/// One plugin instance with an accumulator for each group it has met.
pub(crate) struct Accumulation {
    pub metric: Box<dyn Metric>,
    parameters: String,
    groups: HashMap<GroupKey, Group>,
}

/// The running summary of a group.
pub(crate) struct Group {
    pub accumulator: Accumulator,
    pub rows: Rows,
    waiting: Vec<Columns>,
    waiting_rows: usize,
}

/// The cells of some rows, numbered like the plugin's columns.
struct Columns {
    rows: usize,
    cells: Vec<Option<Cells>>,
}

/// Our error outside, the guest's failure inside.
pub(crate) type Guest<T> = Result<Result<T, Failure>, Error>;

impl Accumulation {
    pub fn new(metric: Box<dyn Metric>, parameters: &str) -> Self {
        Self { metric, parameters: parameters.into(), groups: HashMap::new() }
    }

    /// Takes in framed rows. Groups with few rows wait until there are enough
    /// for a batch; see [`Self::flush`].
    pub fn take_in(&mut self, framed: &FramedRows, uses: &[Option<CellUse>]) -> Guest<()> {
        for (key, rows) in &framed.groups {
            let read = rows.as_ref().map_or(framed.rows, Array::len);
            let columns = chosen(framed, uses, rows.as_ref(), read)?;
            if let Err(failure) = self.add(key, read, columns)? {
                return Ok(Err(failure));
            }
        }
        Ok(Ok(()))
    }

    fn add(&mut self, key: &GroupKey, read: usize, columns: Columns) -> Guest<()> {
        let group = match self.group(key) {
            Ok(group) => group,
            Err(failure) => return Ok(Err(failure)),
        };
        group.rows.read += read as u64;
        group.rows.used += columns.rows as u64;
        group.rows.missing += (read - columns.rows) as u64;
        if columns.rows == 0 {
            return Ok(Ok(()));
        }
        group.waiting_rows += columns.rows;
        group.waiting.push(columns);
        if group.waiting_rows * 2 <= BATCH_ROWS {
            return Ok(Ok(()));
        }
        match self.groups.get_mut(key) {
            Some(group) => group.feed(self.metric.as_mut()),
            None => Ok(Ok(())),
        }
    }

    /// The group called `key`; without rows when it was not met yet.
    pub fn group(&mut self, key: &GroupKey) -> Result<&mut Group, Failure> {
        if !self.groups.contains_key(key) {
            let accumulator = self.metric.open(&self.parameters)?;
            let group = Group { accumulator, rows: Rows::default(), waiting: Vec::new(), waiting_rows: 0 };
            self.groups.insert(key.clone(), group);
        }
        self.groups.get_mut(key).ok_or_else(|| Failure::new(FailureCode::Failed, "the group was lost"))
    }

    /// Gives waiting rows to the plugin.
    pub fn flush(&mut self) -> Guest<()> {
        let mut keys: Vec<_> = self.groups.keys().cloned().collect();
        keys.sort();
        for key in keys {
            if let Some(group) = self.groups.get_mut(&key)
                && let Err(failure) = group.feed(self.metric.as_mut())?
            {
                return Ok(Err(failure));
            }
        }
        Ok(Ok(()))
    }

    /// The groups met, in their order.
    pub fn into_groups(mut self) -> (Box<dyn Metric>, Vec<(GroupKey, Group)>) {
        let groups = self.take_groups();
        (self.metric, groups)
    }

    /// How many groups it has met.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// The groups met, in their order, taken out so that others can follow in the same instance.
    pub fn take_groups(&mut self) -> Vec<(GroupKey, Group)> {
        let mut groups: Vec<_> = self.groups.drain().collect();
        groups.sort_by(|(a, _), (b, _)| a.cmp(b));
        groups
    }
}

impl Group {
    fn feed(&mut self, metric: &mut dyn Metric) -> Guest<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_rows = 0;
        match joined(waiting)? {
            Some(columns) => {
                let batch = InputBatch { rows: columns.rows, columns: columns.cells };
                Ok(metric.update(self.accumulator, batch))
            }
            None => Ok(Ok(())),
        }
    }
}

/// The plugin's columns for the chosen rows, without rows that lack a required input.
fn chosen(
    framed: &FramedRows,
    uses: &[Option<CellUse>],
    rows: Option<&UInt32Array>,
    count: usize,
) -> Result<Columns, Error> {
    let mut cells = Vec::with_capacity(uses.len());
    for column in uses {
        cells.push(match column {
            None => None,
            Some(column) => {
                let all = &framed.cells[column.cells];
                Some(match rows {
                    Some(rows) => mapped(all, |array| take(array, rows, None))?,
                    None => all.clone(),
                })
            }
        });
    }
    let Some(present) = present(&cells, uses, count) else { return Ok(Columns { rows: count, cells }) };
    let mask = BooleanArray::new(present, None);
    let kept: Result<Vec<_>, Error> = cells
        .iter()
        .map(|cells| cells.as_ref().map(|cells| mapped(cells, |array| filter(array, &mask))).transpose())
        .collect();
    Ok(Columns { rows: mask.true_count(), cells: kept? })
}

/// Which rows have all required inputs; `None` when all do.
fn present(cells: &[Option<Cells>], uses: &[Option<CellUse>], rows: usize) -> Option<BooleanBuffer> {
    let required = cells.iter().zip(uses).filter_map(|(cells, column)| match (cells, column) {
        (Some(cells), Some(column)) if !column.nullable => cells.array().nulls(),
        _ => None,
    });
    let present = required.fold(None, |all, nulls| NullBuffer::union(all.as_ref(), Some(nulls)));
    present.filter(|nulls| nulls.null_count() > 0).map(|nulls| nulls.inner().clone()).filter(|bits| bits.len() == rows)
}

fn joined(mut waiting: Vec<Columns>) -> Result<Option<Columns>, Error> {
    if waiting.len() < 2 {
        return Ok(waiting.pop());
    }
    let rows = waiting.iter().map(|columns| columns.rows).sum();
    let width = waiting.first().map_or(0, |columns| columns.cells.len());
    let mut cells = Vec::with_capacity(width);
    for column in 0..width {
        let parts: Vec<&Cells> = waiting.iter().filter_map(|columns| columns.cells[column].as_ref()).collect();
        let arrays: Vec<&dyn Array> = parts.iter().map(|cells| cells.array()).collect();
        cells.push(match parts.first() {
            Some(first) => Some(mapped(first, |_| concat(&arrays))?),
            None => None,
        });
    }
    Ok(Some(Columns { rows, cells }))
}

fn mapped(
    cells: &Cells,
    change: impl FnOnce(&dyn Array) -> Result<ArrayRef, arrow::error::ArrowError>,
) -> Result<Cells, Error> {
    let array = change(cells.array())?;
    Ok(match cells {
        Cells::Numbers(_) => Cells::Numbers(array.as_primitive::<Float64Type>().clone()),
        Cells::Categories(_) => Cells::Categories(array.as_string::<i32>().clone()),
        Cells::Timestamps(_) => Cells::Timestamps(array.as_primitive::<TimestampMicrosecondType>().clone()),
    })
}
