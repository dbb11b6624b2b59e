//! What a plugin uses up, in a measure that is the same on every machine.

use std::{collections::BTreeMap, fmt};

use driftline_sandbox as sandbox;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a plugin uses up on rows that are made for its inputs, with its parameters' defaults: about one for each
/// WebAssembly instruction. It depends on the plugin's bytes alone, not on the machine or how busy it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PluginFuel {
    /// Fuel of `update` for one row; absent when it could not be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub a_row: Option<f64>,
    /// How many rows were given, in one batch.
    #[serde(default)]
    pub rows: u64,
    /// Fuel of one call of each export; `start` is the start of an instance.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub calls: BTreeMap<String, u64>,
    /// The most linear memory that was held meanwhile.
    #[serde(default)]
    pub memory_bytes: u64,
    /// Why it could not be measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl PluginFuel {
    /// From the text that the catalog keeps; none when there is none.
    pub fn read(kept: Option<&str>) -> Option<Self> {
        serde_json::from_str(kept?).ok()
    }

    /// It could not be measured.
    pub fn unknown(why: String) -> Self {
        Self { a_row: None, rows: 0, calls: BTreeMap::new(), memory_bytes: 0, note: Some(why) }
    }
}

/// The text that the catalog keeps.
impl fmt::Display for PluginFuel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl From<Result<sandbox::Fuel, String>> for PluginFuel {
    fn from(measured: Result<sandbox::Fuel, String>) -> Self {
        let fuel = match measured {
            Ok(fuel) => fuel,
            Err(why) => return Self::unknown(why),
        };
        let a_row = Some((fuel.a_row() * 1e3).round() / 1e3);
        let calls = fuel.calls.into_iter().map(|(export, fuel)| (export.to_owned(), fuel)).collect();
        Self { a_row, rows: fuel.rows, calls, memory_bytes: fuel.memory_bytes, note: None }
    }
}
