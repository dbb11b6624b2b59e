//! Measures what keeping segments in order costs on this machine: merging and folding
//! segments of a million rows of twenty columns, in seconds and in memory at the peak.
//!
//! `cargo run --release -p driftline-storage --example upkeep [rows]`

use std::{fs, sync::Arc, time::Instant};

use arrow::{
    array::{ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray},
    buffer::Buffer,
    error::ArrowError,
};
use driftline_core::Name;
use driftline_storage::{Append, Error, Kind, Options, Storage};
use futures::executor::block_on;

/// Rows in one append.
const APPEND: u64 = 65_536;
const HOUR_MICROS: u64 = 3_600_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows: u64 = std::env::args().nth(1).map_or(Ok(1 << 20), |text| text.parse())?;
    let dir = tempfile::tempdir()?;
    let storage = Storage::open(dir.path(), Options { background: false, ..Options::default() })?;
    // Two files that lie across each other in time, which is the hardest to merge.
    for half in 0..2 {
        for start in (0..rows / 2).step_by(APPEND as usize) {
            append(&storage, Kind::Predictions, predictions(start, APPEND.min(rows / 2 - start), half)?)?;
        }
        measured("sealing half of them", || storage.seal_all())?;
    }
    measured("merging two halves", || storage.maintain())?;
    for start in (0..rows).step_by(APPEND as usize) {
        append(&storage, Kind::Delayed, labels(start, APPEND.min(rows - start))?)?;
    }
    measured("sealing a label for each", || storage.seal_all())?;
    measured("folding a label into each", || storage.maintain())?;
    let model = storage.model(&name()?)?.ok_or("the model is missing")?;
    let summary = storage.model_summary(&model)?;
    println!("{} predictions in {} segments of {} MiB", summary.predictions, summary.segments, summary.bytes >> 20);
    Ok(())
}

/// Runs `work` and tells its time and the memory it took at the peak, beyond what was taken before.
fn measured(what: &str, work: impl FnOnce() -> Result<(), Error>) -> Result<(), Box<dyn std::error::Error>> {
    let before = resident("VmRSS:")?;
    // Starts the peak anew.
    fs::write("/proc/self/clear_refs", "5")?;
    let start = Instant::now();
    work()?;
    let peak = resident("VmHWM:")?;
    println!(
        "{what}: {:.2} s, {} MiB at the peak, {} MiB before",
        start.elapsed().as_secs_f64(),
        peak >> 10,
        before >> 10
    );
    Ok(())
}

fn resident(field: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn name() -> Result<Name, driftline_core::NameError> {
    "upkeep".parse()
}

fn append(storage: &Storage, kind: Kind, batch: RecordBatch) -> Result<(), Box<dyn std::error::Error>> {
    let append = Append {
        model: name()?,
        kind,
        batches: vec![batch],
        create_model: true,
        retry: None,
        answer: String::new(),
        unique: None,
    };
    block_on(storage.append(append))?;
    Ok(())
}

fn id(number: u64) -> u128 {
    (u128::from(number) << 64) | u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn ids(numbers: impl Iterator<Item = u64>) -> ArrayRef {
    let bytes: Buffer = numbers.flat_map(|number| id(number).to_be_bytes()).collect();
    Arc::new(FixedSizeBinaryArray::new(16, bytes, None))
}

fn predictions(start: u64, rows: u64, half: u64) -> Result<RecordBatch, ArrowError> {
    let numbers = || (start..start + rows).map(|row| row * 2 + half);
    let times = TimestampMicrosecondArray::from_iter_values(numbers().map(|n| (n * HOUR_MICROS / 1_000) as i64));
    let mut columns: Vec<(String, ArrayRef)> =
        vec![("id".into(), ids(numbers())), ("time".into(), Arc::new(times.with_timezone("UTC")))];
    for column in 0..20 {
        let noise = move |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(column) as f64 / u64::MAX as f64;
        columns.push((format!("feature_{column}"), Arc::new(Float64Array::from_iter_values(numbers().map(noise)))));
    }
    RecordBatch::try_from_iter(columns)
}

fn labels(start: u64, rows: u64) -> Result<RecordBatch, ArrowError> {
    let late = Int64Array::from_iter_values((start..start + rows).map(|n| (n % 7 == 0).into()));
    let columns: [(&str, ArrayRef); 2] = [("id", ids(start..start + rows)), ("late", Arc::new(late))];
    RecordBatch::try_from_iter(columns)
}
