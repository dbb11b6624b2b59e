//! Reference datasets.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Column, Instant, ItemName};

/// A reference dataset.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Dataset {
    /// Its name.
    pub name: ItemName,
    /// How many rows it has.
    pub rows: u64,
    /// How many bytes its file has.
    pub bytes: u64,
    /// Its columns.
    pub schema: Vec<Column>,
    /// `sha256:…` of its file.
    pub digest: String,
    /// When it was uploaded.
    pub created: Instant,
}

/// A dataset as it was uploaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DatasetStored {
    /// The dataset.
    #[serde(flatten)]
    pub dataset: Dataset,
    /// Columns of the upload that were left out, because only predictions have them (`id`, `time`, …).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored_columns: Vec<String>,
}

impl From<driftline_storage::Dataset> for Dataset {
    fn from(dataset: driftline_storage::Dataset) -> Self {
        Self {
            name: ItemName(dataset.name),
            rows: dataset.rows,
            bytes: dataset.bytes,
            schema: dataset.schema.columns().iter().map(Column::from).collect(),
            digest: dataset.digest.to_string(),
            created: Instant(dataset.created),
        }
    }
}
