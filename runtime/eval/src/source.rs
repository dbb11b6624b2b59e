//! Where a window's rows are: units of work over segments, unsealed rows and datasets.

use std::{fmt, ops::Range, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    logical_expr::{Expr, lit},
    physical_plan::PhysicalExpr,
    prelude::ident,
    scalar::ScalarValue,
};
use driftline_core::{Digest, ID, TIME, Time, Window};
use driftline_storage::{Dataset, DelayedCells, Hidden, Pin, Segment, Snapshot, Storage};
use futures::{StreamExt, stream::BoxStream};

use crate::{
    Error,
    cell::Extent,
    expression::Expressions,
    scan::{BATCH_ROWS, FilePart, Scanner},
};

/// The rows of one side of an evaluation, cut into units of work.
pub(crate) struct Source {
    /// The units in their fixed order.
    pub units: Vec<Unit>,
    /// What all units have in common.
    pub facts: Facts,
}

/// Where rows came from, for the lineage.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub segments: usize,
    pub unsealed_rows: u64,
    /// How many rows lie where it is read, at most.
    pub rows: u64,
    pub data: Digest,
}

/// Rows that are computed together: a pure function of immutable things.
#[derive(Clone)]
pub(crate) struct Unit {
    rows: UnitRows,
    /// The first and last time in it, where known.
    pub times: Option<(Time, Time)>,
    delayed: Option<Arc<DelayedCells>>,
    hidden: Option<Hidden>,
}

/// The record of a file, which may be damaged; a pin keeps it from being deleted once it is replaced.
#[derive(Clone)]
pub(crate) enum Stored {
    Segment { storage: Storage, segment: Segment, _pin: Pin },
    Dataset(Storage, Dataset),
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "units are few, and most are files")]
enum UnitRows {
    File(FilePart),
    Memory(Arc<Vec<RecordBatch>>),
}

/// A dataset's rows in one unit of work.
const DATASET_UNIT_ROWS: u64 = 1 << 20;
/// A segment's rows in one unit of work, when there are few segments.
const PART_ROWS: u64 = 1 << 19;
/// Smaller parts of a file are not worth a thread.
const MIN_PART_BYTES: u64 = 4 << 20;

impl Source {
    /// The rows of a snapshot, with the delayed values of `columns` joined in.
    pub fn of_snapshot(storage: &Storage, snapshot: &Snapshot, columns: &[&str]) -> Result<Self, Error> {
        let pending = snapshot.delayed(columns)?;
        let some = |cells: DelayedCells| (!cells.is_empty()).then(|| Arc::new(cells));
        let mut units: Vec<Unit> = snapshot
            .segments
            .iter()
            .map(|segment| Unit {
                rows: UnitRows::File(FilePart {
                    path: segment.path.clone(),
                    bytes: segment.bytes,
                    range: None,
                    stored: Stored::Segment {
                        storage: storage.clone(),
                        segment: segment.clone(),
                        _pin: snapshot.pin(),
                    },
                }),
                times: Some((segment.min_time, segment.max_time)),
                delayed: some(pending.of(segment)),
                hidden: snapshot.hidden(segment),
            })
            .collect();
        let unsealed_rows = snapshot.unsealed.iter().map(|batch| batch.num_rows() as u64).sum();
        if unsealed_rows > 0 {
            let rows = UnitRows::Memory(Arc::new(snapshot.unsealed.clone()));
            units.push(Unit { rows, times: snapshot.unsealed_times(), delayed: some(pending), hidden: None });
        }
        let sealed: u64 = snapshot.segments.iter().map(|segment| segment.rows).sum();
        let facts = Facts {
            segments: snapshot.segments.len(),
            unsealed_rows,
            rows: sealed + unsealed_rows,
            data: snapshot.digest(),
        };
        Ok(Self { units, facts })
    }

    /// The rows of a dataset.
    pub fn of_dataset(storage: &Storage, dataset: &Dataset) -> Self {
        let parts = dataset.rows.div_ceil(DATASET_UNIT_ROWS).max(1);
        let cut = |part: u64| i64::try_from(dataset.bytes * part / parts).unwrap_or(i64::MAX);
        let unit = |part: u64| Unit {
            rows: UnitRows::File(FilePart {
                path: dataset.path.clone(),
                bytes: dataset.bytes,
                range: (parts > 1).then(|| (cut(part), cut(part + 1))),
                stored: Stored::Dataset(storage.clone(), dataset.clone()),
            }),
            times: None,
            delayed: None,
            hidden: None,
        };
        let facts = Facts { segments: 1, unsealed_rows: 0, rows: dataset.rows, data: dataset.digest };
        Self { units: (0..parts).map(unit).collect(), facts }
    }
}

impl Unit {
    /// The rows with the columns of `schema`, among which are those that
    /// [`Self::needs`] names: delayed values joined in, hidden rows left out.
    pub fn read(
        &self,
        scanner: &Scanner,
        schema: &SchemaRef,
        pruning: Option<Arc<dyn PhysicalExpr>>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, Error>>, Error> {
        let (delayed, hidden) = (self.delayed.clone(), self.hidden.clone());
        let overlay = move |batch: RecordBatch| {
            let batch = hidden.as_ref().map_or(Ok(batch.clone()), |hidden| hidden.strip(&batch))?;
            delayed.as_ref().map_or(Ok(batch.clone()), |cells| Ok(cells.apply(&batch)?))
        };
        match &self.rows {
            UnitRows::File(file) => {
                let stream = scanner.read(file, schema, pruning)?;
                Ok(stream.map(move |batch| overlay(batch?)).boxed())
            }
            UnitRows::Memory(batches) => {
                let projected: Result<Vec<_>, Error> = batches.iter().map(|batch| project(batch, schema)).collect();
                let slices = projected?.into_iter().flat_map(slices);
                Ok(futures::stream::iter(slices).map(overlay).boxed())
            }
        }
    }

    /// Checks the file against its digest before its first use in this process. Blocks.
    pub fn verify(&self) -> Result<(), Error> {
        match &self.rows {
            UnitRows::File(file) => Ok(file.stored.verify()?),
            UnitRows::Memory(_) => Ok(()),
        }
    }

    /// Whether its rows come in the order of their times, as they do from segments; those in memory come as they arrived.
    pub fn is_sorted(&self) -> bool {
        matches!(self.rows, UnitRows::File(_))
    }

    /// The segment whose rows are this unit's rows as they are: nothing is joined to them.
    pub fn plain_segment(&self) -> Option<(&FilePart, &Segment)> {
        match &self.rows {
            UnitRows::File(file) if self.delayed.is_none() && self.hidden.is_none() => {
                Some((file, file.stored.segment()?))
            }
            _ => None,
        }
    }

    /// This unit in about `parts` parts that can be read side by side.
    pub fn split(&self, parts: u64) -> Vec<Self> {
        match &self.rows {
            UnitRows::File(file) if file.range.is_none() && file.bytes >= MIN_PART_BYTES * parts => {
                let cut = |part: u64| i64::try_from(file.bytes * part / parts).unwrap_or(i64::MAX);
                let part = |part| FilePart { range: Some((cut(part), cut(part + 1))), ..file.clone() };
                (0..parts).map(|at| Self { rows: UnitRows::File(part(at)), ..self.clone() }).collect()
            }
            _ => vec![self.clone()],
        }
    }

    /// This unit in parts of about half a million rows. How many there are depends on its rows alone, so that results have
    /// the same bits on any number of threads.
    pub fn parts(&self) -> Vec<Self> {
        match &self.rows {
            UnitRows::File(file) => {
                let worth_a_thread = (file.bytes / MIN_PART_BYTES).max(1);
                self.split(file.stored.rows().div_ceil(PART_ROWS).clamp(1, worth_a_thread))
            }
            UnitRows::Memory(batches) => {
                let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
                let parts = rows.div_ceil(PART_ROWS as usize).max(1);
                let part =
                    |part| UnitRows::Memory(Arc::new(cut(batches, rows * part / parts..rows * (part + 1) / parts)));
                (0..parts).map(|at| Self { rows: part(at), ..self.clone() }).collect()
            }
        }
    }

    /// What is known of a segment's rows without reading them; `None` for other rows.
    pub fn extent(&self) -> Option<Extent> {
        let (UnitRows::File(file), Some((first, last))) = (&self.rows, self.times) else { return None };
        Some(Extent { first, last, rows: file.stored.rows() })
    }

    /// A digest over all that its rows depend on, made of that of all rows of the file.
    pub fn range_of(&self, rows: &Digest) -> Digest {
        match &self.rows {
            UnitRows::File(FilePart { range: Some((start, end)), .. }) => {
                Digest::of_parts([&rows.as_bytes()[..], &start.to_le_bytes(), &end.to_le_bytes()])
            }
            _ => *rows,
        }
    }

    /// Rows that are in memory.
    pub fn in_memory(rows: Vec<RecordBatch>) -> Self {
        Self { rows: UnitRows::Memory(Arc::new(rows)), times: None, delayed: None, hidden: None }
    }

    /// The columns that reading needs, to join delayed values and to leave out hidden rows.
    pub fn needs(&self) -> Vec<&'static str> {
        let joined = self.delayed.is_some().then_some(ID);
        self.hidden.iter().flat_map(Hidden::columns).chain(joined).collect()
    }
}

impl Stored {
    fn rows(&self) -> u64 {
        match self {
            Self::Segment { segment, .. } => segment.rows,
            Self::Dataset(_, dataset) => dataset.rows,
        }
    }

    /// Checks the file against its digest before its first use in this process. Blocks.
    pub fn verify(&self) -> Result<(), driftline_storage::Error> {
        match self {
            Self::Segment { storage, segment, .. } => storage.verify_segment(segment),
            Self::Dataset(storage, dataset) => storage.verify_dataset(dataset),
        }
    }

    fn segment(&self) -> Option<&Segment> {
        match self {
            Self::Segment { segment, .. } => Some(segment),
            Self::Dataset(..) => None,
        }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment { segment, .. } => f.debug_tuple("Segment").field(&segment.path).finish(),
            Self::Dataset(_, dataset) => f.debug_tuple("Dataset").field(&dataset.path).finish(),
        }
    }
}

/// The rows of `batches` with these numbers, counted through all of them.
fn cut(batches: &[RecordBatch], rows: Range<usize>) -> Vec<RecordBatch> {
    let mut before = 0;
    let cut = |batch: &RecordBatch| {
        let own = before..before + batch.num_rows();
        before = own.end;
        let (start, end) = (rows.start.max(own.start), rows.end.min(own.end));
        (start < end).then(|| batch.slice(start - own.start, end - start))
    };
    batches.iter().filter_map(cut).collect()
}

/// Rows in memory in batches as large as those that are read from files.
fn slices(batch: RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let starts = (0..batch.num_rows()).step_by(BATCH_ROWS);
    starts.map(move |start| batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start)))
}

fn project(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Error> {
    let indices: Result<Vec<_>, _> =
        schema.fields().iter().map(|field| batch.schema_ref().index_of(field.name())).collect();
    Ok(batch.project(&indices?)?)
}

/// The condition that rules out row groups outside `window`.
pub(crate) fn time_pruning(
    expressions: &Expressions,
    window: Window,
    schema: &SchemaRef,
) -> Result<Option<Arc<dyn PhysicalExpr>>, Error> {
    if schema.field_with_name(TIME).is_err() {
        return Ok(None);
    }
    let bound = |time: Time| lit(ScalarValue::TimestampMicrosecond(Some(time.micros()), Some("UTC".into())));
    let condition: Expr = ident(TIME).gt_eq(bound(window.start())).and(ident(TIME).lt(bound(window.end())));
    Ok(Some(expressions.compile_logical(condition, schema)?))
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{AsArray, Int64Array},
        datatypes::Int64Type,
    };

    use super::*;

    /// Batches of so many rows each, whose cells count on.
    fn batches(sizes: &[i64]) -> Vec<RecordBatch> {
        let mut next = 0;
        let batch = |rows: &i64| {
            let cells = Int64Array::from_iter_values(next..next + rows);
            next += rows;
            RecordBatch::try_from_iter([("cell", Arc::new(cells) as _)]).expect("a batch")
        };
        sizes.iter().map(batch).collect()
    }

    fn cells(batches: &[RecordBatch]) -> Vec<i64> {
        batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    #[test]
    fn rows_in_memory_are_cut_by_their_number_alone() {
        for (sizes, parts) in [
            (&[][..], &[0][..]),
            (&[10], &[10]),
            (&[1 << 19], &[1 << 19]),
            (&[(1 << 19) + 1], &[1 << 18, (1 << 18) + 1]),
            (&[300_000, 65_536, 700_000, 0, 3], &[355_179, 355_180, 355_180]),
        ] {
            let rows: i64 = sizes.iter().sum();
            let mut found = Vec::new();
            let mut read = Vec::new();
            for part in Unit::in_memory(batches(sizes)).parts() {
                let UnitRows::Memory(batches) = part.rows else { panic!("rows in memory") };
                let own: Vec<RecordBatch> = batches.iter().cloned().flat_map(slices).collect();
                assert!(own.iter().all(|batch| (1..=BATCH_ROWS).contains(&batch.num_rows())), "{sizes:?}");
                found.push(cells(&own).len() as i64);
                read.extend(cells(&own));
            }
            assert_eq!(found, parts, "{sizes:?}");
            assert_eq!(read, (0..rows).collect::<Vec<_>>(), "{sizes:?}");
        }
    }
}
