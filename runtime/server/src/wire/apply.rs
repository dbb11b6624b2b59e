//! Applying files: many definitions at once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::{ItemName, Outcome};

/// Definitions to be made true, all or, if one is refused, none.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyRequest {
    /// Monitors and channels: what their PUT takes, with a `name` and a `kind` (`monitor` unless told, or `channel`).
    #[schema(value_type = Vec<Object>)]
    pub documents: Vec<Map<String, Json>>,
    /// Only tell what would change.
    #[serde(default)]
    pub dry_run: bool,
    /// Also remove the monitors that no document names, and the channels if there are documents of channels.
    #[serde(default)]
    pub prune: bool,
}

/// What became of the definitions.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Applied {
    /// Whether nothing was changed because it was a dry run.
    pub dry_run: bool,
    /// One for each document, then what was removed.
    pub items: Vec<AppliedItem>,
}

/// What became of one definition.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AppliedItem {
    /// `monitor` or `channel`.
    pub kind: ItemKind,
    /// Its name.
    pub name: ItemName,
    /// What became of it, or would.
    pub outcome: Outcome,
    /// The fields that differ; secrets show as `***`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<FieldChange>,
}

/// What a definition is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A monitor.
    Monitor,
    /// A channel.
    Channel,
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FieldChange {
    /// The field, such as `thresholds[1].constant.lower`.
    pub field: String,
    /// What it was; absent when it was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Json>,
    /// What it is now; absent when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub after: Option<Json>,
}
