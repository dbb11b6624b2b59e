//! A data directory with a clock turned by hand, and rows as plain values.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray, new_null_array,
    },
    compute::concat_batches,
    datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType},
};
use driftline_core::{LABELLED_AT, Name, RESERVED, Time, Window};
use driftline_storage::{Append, Appended, Clock, Error, Kind, Model, Options, Retry, Segment, Snapshot, Storage};
use futures::executor::block_on;
use object_store::ObjectStoreExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

pub struct ManualClock(AtomicI64);

/// The present at the start: 14 November 2023.
pub const NOW: i64 = 1_700_000_000_000_000;

impl Default for ManualClock {
    fn default() -> Self {
        Self(AtomicI64::new(NOW))
    }
}

impl ManualClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_micros() as i64, Ordering::SeqCst);
    }

    pub fn set_back(&self, by: Duration) {
        self.0.fetch_sub(by.as_micros() as i64, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        time(self.0.load(Ordering::SeqCst))
    }
}

pub fn time(micros: i64) -> Time {
    Time::from_micros(micros).expect("a time")
}

pub fn window(start: i64, end: i64) -> Window {
    Window::new(time(start), time(end)).expect("a window")
}

pub fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Int(i64),
    Float(f64),
    Text(String),
    Null,
}

pub use Cell::{Float, Int, Null};

pub fn text(value: &str) -> Cell {
    Cell::Text(value.into())
}

pub type Cells = BTreeMap<String, Cell>;

pub fn cells(pairs: &[(&str, Cell)]) -> Cells {
    pairs.iter().map(|(column, cell)| ((*column).to_owned(), cell.clone())).collect()
}

/// A prediction, or with `time: None` delayed metrics for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub id: u128,
    pub time: Option<i64>,
    pub cells: Cells,
}

/// When each prediction of a snapshot was labelled, in microseconds by id; only those that were.
pub fn labelled_at(storage: &Storage, snapshot: &Snapshot) -> Result<BTreeMap<u128, i64>, Error> {
    let delayed = snapshot.delayed(&[LABELLED_AT])?;
    let mut batches = Vec::new();
    for segment in &snapshot.segments {
        batches.push(delayed.of(segment).apply(&seen(storage, snapshot, segment)?)?);
    }
    for batch in &snapshot.unsealed {
        batches.push(delayed.apply(batch)?);
    }
    let mut labelled = BTreeMap::new();
    for batch in &batches {
        let arrivals = batch.column_by_name(LABELLED_AT).expect("a column").as_primitive::<TimestampMicrosecondType>();
        let ids = batch.column_by_name("id").expect("id").as_fixed_size_binary();
        for row in (0..batch.num_rows()).filter(|row| arrivals.is_valid(*row)) {
            labelled.insert(u128::from_be_bytes(ids.value(row).try_into().expect("16 bytes")), arrivals.value(row));
        }
    }
    Ok(labelled)
}

pub fn prediction(id: u128, micros: i64, pairs: &[(&str, Cell)]) -> Row {
    Row { id, time: Some(micros), cells: cells(pairs) }
}

pub fn delayed(id: u128, pairs: &[(&str, Cell)]) -> Row {
    Row { id, time: None, cells: cells(pairs) }
}

/// One batch of all `rows`, which have times or have none.
pub fn batch(rows: &[Row]) -> RecordBatch {
    let ids = FixedSizeBinaryArray::try_from_iter(rows.iter().map(|row| row.id.to_be_bytes())).expect("ids");
    let mut columns: Vec<(String, ArrayRef)> = vec![("id".into(), Arc::new(ids))];
    if rows.iter().any(|row| row.time.is_some()) {
        let times = rows.iter().map(|row| row.time.expect("every prediction has a time"));
        let times = TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC");
        columns.push(("time".into(), Arc::new(times)));
    }
    let names: std::collections::BTreeSet<_> = rows.iter().flat_map(|row| row.cells.keys()).collect();
    for name in names {
        let cells: Vec<&Cell> = rows.iter().map(|row| row.cells.get(name).unwrap_or(&Null)).collect();
        columns.push((name.clone(), array(&cells)));
    }
    RecordBatch::try_from_iter(columns).expect("a batch")
}

fn array(cells: &[&Cell]) -> ArrayRef {
    let is = |test: fn(&Cell) -> bool| cells.iter().any(|cell| test(cell));
    if cells.iter().all(|cell| **cell == Null) {
        new_null_array(&DataType::Null, cells.len())
    } else if is(|cell| matches!(cell, Cell::Text(_))) {
        Arc::new(StringArray::from_iter(cells.iter().map(|cell| match cell {
            Cell::Text(value) => Some(value.as_str()),
            _ => None,
        })))
    } else if is(|cell| matches!(cell, Float(_))) {
        Arc::new(Float64Array::from_iter(cells.iter().map(|cell| match cell {
            Float(value) => Some(*value),
            Int(value) => Some(*value as f64),
            _ => None,
        })))
    } else {
        Arc::new(Int64Array::from_iter(cells.iter().map(|cell| match cell {
            Int(value) => Some(*value),
            _ => None,
        })))
    }
}

pub struct World {
    pub dir: TempDir,
    pub clock: Arc<ManualClock>,
    pub options: Options,
    storage: Option<Storage>,
}

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(ManualClock::default());
        let mut options = Options { background: false, clock: clock.clone(), ..Options::default() };
        change(&mut options);
        let mut world = Self { dir: TempDir::new().expect("a directory"), clock, options, storage: None };
        world.open();
        world
    }

    /// A world as it is after a crash of `other` at this moment.
    pub fn copied(other: &Self) -> Self {
        let dir = TempDir::new().expect("a directory");
        copy(other.dir.path(), dir.path());
        let mut world = Self { dir, clock: other.clock.clone(), options: other.options.clone(), storage: None };
        world.open();
        world
    }

    fn open(&mut self) {
        self.storage = Some(open(self.dir.path(), &self.options).expect("storage opens"));
    }

    /// Drops the storage, without closing it first.
    pub fn stop(self) -> (TempDir, Options) {
        (self.dir, self.options)
    }

    pub fn storage(&self) -> &Storage {
        self.storage.as_ref().expect("storage is open")
    }

    pub fn restart(&mut self) {
        self.restart_after(|| {});
    }

    /// Does something to the directory while nobody has it open.
    pub fn restart_after(&mut self, between: impl FnOnce()) {
        self.storage().close();
        self.storage = None;
        between();
        self.open();
    }

    pub fn model(&self) -> Model {
        self.storage().model(&name("m")).expect("reads").expect("the model exists")
    }

    pub fn try_append(&self, rows: &[Row], retry: Option<Retry>, answer: &str) -> Result<Appended, Error> {
        let kind = if rows.iter().any(|row| row.time.is_some()) { Kind::Predictions } else { Kind::Delayed };
        let batches = vec![batch(rows)];
        let (model, answer) = (name("m"), answer.to_owned());
        block_on(self.storage().append(Append {
            model,
            kind,
            batches,
            create_model: true,
            retry,
            answer,
            unique: None,
        }))
    }

    pub fn append(&self, rows: &[Row]) {
        assert_eq!(self.try_append(rows, None, "").expect("appends"), Appended::Fresh);
    }

    pub fn seal(&self) {
        self.storage().seal_all().expect("seals");
    }

    pub fn maintain(&self) {
        self.storage().maintain().expect("maintains");
    }

    /// How many files of rows there are on the disk.
    pub fn files(&self) -> usize {
        files(&self.dir.path().join("segments"))
    }

    pub fn clock_micros(&self) -> i64 {
        self.clock.now().micros()
    }

    pub fn snapshot(&self, window: Option<Window>) -> Snapshot {
        self.storage().snapshot(&self.model(), window).expect("a snapshot")
    }

    /// The predictions in `window`, delayed metrics joined in, ordered by time and id; null cells are left out.
    pub fn read(&self, window: Option<Window>) -> Vec<Row> {
        read(self.storage(), &self.snapshot(window), window).expect("reads")
    }
}

pub fn open(dir: &Path, options: &Options) -> Result<Storage, Error> {
    Storage::open(dir, options.clone())
}

/// Waits for another thread; fails after half a minute.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}");
        thread::yield_now();
    }
}

/// The times and ids of a batch, in its order.
pub fn keys(batch: &RecordBatch) -> Vec<(i64, u128)> {
    plain(batch).into_iter().map(|row| (row.time.expect("a prediction"), row.id)).collect()
}

/// How many files there are in `dir` and its folders.
pub fn files(dir: &Path) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    entries.map(|entry| entry.expect("an entry").path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}

/// Copies a data directory as a crash would leave it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a listing") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copies");
        }
    }
}

/// Reads a snapshot as an evaluation would: segments and unsealed rows, with delayed metrics laid over.
pub fn read(storage: &Storage, snapshot: &Snapshot, window: Option<Window>) -> Result<Vec<Row>, Error> {
    let columns = snapshot.model.schema.columns().iter().map(|column| column.name.as_str());
    let delayed = snapshot.delayed(&columns.chain([LABELLED_AT]).collect::<Vec<_>>())?;
    let mut rows = Vec::new();
    for segment in &snapshot.segments {
        rows.extend(plain(&delayed.of(segment).apply(&seen(storage, snapshot, segment)?)?));
    }
    for batch in &snapshot.unsealed {
        assert_eq!(batch.schema(), snapshot.model.schema.arrow_predictions());
        rows.extend(plain(&delayed.apply(batch)?));
    }
    rows.retain(|row| window.is_none_or(|window| window.contains(time(row.time.expect("a prediction")))));
    rows.sort_by_key(|row| (row.time, row.id));
    Ok(rows)
}

/// The rows of a segment that a snapshot shows.
fn seen(storage: &Storage, snapshot: &Snapshot, segment: &Segment) -> Result<RecordBatch, Error> {
    storage.verify_segment(segment)?;
    let batch = segment_rows(storage, &segment.path);
    assert_eq!(batch.num_rows() as u64, segment.rows);
    snapshot.hidden(segment).map_or(Ok(batch.clone()), |hidden| hidden.strip(&batch))
}

pub fn segment_rows(storage: &Storage, path: &object_store::path::Path) -> RecordBatch {
    let store = storage.object_store();
    let bytes = block_on(async { store.get(path).await.expect("file").bytes().await.expect("bytes") });
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet");
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().expect("reader").collect::<Result<_, _>>().expect("rows");
    concat_batches(&schema, &batches).expect("one batch")
}

fn plain(batch: &RecordBatch) -> Vec<Row> {
    let ids = batch.column_by_name("id").expect("id").as_fixed_size_binary();
    let times = batch.column_by_name("time").expect("time").as_primitive::<TimestampMicrosecondType>();
    let rows = (0..batch.num_rows()).map(|row| Row {
        id: u128::from_be_bytes(ids.value(row).try_into().expect("16 bytes")),
        time: Some(times.value(row)),
        cells: plain_cells(batch, row),
    });
    rows.collect()
}

fn plain_cells(batch: &RecordBatch, row: usize) -> Cells {
    let schema = batch.schema();
    let metrics = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .filter(|(field, column)| !RESERVED.contains(&field.name().as_str()) && column.is_valid(row));
    let cells = metrics.map(|(field, column)| {
        let cell = match column.data_type() {
            DataType::Int64 => Int(column.as_primitive::<Int64Type>().value(row)),
            DataType::Float64 => Float(column.as_primitive::<Float64Type>().value(row)),
            _ => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        };
        (field.name().clone(), cell)
    });
    cells.collect()
}
