//! Aliases of plugins.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire::{Instant, ItemName};

/// A name for a version of a plugin, which can be moved: `NAME@stable` means what it means now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Alias {
    /// Its name.
    pub name: ItemName,
    /// The version that it means; absent when it was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `sha256:…` of that version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Since when it means that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
    /// Every move, the newest first; only when one alias is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<AliasMove>,
}

/// One move of an alias.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AliasMove {
    /// `set`, `rolled_back` or `removed`.
    pub kind: &'static str,
    /// The version that it meant before; null when there was no such alias.
    pub from: Option<String>,
    /// The version that it means since; null when it was removed.
    pub to: Option<String>,
    /// When.
    pub moved: Instant,
}

/// Where an alias is to be.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasPut {
    /// A version, `latest`, another alias (what it means now) or `sha256:…`.
    #[schema(examples("1.2.0"))]
    pub version: String,
}

impl From<driftline_storage::Alias> for Alias {
    fn from(alias: driftline_storage::Alias) -> Self {
        Self {
            name: ItemName(alias.name),
            version: Some(alias.version),
            digest: Some(alias.digest.to_string()),
            since: Some(Instant(alias.since)),
            moves: Vec::new(),
        }
    }
}

impl From<driftline_storage::AliasMove> for AliasMove {
    fn from(moved: driftline_storage::AliasMove) -> Self {
        Self { kind: moved.kind.as_str(), from: moved.from, to: moved.to, moved: Instant(moved.moved) }
    }
}
