//! Measures storage on this machine: appending, sealing, scanning, and joining delayed metrics.
//!
//! `cargo run --release -p driftline-storage --example measure [seconds per appending test]`

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use arrow::{
    array::{
        ArrayRef, BooleanArray, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    },
    buffer::Buffer,
};
use driftline_core::Name;
use driftline_storage::{Append, Appended, Error, Kind, Options, Snapshot, Storage};
use futures::executor::block_on;
use object_store::ObjectStoreExt;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};

const HOUR_MICROS: u64 = 3_600_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: u64 = std::env::args().nth(1).map_or(Ok(3), |text| text.parse())?;
    let dir = tempfile::tempdir()?;
    let length = Duration::from_secs(seconds);
    sync_time(dir.path())?;
    for (writers, rows) in [(1, 1), (64, 1), (4, 1_000), (2, 10_000), (2, 65_536)] {
        appending(&dir.path().join(format!("append-{writers}-{rows}")), writers, rows, length)?;
    }
    reading(&dir.path().join("read"))?;
    Ok(())
}

/// The time of one small durable write, the floor under every single append.
fn sync_time(dir: &Path) -> Result<(), std::io::Error> {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("sync"))?;
    let start = Instant::now();
    for _ in 0..50 {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
    }
    println!("one disk sync: {:.2} ms", start.elapsed().as_secs_f64() * 1_000.0 / 50.0);
    Ok(())
}

fn appending(dir: &Path, writers: u64, rows: u64, length: Duration) -> Result<(), Error> {
    let storage = Storage::open(dir, Options::default())?;
    let appended = AtomicU64::new(0);
    let mut latencies: Vec<Duration> = Vec::new();
    let start = Instant::now();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                let (storage, appended) = (&storage, &appended);
                scope.spawn(move || {
                    let mut latencies = Vec::new();
                    let batch = predictions(writer * 1_000_000_000, rows, 20);
                    while start.elapsed() < length {
                        let sent = Instant::now();
                        append(storage, Kind::Predictions, batch.clone())?;
                        latencies.push(sent.elapsed());
                        appended.fetch_add(rows, Ordering::Relaxed);
                    }
                    Ok::<_, Error>(latencies)
                })
            })
            .collect();
        for thread in threads {
            latencies.extend(thread.join().unwrap_or(Err(Error::Closed))?);
        }
        Ok::<_, Error>(())
    })?;
    let rate = appended.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
    println!(
        "append, {writers} writers x {rows} rows x 20 columns: {rate:.0} rows/s, p50 {:.1} ms, p99 {:.1} ms",
        at(0.5),
        at(0.99)
    );
    storage.close();
    Ok(())
}

fn reading(dir: &Path) -> Result<(), Box<dyn std::error::Error>> {
    const ROWS: u64 = 3_000_000;
    const PART: u64 = 50_000;
    let storage = Storage::open(dir, Options { background: false, ..Options::default() })?;
    for part in 0..ROWS / PART {
        append(&storage, Kind::Predictions, predictions(part * PART, PART, 4))?;
    }
    timed("seal 3 M predictions x 4 columns", || storage.seal_all())?;
    for part in 0..ROWS / PART {
        append(&storage, Kind::Delayed, delayed((part * 37 % (ROWS / PART)) * PART, PART))?;
    }
    let model = storage.model(&name()?)?.ok_or(Error::Closed)?;
    let snapshot = timed("snapshot with 3 M delayed rows in the log", || storage.snapshot(&model, None))?;
    timed("load 3 M delayed rows x 2 columns from the log", || snapshot.delayed(&["late", "minutes"]))?;
    timed("the same again", || snapshot.delayed(&["late", "minutes"]))?;
    timed("seal 3 M delayed rows", || storage.seal_all())?;
    let snapshot = storage.snapshot(&model, None)?;
    timed("load 3 M delayed rows x 2 columns from segments", || snapshot.delayed(&["late", "minutes"]))?;
    let cells = timed("the same two columns in another order", || snapshot.delayed(&["minutes", "late"]))?;
    let scores = timed("scan 3 M rows x (id, c0)", || scan(&storage, &snapshot, &["id", "c0"]))?;
    timed("join them with delayed metrics", || scores.iter().try_for_each(|batch| cells.apply(batch).map(drop)))?;
    timed("scan 3 M rows x (c0)", || scan(&storage, &snapshot, &["c0"]))?;
    timed("scan 3 M rows x (c0, c1)", || scan(&storage, &snapshot, &["c0", "c1"]))?;
    let bytes: u64 = snapshot.segments.iter().map(|segment| segment.bytes).sum();
    println!("{} segments, {:.1} bytes a row", snapshot.segments.len(), bytes as f64 / ROWS as f64);
    storage.close();
    Ok(())
}

fn timed<T, E>(what: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let (start, cpu) = (Instant::now(), thread_cpu_ms());
    let result = work();
    println!(
        "{what}: {:.0} ms, of which {:.0} ms running",
        start.elapsed().as_secs_f64() * 1_000.0,
        thread_cpu_ms() - cpu
    );
    result
}

/// How long this thread has run, where the system tells; the rest is waiting for the disk or for a core.
fn thread_cpu_ms() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse().ok()).map_or(f64::NAN, |nanos: f64| nanos / 1e6)
}

fn name() -> Result<Name, Box<dyn std::error::Error>> {
    Ok("m".parse()?)
}

fn append(storage: &Storage, kind: Kind, batch: RecordBatch) -> Result<Appended, Error> {
    let model = name().map_err(|_| Error::Closed)?;
    let append = Append {
        model,
        kind,
        batches: vec![batch],
        create_model: true,
        retry: None,
        answer: String::new(),
        unique: None,
    };
    block_on(storage.append(append))
}

fn scan(
    storage: &Storage,
    snapshot: &Snapshot,
    columns: &[&str],
) -> Result<Vec<RecordBatch>, Box<dyn std::error::Error>> {
    let mut batches = Vec::new();
    let store = storage.object_store();
    for segment in &snapshot.segments {
        let bytes = block_on(async { store.get(&segment.path).await?.bytes().await })?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        for batch in builder.with_projection(mask).with_batch_size(8_192).build()? {
            batches.push(batch?);
        }
    }
    Ok(batches)
}

/// A well-mixed number for each row.
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Like a UUIDv7: the time first, then noise.
fn ids(first: u64, rows: u64) -> ArrayRef {
    let ids = (first..first + rows).flat_map(|n| (u128::from(n * 100) << 80 | u128::from(mixed(n))).to_be_bytes());
    Arc::new(FixedSizeBinaryArray::new(16, Buffer::from_iter(ids), None))
}

fn predictions(first: u64, rows: u64, columns: usize) -> RecordBatch {
    let range = || first..first + rows;
    let times = range().map(|n| (n * 100_000 + n / 1_000 * HOUR_MICROS / 100) as i64);
    let mut arrays: Vec<(String, ArrayRef)> = vec![
        ("id".into(), ids(first, rows)),
        ("time".into(), Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC"))),
    ];
    for column in 0..columns {
        let mix = |n: u64| mixed(n * 64 + column as u64);
        let array: ArrayRef = match column % 4 {
            0 => Arc::new(Float64Array::from_iter_values(range().map(|n| (mix(n) >> 11) as f64 / 9e15))),
            1 => Arc::new(Int64Array::from_iter_values(range().map(|n| (mix(n) % 1_000) as i64))),
            2 => Arc::new(StringArray::from_iter_values(range().map(|n| format!("label-{}", mix(n) % 50)))),
            _ => Arc::new(Float64Array::from_iter_values(range().map(|n| (mix(n) % 3_000) as f64 / 10.0))),
        };
        arrays.push((format!("c{column}"), array));
    }
    RecordBatch::try_from_iter(arrays)
        .unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty())))
}

fn delayed(first: u64, rows: u64) -> RecordBatch {
    let range = || first..first + rows;
    let late = BooleanArray::from_iter(range().map(|n| Some(mixed(n).is_multiple_of(5))));
    let minutes = Float64Array::from_iter_values(range().map(|n| (mixed(n) % 300) as f64));
    let arrays: [(&str, ArrayRef); 3] =
        [("id", ids(first, rows)), ("late", Arc::new(late)), ("minutes", Arc::new(minutes))];
    RecordBatch::try_from_iter(arrays)
        .unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty())))
}
