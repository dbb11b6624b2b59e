//! A small fixed piece of work that comes by every step.

use std::{fs, path::Path};

use driftline_core::Digest;
use driftline_storage::{Append, Committed, Erasing, Error, Kind, NewUpload, Retry, Started, Storage, Unique};
use futures::executor::block_on;

use crate::{
    deletions::ID,
    monitors,
    summed::{self, HOUR},
    world::{Int, NOW, Row, batch, delayed, name, prediction, text},
};

/// The model that lives as long as the script.
pub const MAIN: &str = "m";
/// The model that keeps its rows for 30 days.
pub const OLD: &str = "old";
/// The model that is deleted, and comes again under its name.
pub const GONE: &str = "gone";

/// One thing a caller does. Done a second time it changes nothing.
#[derive(Debug, Clone)]
pub enum Deed {
    /// Appends rows of a model under the key; of predictions those that are there already are left out.
    Append(&'static str, &'static str, Vec<Row>),
    /// Sends many rows of a model under the key, three at a time, straight to segments.
    Upload(&'static str, &'static str, Vec<Row>),
    /// Seals every log.
    Seal,
    /// Folds, merges, deletes what is replaced.
    Maintain,
    /// Keeps a dataset of a model.
    Dataset(&'static str),
    /// Rolls up what [`OLD`] has had for 30 days; drops what it has had in roll-ups for so many.
    Retain(Option<u32>),
    /// Deletes the prediction [`ID`].
    Delete,
    /// Deletes [`GONE`].
    DeleteModel,
    /// Has a model watched, run once and told of.
    Watch(&'static str),
    /// Erases what is deleted, to the last byte.
    Erase,
}

impl Deed {
    /// Does it.
    pub fn perform(&self, storage: &Storage) -> Result<(), Error> {
        match self {
            Self::Append(model, key, rows) => append(storage, model, key, rows),
            Self::Upload(model, key, rows) => upload(storage, model, key, rows),
            Self::Seal => storage.seal_all(),
            Self::Maintain => storage.maintain(),
            Self::Dataset(model) => {
                let rows = vec![batch(&[prediction(1, 1, &[("a", Int(1))])])];
                storage.put_dataset(&name(model), &name("train"), rows).map(drop)
            }
            Self::Retain(summary_days) => {
                summed::keep_for(storage, &name(OLD), RAW_DAYS, *summary_days)?;
                summed::retain(storage, &name(OLD))
            }
            Self::Delete => storage.delete_prediction(&name(MAIN), ID.to_be_bytes()).map(drop),
            Self::DeleteModel => match storage.delete_model(&name(GONE)) {
                Err(Error::NotFound { .. }) => Ok(()),
                deleted => deleted.map(drop),
            },
            Self::Watch(model) => monitors::deed::watch_and_tell(storage, model),
            Self::Erase => loop {
                match storage.erase()? {
                    Erasing::Worked => {}
                    Erasing::Nothing => return Ok(()),
                    Erasing::Waiting => panic!("nobody reads"),
                }
            },
        }
    }
}

fn kind(rows: &[Row]) -> Kind {
    if rows.iter().any(|row| row.time.is_some()) { Kind::Predictions } else { Kind::Delayed }
}

fn unique(rows: &[Row]) -> Option<Unique> {
    (kind(rows) == Kind::Predictions).then_some(Unique { count: |answer, _| answer.into() })
}

fn retry(key: &str) -> Option<Retry> {
    Some(Retry { key: key.into(), fingerprint: Digest::of(key.as_bytes()) })
}

fn append(storage: &Storage, model: &str, key: &str, rows: &[Row]) -> Result<(), Error> {
    block_on(storage.append(Append {
        model: name(model),
        kind: kind(rows),
        batches: vec![batch(rows)],
        create_model: true,
        retry: retry(key),
        answer: String::new(),
        unique: unique(rows),
    }))?;
    Ok(())
}

fn upload(storage: &Storage, model: &str, key: &str, rows: &[Row]) -> Result<(), Error> {
    let new =
        NewUpload { model: name(model), kind: kind(rows), create_model: true, retry: retry(key), unique: unique(rows) };
    let Started::Fresh(mut upload) = storage.start_upload(new)? else { return Ok(()) };
    rows.chunks(3).try_for_each(|rows| upload.write(&batch(rows), true))?;
    match upload.commit(String::new())? {
        Committed::Fresh { .. } | Committed::Replayed(_) => Ok(()),
        Committed::Outrun => panic!("nobody else writes"),
    }
}

/// One day in microseconds: some rows lie in other months than others.
const DAY: i64 = 24 * HOUR;
/// How long [`OLD`] keeps its rows.
const RAW_DAYS: u32 = 30;

fn predictions(ids: std::ops::Range<u128>) -> Vec<Row> {
    ids.map(|id| prediction(id, id as i64 * 3 * DAY, &[("a", Int(id as i64)), ("kind", text("x"))])).collect()
}

fn labels(ids: impl IntoIterator<Item = u128>, column: &str, value: i64) -> Vec<Row> {
    ids.into_iter().map(|id| delayed(id, &[(column, Int(value + (id % 1000) as i64))])).collect()
}

/// So many hours before now each; the first id is as told.
fn aged(first: u128, hours: &[i64]) -> Vec<Row> {
    let row = |(id, hours): (u128, &i64)| prediction(id, NOW - hours * HOUR, &[("a", Int(id as i64))]);
    (first..).zip(hours).map(row).collect()
}

fn and_id(mut rows: Vec<Row>) -> Vec<Row> {
    rows.push(prediction(ID, 30 * DAY, &[("a", Int(7))]));
    rows
}

/// The script.
pub fn deeds() -> Vec<Deed> {
    use Deed::*;
    // A month long gone, a later one, and one in the middle of which 30 days ago is.
    let hours = [7201, 7200, 7180, 2401, 2400, 2300, 816, 792, 768, 744, 700, 690];
    vec![
        Append(MAIN, "p1", predictions(0..8)),
        Append(MAIN, "l1", labels([1, 3, 99], "late", 100)),
        Dataset(MAIN),
        Seal,
        Append(MAIN, "p2", and_id(predictions(8..14))),
        Append(MAIN, "l2", labels([3, 9, 12, ID], "late", 200)),
        Append(MAIN, "l3", labels([2, 9, ID], "other", 300)),
        Seal,
        Append(MAIN, "p6", predictions(30..32)),
        Upload(MAIN, "u1", predictions(28..44)),
        Upload(MAIN, "u2", labels(28..40, "late", 600)),
        Append(OLD, "o1", aged(0, &hours)),
        Retain(None),
        Append(MAIN, "p3", predictions(10..20)),
        Append(MAIN, "l4", labels([15, 1], "late", 400)),
        Append(GONE, "g1", and_id(predictions(0..4))),
        Dataset(GONE),
        Watch(GONE),
        Upload(GONE, "g2", labels([0, 1, 2, 3, 4, 5, 6, ID], "late", 1)),
        Delete,
        Append(MAIN, "l5", labels([4, ID], "late", 450)),
        Maintain,
        DeleteModel,
        Append(GONE, "g3", predictions(5..6)),
        Erase,
        Append(MAIN, "l6", labels([4, 19, ID], "late", 500)),
        Append(MAIN, "p4", and_id(predictions(20..23))),
        Append(OLD, "o2", aged(50, &[2402, 2350, 720])),
        Retain(None),
        Retain(Some(200)),
        Upload(MAIN, "u3", and_id(predictions(44..47))),
        Maintain,
    ]
}

/// From when on [`OLD`] shows its rows, once it has rolled up the others.
pub const HORIZON: i64 = (NOW - RAW_DAYS as i64 * DAY) / HOUR * HOUR;
/// Before this lies what a retention of 200 days drops.
pub const EXPIRED: i64 = NOW - 200 * DAY;

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
