//! How much there is of everything, for an operator's eyes.

use driftline_core::Time;
use rusqlite::Connection;

use crate::{Error, Kind, StateReadings, Storage, log};

/// How much there is, over all models.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Readings {
    /// What is in logs, first of predictions, then of delayed metrics.
    pub logs: Vec<LogReading>,
    /// What is in segments, likewise.
    pub segments: Vec<SegmentReading>,
    /// The names of caches, and how many bytes they hold.
    pub caches: Vec<(&'static str, u64)>,
    /// What became of kept states.
    pub states: StateReadings,
}

/// What is in the logs of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct LogReading {
    /// The kind of rows.
    pub kind: Kind,
    /// How many rows.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How long ago the oldest of them came.
    pub oldest_age_seconds: f64,
}

/// What is in the segments of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentReading {
    /// The kind of rows.
    pub kind: Kind,
    /// How many files.
    pub files: u64,
    /// How many rows.
    pub rows: u64,
    /// How many bytes.
    pub bytes: u64,
}

const KINDS: [Kind; 2] = [Kind::Predictions, Kind::Delayed];

impl Storage {
    /// How much there is of everything.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Disk`].
    pub fn readings(&self) -> Result<Readings, Error> {
        let now = self.now();
        self.inner.catalog.read(|view| {
            let depths = log::depths(view)?;
            Ok(Readings {
                logs: KINDS.iter().map(|kind| logs(*kind, &depths, now)).collect(),
                segments: KINDS.iter().map(|kind| segments(view, *kind)).collect::<Result<_, _>>()?,
                caches: vec![
                    ("log", self.inner.log_cache.bytes() as u64),
                    ("delayed", self.inner.delayed_cache.bytes() as u64),
                ],
                states: self.inner.states.readings(),
            })
        })
    }
}

fn logs(kind: Kind, depths: &[log::Depth], now: Time) -> LogReading {
    let mut reading = LogReading { kind, rows: 0, bytes: 0, oldest_age_seconds: 0.0 };
    for depth in depths.iter().filter(|depth| depth.kind == kind) {
        reading.rows += depth.rows;
        reading.bytes += depth.bytes;
        let age = (now.micros() - depth.oldest.micros()) as f64 / 1e6;
        reading.oldest_age_seconds = reading.oldest_age_seconds.max(age);
    }
    reading
}

fn segments(view: &Connection, kind: Kind) -> Result<SegmentReading, Error> {
    let query = "SELECT count(*), coalesce(sum(rows), 0), coalesce(sum(bytes), 0) FROM segments WHERE kind = ?1";
    Ok(view.prepare_cached(query)?.query_row([kind.number()], |row| {
        Ok(SegmentReading { kind, files: row.get(0)?, rows: row.get(1)?, bytes: row.get(2)? })
    })?)
}
