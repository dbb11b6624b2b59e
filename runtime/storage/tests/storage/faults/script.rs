//! A small fixed piece of work that comes by every step.

use std::{fs, path::Path};

use driftline_core::Digest;
use driftline_storage::{Append, Error, Kind, Retry, Storage};
use futures::executor::block_on;

use crate::world::{Int, Row, batch, delayed, name, prediction, text};

/// One thing a caller does. Done a second time it changes nothing.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Appends rows under the key.
    Append(&'static str, Vec<Row>),
    /// Seals every log.
    Seal,
    /// Folds, merges, deletes what is replaced.
    Maintain,
    /// Keeps a dataset.
    Dataset,
}

impl Deed {
    /// Does it.
    pub fn perform(&self, storage: &Storage) -> Result<(), Error> {
        match self {
            Self::Append(key, rows) => append(storage, key, rows),
            Self::Seal => storage.seal_all(),
            Self::Maintain => storage.maintain(),
            Self::Dataset => {
                storage.put_dataset(&name("m"), &name("train"), vec![batch(&[prediction(1, 1, &[("a", Int(1))])])])?;
                Ok(())
            }
        }
    }
}

fn append(storage: &Storage, key: &str, rows: &[Row]) -> Result<(), Error> {
    let kind = if rows.iter().any(|row| row.time.is_some()) { Kind::Predictions } else { Kind::Delayed };
    let retry = Some(Retry { key: key.into(), fingerprint: Digest::of(key.as_bytes()) });
    let (model, batches) = (name("m"), vec![batch(rows)]);
    block_on(storage.append(Append {
        model,
        kind,
        batches,
        create_model: true,
        retry,
        answer: String::new(),
        unique: None,
    }))?;
    Ok(())
}

/// One day in microseconds: some rows lie in other months than others.
const DAY: i64 = 86_400_000_000;

fn predictions(ids: std::ops::Range<u128>) -> Vec<Row> {
    ids.map(|id| prediction(id, id as i64 * 3 * DAY, &[("a", Int(id as i64)), ("kind", text("x"))])).collect()
}

fn labels(ids: impl IntoIterator<Item = u128>, column: &str, value: i64) -> Vec<Row> {
    ids.into_iter().map(|id| delayed(id, &[(column, Int(value + id as i64))])).collect()
}

/// The script.
pub fn deeds() -> Vec<Deed> {
    use Deed::{Append, Dataset, Maintain, Seal};
    vec![
        Append("p1", predictions(0..8)),
        Append("l1", labels([1, 3, 99], "late", 100)),
        Dataset,
        Seal,
        Append("p2", predictions(8..14)),
        Append("l2", labels([3, 9, 12], "late", 200)),
        Append("l3", labels([2, 9], "other", 300)),
        Seal,
        Append("p3", predictions(14..20)),
        Append("l4", labels([15, 1], "late", 400)),
        Maintain,
        Append("l5", labels([4, 19], "late", 500)),
        Append("p4", predictions(20..23)),
        Maintain,
    ]
}

fn progress(dir: &Path) -> std::path::PathBuf {
    dir.join("progress")
}

/// Remembers that the first `count` deeds were acknowledged.
pub fn record(dir: &Path, count: usize) {
    fs::write(progress(dir), count.to_string()).expect("writes");
}

/// How many deeds were acknowledged.
pub fn done(dir: &Path) -> usize {
    fs::read_to_string(progress(dir)).map_or(0, |text| text.parse().expect("a number"))
}
