//! Kept states: what is left of rows that are gone, in immutable Parquet files.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    },
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType},
};
use bytes::Bytes;
use driftline_core::{Time, Window};

use crate::{
    Error,
    definition::DefinitionKey,
    parquet_file::{LOOKUP_GROUP, ParquetFile},
};

/// A plugin's summary of the rows of one stretch of time and slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptState {
    /// The rows' times lie in here: an hour, a day or a month.
    pub window: Window,
    /// The slice, in the writing of whoever made the state.
    pub slice: String,
    /// How many rows were read, used and missing.
    pub rows: [u64; 3],
    /// What the plugin saved.
    pub state: Vec<u8>,
}

/// The columns of the files; the first is what row groups are found by.
const COLUMNS: [&str; 8] = ["definition", "start", "end", "slice", "read", "used", "missing", "state"];

/// States in one row group, at most,
const GROUP_STATES: usize = LOOKUP_GROUP;
/// or about this many bytes of them: little to read for one definition, much to compress together.
const GROUP_BYTES: usize = 2 << 20;
/// States are written once or twice and kept for months.
const ZSTD_LEVEL: i32 = 9;

fn schema() -> SchemaRef {
    let instant = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let types = [
        DataType::FixedSizeBinary(16),
        instant(),
        instant(),
        DataType::Utf8,
        DataType::Int64,
        DataType::Int64,
        DataType::Int64,
        DataType::Binary,
    ];
    Arc::new(Schema::new(
        COLUMNS.into_iter().zip(types).map(|(name, held)| Field::new(name, held, false)).collect::<Vec<_>>(),
    ))
}

/// A file of states that is being written; each definition's states come at once.
pub struct KeptFile {
    file: ParquetFile,
    /// States, and their bytes, in the row group that is being filled.
    filled: (usize, usize),
    pub(crate) states: u64,
    pub(crate) window: Option<Window>,
}

impl KeptFile {
    /// An empty file.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn new() -> Result<Self, Error> {
        let file = ParquetFile::packed(schema(), GROUP_STATES, ZSTD_LEVEL)?;
        Ok(Self { file, filled: (0, 0), states: 0, window: None })
    }

    /// Adds states of a definition, which are sorted by window and slice.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn add(&mut self, definition: DefinitionKey, states: &[KeptState]) -> Result<(), Error> {
        let mut rest = states;
        while !rest.is_empty() {
            if self.filled.0 >= GROUP_STATES || self.filled.1 >= GROUP_BYTES {
                self.file.end_group()?;
                self.filled = (0, 0);
            }
            let mut bytes = self.filled.1;
            let full = rest.iter().position(|kept| {
                bytes += kept.state.len();
                bytes >= GROUP_BYTES
            });
            let fitting = full.map_or(rest.len(), |last| last + 1).min(GROUP_STATES - self.filled.0);
            let (some, later) = rest.split_at(fitting);
            self.file.write(&batch(definition, some)?)?;
            self.filled.0 += some.len();
            self.filled.1 += some.iter().map(|kept| kept.state.len()).sum::<usize>();
            rest = later;
        }
        for kept in states {
            let hull =
                |whole: Window| Window::new(whole.start().min(kept.window.start()), whole.end().max(kept.window.end()));
            self.window = self.window.map_or(Some(kept.window), |whole| hull(whole).ok());
        }
        self.states += states.len() as u64;
        Ok(())
    }

    /// About how many bytes states of one definition take up in a file.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn packed_bytes(states: &[KeptState]) -> Result<u64, Error> {
        let mut file = Self::new()?;
        file.add(DefinitionKey([0; 16]), states)?;
        Ok(file.finish()?.len() as u64)
    }

    pub(crate) fn finish(self) -> Result<Bytes, Error> {
        self.file.finish()
    }
}

fn batch(definition: DefinitionKey, states: &[KeptState]) -> Result<RecordBatch, Error> {
    let failed = |error| Error::failed("arranging states", error);
    let keys = FixedSizeBinaryArray::try_from_iter(states.iter().map(|_| definition.0)).map_err(failed)?;
    let instants = |of: fn(&Window) -> Time| {
        let micros = states.iter().map(|kept| of(&kept.window).micros());
        Arc::new(TimestampMicrosecondArray::from_iter_values(micros).with_timezone("UTC")) as ArrayRef
    };
    let count = |at: usize| Arc::new(Int64Array::from_iter_values(states.iter().map(|kept| kept.rows[at] as i64)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(keys),
        instants(Window::start),
        instants(Window::end),
        Arc::new(StringArray::from_iter_values(states.iter().map(|kept| &kept.slice))),
        count(0),
        count(1),
        count(2),
        Arc::new(BinaryArray::from_iter_values(states.iter().map(|kept| &kept.state))),
    ];
    RecordBatch::try_new(schema(), columns).map_err(failed)
}

/// The states of a batch of a file, each with its definition.
pub(crate) fn states(batch: &RecordBatch) -> Result<Vec<(DefinitionKey, KeptState)>, Error> {
    if batch.schema_ref().fields() != schema().fields() {
        return Err(Error::corrupt("a file of roll-ups", "its columns are other than they were written"));
    }
    let keys = batch.column(0).as_fixed_size_binary();
    let [starts, ends] = [1, 2].map(|at| batch.column(at).as_primitive::<TimestampMicrosecondType>());
    let slices = batch.column(3).as_string::<i32>();
    let counts = [4, 5, 6].map(|at| batch.column(at).as_primitive::<Int64Type>());
    let saved = batch.column(7).as_binary::<i32>();
    let odd = |error: &dyn std::fmt::Display| Error::corrupt("a file of roll-ups", error.to_string());
    let state = |row: usize| {
        let time = |micros| Time::from_micros(micros).map_err(|error| odd(&error));
        let window = Window::new(time(starts.value(row))?, time(ends.value(row))?).map_err(|error| odd(&error))?;
        let key = keys.value(row).try_into().map_err(|error| odd(&error))?;
        let rows = counts.each_ref().map(|counts| counts.value(row).unsigned_abs());
        let kept = KeptState { window, slice: slices.value(row).to_owned(), rows, state: saved.value(row).to_vec() };
        Ok((DefinitionKey(key), kept))
    };
    (0..keys.len()).map(state).collect()
}
