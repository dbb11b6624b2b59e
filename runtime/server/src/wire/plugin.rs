//! Plugins.

mod alias;
mod catalogue;
mod fuel;
mod laws;
mod limits;
mod state;
mod upload;

pub use alias::{Alias, AliasMove, AliasPut};
pub use catalogue::PluginGroup;
pub use fuel::PluginFuel;
pub use laws::{LawFinding, LawVerdict, Laws, LawsChecked};
pub use limits::{UploadLimits, UploadQuery};
pub use state::{Circuit, CircuitState, PluginLimits, Signer, Standing};
pub use upload::{PluginUpload, UploadStatus};

use serde::Serialize;
use utoipa::ToSchema;

use super::{Instant, ItemName};

/// An installed plugin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Plugin {
    /// Its name.
    pub name: ItemName,
    /// Its semantic version.
    pub version: String,
    /// What kind of question it answers.
    pub group: PluginGroup,
    /// What it is for, in one line.
    pub purpose: String,
    /// `sha256:…` of the bytes that were uploaded.
    pub digest: String,
    /// How many bytes they are.
    pub size_bytes: u64,
    /// When it was installed.
    pub installed: Instant,
    /// When it was retired, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Instant>,
    /// What it says of itself: inputs, outputs, parameters, documentation.
    #[schema(value_type = Object)]
    pub description: serde_json::Value,
    /// What became of the laws that it claims to keep; only when one plugin is shown or uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laws: Option<Laws>,
    /// What it uses up, in fuel; only when one plugin is shown or uploaded, and absent until it is measured, which happens
    /// in the background after the upload. Standard plugins are not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<PluginFuel>,
    /// A request to POST /v1/evaluations that would run it; only when one plugin is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub example: Option<serde_json::Value>,
    /// All versions of that name; only when one plugin is shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<PluginVersion>,
    /// How it stands here: aliases, limits, signatures, circuit breaker; only when one plugin is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// One version of a plugin.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PluginVersion {
    /// The semantic version.
    pub version: String,
    /// `sha256:…` of its bytes.
    pub digest: String,
    /// Whether it is retired.
    pub retired: bool,
}

/// A plugin after its upload.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Installed {
    /// The plugin.
    #[serde(flatten)]
    pub plugin: Plugin,
    /// Whether the same bytes were installed before.
    pub already_installed: bool,
}

impl Plugin {
    /// The plugin as lists show it.
    pub fn as_listed(self) -> Self {
        Self { laws: None, fuel: None, ..self }
    }

    /// The plugin with all that is shown of a single one.
    pub fn in_full(self, versions: Vec<PluginVersion>, standing: Standing) -> Self {
        let example = Some(catalogue::example(self.name.0.as_str(), &self.description));
        Self { example, versions, standing: Some(standing), ..self }
    }
}

impl From<driftline_storage::PluginRecord> for Plugin {
    fn from(record: driftline_storage::PluginRecord) -> Self {
        let description = serde_json::from_str(&record.description).unwrap_or_default();
        Self {
            group: PluginGroup::of(&description),
            purpose: catalogue::purpose(&description),
            name: ItemName(record.name),
            version: record.version,
            digest: record.digest.to_string(),
            size_bytes: record.size_bytes,
            installed: Instant(record.installed),
            retired: record.retired.map(Instant),
            description,
            laws: Some(Laws::read(record.laws.as_deref()).unwrap_or_else(Laws::never)),
            fuel: PluginFuel::read(record.fuel.as_deref()),
            example: None,
            versions: Vec::new(),
            standing: None,
        }
    }
}

impl From<&driftline_storage::PluginRecord> for PluginVersion {
    fn from(record: &driftline_storage::PluginRecord) -> Self {
        Self { version: record.version.clone(), digest: record.digest.to_string(), retired: record.retired.is_some() }
    }
}
