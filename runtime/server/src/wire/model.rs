//! Models.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Instant, ItemName, Labels};

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
    /// For how many days its rows are kept; for ever when absent.
    pub retention_days: Option<u32>,
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
    /// For how many days its rows are kept; for ever when absent.
    pub retention_days: Option<u32>,
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
            retention_days: model.details.retention_days,
            created: Instant(model.created),
            predictions: counts.predictions,
            delayed_rows: counts.delayed_rows,
            label_coverage: labels.whole.coverage,
            labels,
            unsealed_rows: counts.unsealed_rows,
            segments: counts.segments,
            bytes: counts.bytes,
            first_time: counts.first_time.map(Instant),
            last_time: counts.last_time.map(Instant),
        }
    }
}
