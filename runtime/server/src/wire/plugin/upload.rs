//! Uploads of plugins under way.

use serde::Serialize;
use utoipa::ToSchema;

use super::Installed;
use crate::{
    problem::ProblemBody,
    wire::{Id, Instant},
};

/// An upload of a plugin.
#[derive(Debug, Serialize, ToSchema)]
pub struct PluginUpload {
    /// Its id.
    pub id: Id,
    /// How far it is.
    pub status: UploadStatus,
    /// While it waits: how many others are compiled before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<u64>,
    /// `sha256:…` of its bytes.
    pub digest: String,
    /// How many bytes they are.
    pub size_bytes: u64,
    /// When the last of them came.
    pub created: Instant,
    /// Milliseconds since, while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed_ms: Option<u64>,
    /// The plugin, once it is installed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Installed>,
    /// Why it was refused, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<ProblemBody>,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadStatus {
    /// Others are compiled before it.
    Waiting,
    /// It is compiled.
    Compiling,
    /// It is checked: its bytes, its description, what it does.
    Checking,
    /// It is installed.
    Installed,
    /// It was refused.
    Refused,
}
