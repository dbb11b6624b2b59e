//! How many predictions have labels and how late these came, day by day.

mod bytes;
mod lags;

use std::collections::BTreeMap;

use arrow::array::{Array, RecordBatch};

use crate::{Error, rows};

pub(crate) use lags::Lags;

/// A day of UTC.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// Counts for each day of UTC, by the predictions' times.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Labels {
    /// By the number of the day since 1970-01-01.
    pub days: BTreeMap<i64, Day>,
}

/// Counts of the predictions of some time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Day {
    pub rows: u64,
    /// How long after the prediction its first label came, for those that have one.
    pub lags: Lags,
}

impl Labels {
    /// Takes in predictions; without the column `labelled_at` none is labelled.
    pub fn add(&mut self, batch: &RecordBatch) {
        let labelled_at = rows::arrivals(batch);
        for (row, time) in rows::times(batch).iter().enumerate() {
            let arrival = labelled_at.filter(|arrivals| arrivals.is_valid(row)).map(|arrivals| arrivals.value(row));
            self.count(*time, arrival);
        }
    }

    /// Takes in a prediction of this time, and the arrival of its first label if it has one.
    pub fn count(&mut self, time: i64, arrival: Option<i64>) {
        let day = self.days.entry(time.div_euclid(DAY_MICROS)).or_default();
        day.rows += 1;
        if let Some(arrival) = arrival {
            day.lags.add(arrival.saturating_sub(time));
        }
    }

    /// Takes in the counts of other predictions.
    pub fn merge(&mut self, other: &Self) {
        for (number, day) in &other.days {
            self.days.entry(*number).or_default().merge(day);
        }
    }

    /// As bytes for the catalog.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes::write(self)
    }

    /// Reads [`Self::to_bytes`] back.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        bytes::read(bytes).ok_or_else(|| Error::corrupt("catalog.db", "label counts of a segment make no sense"))
    }
}

impl Day {
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.lags.merge(&other.lags);
    }
}
