//! Labels: how many predictions have them, how late they came, and which wait for their predictions.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Instant};

/// How many of a model's predictions have delayed metrics.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Labels {
    /// Of all predictions.
    #[serde(flatten)]
    pub whole: Coverage,
    /// How many ids have delayed metrics but no prediction yet.
    pub unmatched: u64,
    /// How many ids had delayed metrics but no prediction until these expired.
    pub expired: u64,
    /// By day of prediction time in UTC, or by month when the predictions span more than 92 days;
    /// periods without predictions are left out.
    pub periods: Vec<LabelPeriod>,
}

/// Coverage and lag of some predictions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Coverage {
    /// How many predictions.
    pub predictions: u64,
    /// How many of them have at least one delayed metric.
    pub labelled: u64,
    /// The share of them; absent without predictions.
    pub coverage: Option<f64>,
    /// How long after its prediction the first delayed metric arrived, in the median: right to
    /// five percent, zero when it came before, absent without labels.
    pub lag_p50_seconds: Option<f64>,
    /// The lag that 95 percent do not exceed.
    pub lag_p95_seconds: Option<f64>,
}

/// Coverage and lag of the predictions of one period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LabelPeriod {
    /// Where it starts.
    pub start: Instant,
    /// Where it ends; the end is not in it.
    pub end: Instant,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Coverage,
}

/// An id with delayed metrics and without a prediction.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Unmatched {
    /// The id.
    pub id: Id,
    /// When its first delayed metric arrived.
    pub received: Instant,
    /// From when on it is kept no longer.
    pub expires: Instant,
}

impl From<driftline_storage::LabelSummary> for Labels {
    fn from(summary: driftline_storage::LabelSummary) -> Self {
        let period = |period: driftline_storage::LabelPeriod| LabelPeriod {
            start: Instant(period.start),
            end: Instant(period.end),
            counts: period.counts.into(),
        };
        Self {
            whole: summary.whole.into(),
            unmatched: summary.unmatched,
            expired: summary.expired,
            periods: summary.periods.into_iter().map(period).collect(),
        }
    }
}

impl From<driftline_storage::LabelCounts> for Coverage {
    fn from(counts: driftline_storage::LabelCounts) -> Self {
        let share = |predictions: u64| counts.labelled as f64 / predictions as f64;
        Self {
            predictions: counts.predictions,
            labelled: counts.labelled,
            coverage: (counts.predictions > 0).then(|| share(counts.predictions)),
            lag_p50_seconds: counts.lag_p50_seconds,
            lag_p95_seconds: counts.lag_p95_seconds,
        }
    }
}

impl From<driftline_storage::Unmatched> for Unmatched {
    fn from(unmatched: driftline_storage::Unmatched) -> Self {
        let (received, expires) = (Instant(unmatched.received), Instant(unmatched.expires));
        Self { id: Id(unmatched.id), received, expires }
    }
}
