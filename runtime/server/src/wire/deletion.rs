//! Deletions.

use driftline_storage::Subject;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Instant};

/// A deletion of a prediction or a model. It does not say of which: that is forgotten too.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Deletion {
    /// Its id.
    pub id: Id,
    /// What is deleted.
    pub subject: DeletionSubject,
    /// How far it is.
    pub status: DeletionStatus,
    /// How many rows were erased so far: predictions, and delayed metrics that waited for theirs.
    pub rows: u64,
    /// What becomes of the prediction's share in the summaries of time whose predictions are gone.
    pub rolled_up_contribution: RolledUpContribution,
    /// When it was asked for. Nobody has seen the data since.
    pub created: Instant,
    /// When the last byte was gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed: Option<Instant>,
}

/// What a deletion is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeletionSubject {
    /// A prediction with its delayed metrics.
    Prediction,
    /// A model with everything it had.
    Model,
}

/// How far a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeletionStatus {
    /// The data is out of sight; its bytes are being erased.
    Running,
    /// No file of the data directory holds a byte of it.
    Completed,
}

/// What becomes of a prediction's share in summaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RolledUpContribution {
    /// There is none.
    None,
    /// If the prediction was summarised before, its share stays: summaries are aggregates of many, without ids.
    Kept,
}

impl From<driftline_storage::Deletion> for Deletion {
    fn from(deletion: driftline_storage::Deletion) -> Self {
        Self {
            id: Id(deletion.id),
            subject: match deletion.subject {
                Subject::Prediction => DeletionSubject::Prediction,
                Subject::Model => DeletionSubject::Model,
            },
            status: if deletion.finished.is_some() { DeletionStatus::Completed } else { DeletionStatus::Running },
            rows: deletion.rows,
            rolled_up_contribution: match deletion.in_roll_ups {
                true => RolledUpContribution::Kept,
                false => RolledUpContribution::None,
            },
            created: Instant(deletion.created),
            completed: deletion.finished.map(Instant),
        }
    }
}
