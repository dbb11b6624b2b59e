//! Measures how long a data directory with a large log takes to open, and to give its first rows.
//!
//! `cargo run --release -p driftline-storage --example reopen [MiB of log] [directory]`

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use arrow::{
    array::{ArrayRef, FixedSizeBinaryArray, Float64Array, RecordBatch, TimestampMicrosecondArray},
    buffer::Buffer,
};
use driftline_core::Name;
use driftline_storage::{Append, Error, Kind, Options, Storage};
use futures::executor::block_on;

const ROWS: u64 = 65_536;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let mib: u64 = words.next().map_or(Ok(1_024), |text| text.parse())?;
    let scratch = tempfile::tempdir()?;
    let dir = words.next().map_or(scratch.path().to_owned(), PathBuf::from);
    fill(&dir, mib << 20)?;
    // The first time after a crash the write-ahead log is read back; the second time there is none.
    for when in ["as a crash left it", "after a clean stop"] {
        let start = Instant::now();
        let storage = Storage::open(&dir, quiet())?;
        let opened = start.elapsed();
        let model = storage.models(None, 1)?.remove(0);
        let summary = storage.model_summary(&model)?;
        println!(
            "{when}: {:.0} MiB of log, {} rows, opened in {:.3} s, counted after {:.3} s",
            summary.bytes as f64 / f64::from(1 << 20),
            summary.unsealed_rows,
            opened.as_secs_f64(),
            start.elapsed().as_secs_f64()
        );
        storage.close();
    }
    Ok(())
}

fn quiet() -> Options {
    Options { background: false, ..Options::default() }
}

/// Appends rows until the log holds so many bytes; ends as a crash does, without closing.
fn fill(dir: &Path, bytes: u64) -> Result<(), Box<dyn std::error::Error>> {
    let path = dir.join("filling");
    let storage = Storage::open(&path, quiet())?;
    let model: Name = "m".parse()?;
    let mut batch = 0;
    while batch == 0 || storage.readings()?.logs.iter().map(|log| log.bytes).sum::<u64>() < bytes {
        append(&storage, &model, batch)?;
        batch += 1;
    }
    for file in ["catalog.db", "catalog.db-wal", "catalog.mark"] {
        std::fs::copy(path.join(file), dir.join(file))?;
    }
    drop(storage);
    Ok(std::fs::remove_dir_all(path)?)
}

fn append(storage: &Storage, model: &Name, batch: u64) -> Result<(), Error> {
    let append = Append {
        model: model.clone(),
        kind: Kind::Predictions,
        batches: vec![rows(batch)],
        create_model: true,
        retry: None,
        answer: String::new(),
        unique: None,
    };
    block_on(storage.append(append)).map(drop)
}

/// Rows that don't compress.
fn rows(batch: u64) -> RecordBatch {
    let numbers = (batch * ROWS..(batch + 1) * ROWS).map(spread);
    let ids: Vec<u8> = numbers.clone().flat_map(|n| [n, spread(n)].map(u64::to_le_bytes).concat()).collect();
    let times = TimestampMicrosecondArray::from_iter_values((0..ROWS).map(|row| (batch * ROWS + row) as i64 * 1_000));
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("id".into(), Arc::new(FixedSizeBinaryArray::new(16, Buffer::from(ids), None))),
        ("time".into(), Arc::new(times.with_timezone("UTC"))),
    ];
    for column in 0..8 {
        let values = numbers.clone().map(|n| spread(n ^ column) as f64 / u64::MAX as f64);
        columns.push((format!("x{column}"), Arc::new(Float64Array::from_iter_values(values))));
    }
    RecordBatch::try_from_iter(columns).unwrap_or_else(|error| panic!("the columns have one length: {error}"))
}

fn spread(n: u64) -> u64 {
    let mixed = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}
