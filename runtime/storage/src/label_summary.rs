//! Label coverage and lag of a model, and the labels that wait for their predictions.

use std::collections::BTreeMap;

use driftline_core::{Span, Time, Window};
use uuid::Uuid;

use crate::{
    Error, Model, Storage,
    labels::{DAY_MICROS, Day, Labels},
    model, month,
};

/// How many predictions have labels and how long these took, exact at one instant but for the lags.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelSummary {
    /// Of all predictions.
    pub whole: LabelCounts,
    /// Day by day in UTC, or month by month when the predictions span more than 92 days. Periods without predictions are left out.
    pub periods: Vec<LabelPeriod>,
    /// How many ids have delayed metrics but no prediction yet.
    pub unmatched: u64,
    /// How many ids had delayed metrics but no prediction until these expired.
    pub expired: u64,
}

/// The counts of some time.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelPeriod {
    /// Where it starts.
    pub start: Time,
    /// Where it ends; the end is not in it.
    pub end: Time,
    /// What was counted.
    pub counts: LabelCounts,
}

/// Counts of predictions and their labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LabelCounts {
    /// How many predictions.
    pub predictions: u64,
    /// How many of them have at least one delayed metric.
    pub labelled: u64,
    /// How long after its prediction the first delayed metric arrived, for the middle one of
    /// them: in seconds, right to five percent; zero when it came before.
    pub lag_p50_seconds: Option<f64>,
    /// The same for the one that 95 percent do not exceed.
    pub lag_p95_seconds: Option<f64>,
}

/// An id with delayed metrics and without a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmatched {
    /// The id.
    pub id: Uuid,
    /// When its first delayed metric arrived.
    pub received: Time,
    /// From when on it is kept no longer.
    pub expires: Time,
}

/// Longer histories are told by months.
const MOST_DAYS: i64 = 92;

impl Storage {
    /// The model's label coverage and lag.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a model that was deleted, [`Error::Corrupt`] for a damaged file.
    pub fn label_summary(&self, model: &Model) -> Result<LabelSummary, Error> {
        let census = self.census(model.id, None, 0)?;
        let expired = self.inner.catalog.read(|view| model::expired(view, model.id))?;
        let mut whole = Day::default();
        census.labels.days.values().for_each(|day| whole.merge(day));
        let (whole, periods) = (LabelCounts::of(&whole), periods(&census.labels));
        Ok(LabelSummary { whole, periods, unmatched: census.unmatched, expired })
    }

    /// How many predictions of each window have labels, counted by whole days of UTC: a day that a window touches counts
    /// as a whole. Segments into which everything is folded cost a look at the catalog.
    ///
    /// # Errors
    /// As [`Self::label_summary`].
    pub fn label_coverage(&self, model: &Model, windows: &[Window]) -> Result<Vec<LabelCounts>, Error> {
        let census = self.census(model.id, None, 0)?;
        let counts = windows.iter().map(|window| {
            let first = window.start().micros().div_euclid(DAY_MICROS);
            let last = (window.end().micros() - 1).div_euclid(DAY_MICROS);
            let mut whole = Day::default();
            census.labels.days.range(first..=last).for_each(|(_, day)| whole.merge(day));
            LabelCounts::of(&whole)
        });
        Ok(counts.collect())
    }

    /// The ids with delayed metrics and without a prediction, at most `limit`, those after `after`.
    ///
    /// # Errors
    /// As [`Self::label_summary`].
    pub fn unmatched(&self, model: &Model, after: Option<Uuid>, limit: usize) -> Result<Vec<Unmatched>, Error> {
        let kept = i64::try_from(self.inner.options.unmatched_age.as_micros()).ok().and_then(Span::from_micros);
        let census = self.census(model.id, after.map(|after| after.as_u128()), limit)?;
        let unmatched = census.listed.into_iter().map(|(id, received)| {
            let received = Time::from_micros(received).unwrap_or(Time::EPOCH);
            let expires = kept.map_or(received, |kept| received.after(kept));
            Unmatched { id: Uuid::from_u128(id), received, expires }
        });
        Ok(unmatched.collect())
    }
}

impl LabelCounts {
    fn of(day: &Day) -> Self {
        Self {
            predictions: day.rows,
            labelled: day.lags.count(),
            lag_p50_seconds: day.lags.quantile_seconds(0.5),
            lag_p95_seconds: day.lags.quantile_seconds(0.95),
        }
    }
}

fn periods(labels: &Labels) -> Vec<LabelPeriod> {
    let days = labels.days.keys();
    let span = days.clone().next().zip(days.last()).map_or(0, |(first, last)| last - first);
    let bounds = |day: i64| {
        let start = day.saturating_mul(DAY_MICROS);
        if span < MOST_DAYS {
            (start, start.saturating_add(DAY_MICROS))
        } else {
            (month::start(start), month::end(start))
        }
    };
    let mut periods: BTreeMap<(i64, i64), Day> = BTreeMap::new();
    for (number, day) in &labels.days {
        periods.entry(bounds(*number)).or_default().merge(day);
    }
    let period = |((start, end), day): ((i64, i64), Day)| {
        let (start, end) = Time::from_micros(start).ok().zip(Time::from_micros(end).ok())?;
        Some(LabelPeriod { start, end, counts: LabelCounts::of(&day) })
    };
    periods.into_iter().filter_map(period).collect()
}
