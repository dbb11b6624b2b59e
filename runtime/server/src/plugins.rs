//! Installing plugins: one way for uploads and for the standard plugins alike.

mod measure;
mod standing;

pub use measure::measure;
pub use standing::standing;

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use driftline_core::{Description, Digest, Name};
use driftline_storage::{Installed, PluginRecord, PluginRef, Storage};

use crate::{
    app::{App, Shared},
    ingest,
    problem::Problem,
    wire,
};

/// Checks the bytes of a plugin and installs it, with limits that its upload sets. Takes as long as a compilation, and as
/// checking its laws.
///
/// # Errors
/// 422 with what its author can do, 409 when its version has other bytes, 429 when others are being compiled.
pub async fn install(
    app: &Shared,
    wasm: Bytes,
    limits: Option<wire::UploadLimits>,
) -> Result<wire::Installed, Problem> {
    let (bytes, told) = (wasm.clone(), limits.clone());
    let inspect = move |app: &App| -> Result<_, Problem> {
        let inspected = app.sandbox.inspect(&bytes)?;
        let known = app.storage.plugin(&PluginRef::Digest(inspected.digest))?;
        let plugin = app.sandbox.load(&inspected.digest, || Ok::<_, Infallible>(bytes.to_vec()))?;
        let kept = known.as_ref().and_then(|record| wire::UploadLimits::read(record.limits.as_deref()));
        let is_known = known.is_some() && (told.is_none() || told == kept);
        let plugin = match told.or(kept) {
            None => plugin,
            Some(limits) => {
                let lowered = plugin.lowered_to(&limits.to_value());
                lowered.check_start()?;
                Arc::new(lowered)
            }
        };
        Ok((inspected, plugin, known.filter(|_| is_known)))
    };
    let (inspected, plugin, known) = app.blocking(inspect).await?;
    let laws = match known.and_then(|record| wire::Laws::read(record.laws.as_deref())) {
        // The same bytes keep the same laws, within the same limits.
        Some(laws) if laws.checked == wire::LawsChecked::Upload => laws,
        _ => {
            let laws = app.evaluator.compute(inspected.digest, move || plugin.laws()).await?;
            match laws.refusal() {
                Some(refusal) => return Err(broken(&laws, refusal)),
                None => laws.into(),
            }
        }
    };
    let keep = move |app: &App| {
        let (description, json) = (inspected.description, inspected.description_json);
        keep(&app.storage, &wasm, (description, json), &laws, limits.as_ref())
    };
    app.blocking(keep).await
}

/// The refusal, at the law that is broken.
fn broken(laws: &driftline_sandbox::Laws, refusal: driftline_sandbox::Refusal) -> Problem {
    let problem = Problem::from(refusal);
    match laws.broken() {
        Some((law, _)) => problem.at(format!("laws.{law}")),
        None => problem,
    }
}

/// Installs the bytes of a plugin whose description, with its text, is known.
///
/// # Errors
/// 409 when its version has other bytes.
pub fn keep(
    storage: &Storage,
    wasm: &[u8],
    (description, description_json): (Description, String),
    laws: &wire::Laws,
    limits: Option<&wire::UploadLimits>,
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
        laws: Some(laws.to_string()),
        limits: limits.map(ToString::to_string),
        fuel: None,
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
