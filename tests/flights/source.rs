//! The flights: where they lie, in which order they are sent.

use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, RecordBatch, UInt32Array},
    compute::{concat_batches, take_record_batch},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use uuid::Uuid;

use crate::harness::{id_column, repository};

const INPUTS: [&str; 6] = ["time", "origin", "destination", "distance", "hour", "probability"];
const LABELS: [&str; 2] = ["delay_minutes", "late"];

/// Where the flights lie, if they are here.
pub fn folder() -> Option<PathBuf> {
    let folder = env::var_os("DRIFTLINE_FLIGHTS").map_or_else(|| repository("../shared/data"), PathBuf::from);
    folder.join("flights.parquet").exists().then_some(folder)
}

/// All flights in one table.
pub struct Flights(RecordBatch);

impl Flights {
    /// Reads them in time order.
    pub fn open(folder: &Path) -> Self {
        let file = File::open(folder.join("flights.parquet")).expect("the flights");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
        let reader = reader.with_batch_size(1 << 20).build().expect("a Parquet file");
        let batches: Vec<_> = reader.map(|batch| batch.expect("rows")).collect();
        Self(concat_batches(&batches[0].schema(), &batches).expect("one schema"))
    }

    /// How many there are.
    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    /// The same flights in an order that has nothing to do with time, the same in each run.
    pub fn shuffled(self) -> Self {
        let mut order: Vec<u32> = (0..self.rows() as u32).collect();
        fastrand::Rng::with_seed(2001).shuffle(&mut order);
        Self(take_record_batch(&self.0, &UInt32Array::from(order)).expect("rows in bounds"))
    }

    /// Cuts the table into requests: `(start, rows)`, as many rows as `size` says for each turn.
    pub fn ranges(&self, size: impl Fn(usize) -> usize) -> Vec<(usize, usize)> {
        let (mut ranges, mut start) = (Vec::new(), 0);
        while start < self.rows() {
            let rows = size(ranges.len()).min(self.rows() - start);
            ranges.push((start, rows));
            start += rows;
        }
        ranges
    }

    /// Predictions as a table; without `ids` the server makes them.
    pub fn predictions(&self, start: usize, rows: usize, ids: Option<&[Uuid]>) -> RecordBatch {
        self.part(start, rows, &INPUTS, ids)
    }

    /// What became known later, for the predictions with these ids.
    pub fn labels(&self, ids: &[Uuid], start: usize) -> RecordBatch {
        self.part(start, ids.len(), &LABELS, Some(ids))
    }

    fn part(&self, start: usize, rows: usize, names: &[&str], ids: Option<&[Uuid]>) -> RecordBatch {
        let part = self.0.slice(start, rows);
        let column = |name: &str| -> ArrayRef { Arc::clone(part.column_by_name(name).expect("a column")) };
        let ids = ids.map(|ids| ("id", id_column(ids)));
        let columns = ids.into_iter().chain(names.iter().map(|name| (*name, column(name))));
        RecordBatch::try_from_iter(columns).expect("columns of equal length")
    }
}
