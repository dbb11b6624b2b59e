//! Installing plugins: one way for uploads and for the standard plugins alike.

mod standing;

pub use standing::standing;

use driftline_core::{Description, Digest, Name};
use driftline_sandbox::Sandbox;
use driftline_storage::{Installed, PluginRecord, PluginRef, Storage};

use crate::{ingest, problem::Problem, wire};

/// Checks the bytes of a plugin and installs it. Blocks for as long as a compilation takes.
///
/// # Errors
/// 422 with what its author can do, 409 when its version has other bytes, 429 when others are being compiled.
pub fn install(storage: &Storage, sandbox: &Sandbox, wasm: &[u8]) -> Result<wire::Installed, Problem> {
    let inspected = sandbox.inspect(wasm)?;
    keep(storage, wasm, inspected.description, inspected.description_json)
}

/// Installs the bytes of a plugin whose description is known.
///
/// # Errors
/// 409 when its version has other bytes.
pub fn keep(
    storage: &Storage,
    wasm: &[u8],
    description: Description,
    description_json: String,
) -> Result<wire::Installed, Problem> {
    let digest = Digest::of(wasm);
    let record = PluginRecord {
        digest,
        name: description.name,
        version: description.version,
        description: description_json,
        size_bytes: wasm.len() as u64,
        installed: ingest::now(),
        retired: None,
    };
    let outcome = storage.install_plugin(record, wasm)?;
    let record = storage.plugin(&PluginRef::Digest(digest))?;
    let record = record.ok_or_else(|| Problem::internal("a plugin vanished while it was installed"))?;
    Ok(wire::Installed { plugin: record.into(), already_installed: outcome == Installed::AlreadyThere })
}

/// Reads `name`, `name@version`, `name@alias` or `sha256:…`.
///
/// # Errors
/// 422 when it is none of these.
pub fn parse_ref(text: &str) -> Result<PluginRef, Problem> {
    let invalid = |detail: String| Problem::invalid("invalid_plugin", detail).at("plugin");
    if text.starts_with("sha256:") {
        return text.parse().map(PluginRef::Digest).map_err(|error| invalid(format!("`plugin`: {error}")));
    }
    let (name, tag) = match text.split_once('@') {
        Some((name, tag)) => (name, Some(tag)),
        None => (text, None),
    };
    let name: Name = name
        .parse()
        .map_err(|error| invalid(format!("`plugin`: {error}; write name, name@version, name@alias or sha256:…")))?;
    match tag {
        None => Ok(PluginRef::Latest(name)),
        Some("") => Err(invalid(format!("`plugin`: the version or alias after `{name}@` is missing"))),
        Some(tag) => PluginRef::tagged(name, tag).ok_or_else(|| {
            invalid(format!("`plugin`: `{tag}` is neither a version such as 1.0.0 nor the name of an alias"))
        }),
    }
}

/// There is no such plugin.
pub fn not_found(which: &PluginRef) -> Problem {
    let detail =
        format!("there is no plugin `{which}`: GET /v1/plugins lists what there is, POST /v1/plugins uploads one");
    Problem::not_found("plugin_not_found", detail).at("plugin")
}
