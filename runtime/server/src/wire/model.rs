//! Models.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, ItemName, Labels};
use crate::problem::Problem;

/// What owners say of a model; it replaces what was said before.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPut {
    /// What it predicts, for people.
    pub description: Option<String>,
    /// Free labels to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Where it comes from: training run, repository, data.
    pub lineage: Option<String>,
    /// For how long it is kept; for ever where nothing is said.
    pub retention: Option<Retention>,
    /// Another way to write `retention.raw_days`.
    pub retention_days: Option<u32>,
}

/// For how long what a model has is kept; for ever where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object with `raw_days` and `summary_days`")]
pub struct Retention {
    /// For how many days after their time predictions are kept.
    pub raw_days: Option<u32>,
    /// For how many days after their time the summaries are kept that answer evaluations once the predictions are
    /// gone: by the hour first, a week later by the day, 90 days later by the month; sooner where they take up more
    /// than half the room of the predictions. Kept are what recorded evaluations computed of the predictions, for the
    /// 512 sets of plugin, parameters, inputs, `where` and `group_by` used last (a list or `*` counts once for each
    /// column), as long as that takes up no more room than the predictions did; and a `summary` of up to 64 columns, as
    /// far as it fits into half.
    pub summary_days: Option<u32>,
}

impl ModelPut {
    /// What is said of retention.
    ///
    /// # Errors
    /// 422 with the field.
    pub fn retention(&self) -> Result<driftline_storage::Retention, Problem> {
        let Retention { raw_days, summary_days } = self.retention.unwrap_or_default();
        let fields = [
            ("retention.raw_days", raw_days),
            ("retention.summary_days", summary_days),
            ("retention_days", self.retention_days),
        ];
        for (field, days) in fields {
            check_days(field, days)?;
        }
        if let (Some(days), Some(other)) = (raw_days, self.retention_days)
            && days != other
        {
            let detail = format!(
                "`retention_days` is {other}, but `retention.raw_days` is {days}: they mean the same, write one"
            );
            return Err(Problem::invalid("invalid_field", detail).at("retention_days"));
        }
        let raw_days = raw_days.or(self.retention_days);
        if let (Some(raw), Some(summary)) = (raw_days, summary_days)
            && summary < raw
        {
            let detail = format!(
                "`retention.summary_days` is {summary}, fewer than the {raw} days of the predictions themselves: write at least {raw}"
            );
            return Err(Problem::invalid("invalid_field", detail).at("retention.summary_days"));
        }
        Ok(driftline_storage::Retention { raw_days, summary_days })
    }
}

/// A hundred years; longer is for ever.
const MAX_DAYS: u32 = 36_525;

fn check_days(field: &str, days: Option<u32>) -> Result<(), Problem> {
    match days {
        Some(0) => {
            let detail = format!("`{field}` is 0, which would keep nothing: leave it out to keep for ever");
            Err(Problem::invalid("invalid_field", detail).at(field))
        }
        Some(days) if days > MAX_DAYS => {
            let detail = format!("`{field}` is {days}, more than {MAX_DAYS}: leave it out to keep for ever");
            Err(Problem::invalid("invalid_field", detail).at(field))
        }
        _ => Ok(()),
    }
}

/// A model as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelSummary {
    /// Its name.
    pub name: ItemName,
    /// What it predicts.
    pub description: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// When it was first heard of.
    pub created: Instant,
}

/// A model.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Model {
    /// Its name.
    pub name: ItemName,
    /// What it predicts.
    pub description: Option<String>,
    /// Free labels.
    pub tags: Vec<String>,
    /// Where it comes from.
    pub lineage: Option<String>,
    /// For how long it is kept.
    pub retention: Retention,
    /// The same as `retention.raw_days`.
    pub retention_days: Option<u32>,
    /// Predictions before this are gone; evaluations are answered from summaries. Absent while all are there.
    pub rolled_up_until: Option<Instant>,
    /// When it was first heard of.
    pub created: Instant,
    /// Its metric columns, in the order in which they first came.
    pub schema: Vec<Column>,
    /// How many predictions it has.
    pub predictions: u64,
    /// How many rows of delayed metrics wait to be folded into their predictions' segments.
    pub delayed_rows: u64,
    /// The share of predictions with at least one delayed metric; absent without predictions.
    pub label_coverage: Option<f64>,
    /// How many predictions have labels, and how late these came.
    pub labels: Labels,
    /// How many of the predictions are in the append log and not in a segment yet.
    pub unsealed_rows: u64,
    /// How many segments it has.
    pub segments: u64,
    /// How many bytes it takes up.
    pub bytes: u64,
    /// How many bytes the summaries of predictions that are gone take up besides.
    pub rolled_up_bytes: u64,
    /// The first prediction's time.
    pub first_time: Option<Instant>,
    /// The last prediction's time.
    pub last_time: Option<Instant>,
}

/// A metric column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Column {
    /// Its dotted name.
    pub name: String,
    /// `boolean`, `integer`, `float`, `text`, `timestamp` or `float_list`.
    #[serde(rename = "type")]
    pub column_type: &'static str,
}

impl From<&driftline_core::Column> for Column {
    fn from(column: &driftline_core::Column) -> Self {
        Self { name: column.name.clone(), column_type: column.column_type.as_str() }
    }
}

impl From<driftline_storage::Retention> for Retention {
    fn from(retention: driftline_storage::Retention) -> Self {
        Self { raw_days: retention.raw_days, summary_days: retention.summary_days }
    }
}

impl From<driftline_storage::Model> for ModelSummary {
    fn from(model: driftline_storage::Model) -> Self {
        Self {
            name: ItemName(model.name),
            description: model.details.description,
            tags: model.details.tags,
            created: Instant(model.created),
        }
    }
}

impl Model {
    /// A model with its counts.
    pub fn new(
        model: driftline_storage::Model,
        counts: driftline_storage::ModelSummary,
        labels: driftline_storage::LabelSummary,
    ) -> Self {
        let labels = Labels::from(labels);
        Self {
            schema: model.schema.columns().iter().map(Column::from).collect(),
            name: ItemName(model.name),
            description: model.details.description,
            tags: model.details.tags,
            lineage: model.details.lineage,
            retention: model.details.retention.into(),
            retention_days: model.details.retention.raw_days,
            rolled_up_until: model.horizon.map(Instant),
            created: Instant(model.created),
            predictions: counts.predictions,
            delayed_rows: counts.delayed_rows,
            label_coverage: labels.whole.coverage,
            labels,
            unsealed_rows: counts.unsealed_rows,
            segments: counts.segments,
            bytes: counts.bytes,
            rolled_up_bytes: counts.rolled_up_bytes,
            first_time: counts.first_time.map(Instant),
            last_time: counts.last_time.map(Instant),
        }
    }
}
