//! `driftline plugin push`: upload, with progress.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use driftline_core::Digest;
use indicatif::ProgressBar;
use serde_json::Value;

use super::{fuel, laws, sign, text};
use crate::{
    cli::{
        client::{Client, ServerAddress},
        output::say,
    },
    trust::Signature,
    wire::{Laws, PluginFuel},
};

/// How often an upload that is under way is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// How often it is looked whether the fuel of a new plugin is measured.
const FUEL_LOOKS: u32 = 20;

/// Uploads a plugin: a Wasm component, or a core module that the server makes one
///
/// A signature in FILE.sig goes along, if there is one.
#[derive(Debug, Args)]
pub struct Push {
    /// The file
    file: PathBuf,
    /// Sign it with the secret key in this file, which `driftline plugin key` made
    #[arg(long, value_name = "KEY")]
    sign: Option<PathBuf>,
    /// Longest time in milliseconds that one call may take here; like all limits, it can only lower the server's
    #[arg(long, value_name = "MS")]
    call_ms: Option<u64>,
    /// Longest time in milliseconds of all calls of one instance
    #[arg(long, value_name = "MS")]
    total_ms: Option<u64>,
    /// Memory in MiB that one instance may use
    #[arg(long, value_name = "MIB")]
    memory_mib: Option<u64>,
    /// Bytes that a state, or a report, may have
    #[arg(long, value_name = "BYTES")]
    output_bytes: Option<u64>,
    /// Bytes of log text that are kept
    #[arg(long, value_name = "BYTES")]
    log_bytes: Option<u64>,
    #[command(flatten)]
    server: ServerAddress,
}

/// Does it, and tells which laws the plugin keeps.
///
/// # Errors
/// What the server says.
pub async fn run(push: Push) -> anyhow::Result<()> {
    let client = Client::new(&push.server)?;
    let wasm = std::fs::read(&push.file).with_context(|| format!("{} can't be read", push.file.display()))?;
    let signature = signature(&push, &Digest::of(&wasm))?.map(|signature| (Signature::HEADER, signature.to_string()));
    let path = format!("/v1/plugins?wait=1s{}", limits(&push));
    let upload = client.upload(&path, "application/wasm", signature, Bytes::from(wasm)).await?;
    let installed = if upload["status"].is_string() { followed(&client, upload).await? } else { upload };
    let verb = if installed["already_installed"] == true { "was installed already" } else { "is installed" };
    say(format_args!(
        "{}@{} {verb} ({})",
        text(&installed["name"]),
        text(&installed["version"]),
        text(&installed["digest"])
    ))?;
    // A server of an earlier release does not tell.
    match serde_json::from_value::<Laws>(installed["laws"].clone()) {
        Ok(laws) => say(format_args!("Laws: {}", laws::summary(&laws)))?,
        Err(_) => return Ok(()),
    }
    match measured(&client, text(&installed["digest"])).await? {
        Some(measured) => say(format_args!("Fuel: {}", fuel::summary(&measured))),
        None => say("Fuel: is still being measured; `driftline plugin show` tells it later."),
    }
}

/// The limits that are told, as the rest of a query.
fn limits(push: &Push) -> String {
    let told = [
        ("call_ms", push.call_ms),
        ("total_ms", push.total_ms),
        ("memory_bytes", push.memory_mib.map(|mib| mib.saturating_mul(1 << 20))),
        ("output_bytes", push.output_bytes),
        ("log_bytes", push.log_bytes),
    ];
    told.iter().filter_map(|(name, limit)| limit.map(|limit| format!("&{name}={limit}"))).collect()
}

/// Waits a little for the measure of fuel, which is made in the background.
async fn measured(client: &Client, digest: &str) -> anyhow::Result<Option<PluginFuel>> {
    for _ in 0..FUEL_LOOKS {
        let shown = client.get(&format!("/v1/plugins/{digest}")).await?;
        if let Ok(fuel) = serde_json::from_value(shown["fuel"].clone()) {
            return Ok(Some(fuel));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(None)
}

fn signature(push: &Push, digest: &Digest) -> anyhow::Result<Option<Signature>> {
    if let Some(key) = &push.sign {
        return Ok(Some(Signature::new(&sign::secret(key)?, digest)));
    }
    let beside = sign::beside(&push.file);
    if !beside.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&beside).with_context(|| format!("{} can't be read", beside.display()))?;
    let signature: Signature = text.parse().map_err(|reason| wrong(&beside, reason))?;
    if !signature.is_of(digest) {
        bail!(wrong(&beside, format!("it is not of {}: sign that again", push.file.display())));
    }
    Ok(Some(signature))
}

fn wrong(file: &Path, reason: String) -> anyhow::Error {
    anyhow::anyhow!("the signature in {} can't be used: {reason}", file.display())
}

/// Follows an upload to its end.
async fn followed(client: &Client, mut upload: Value) -> anyhow::Result<Value> {
    let spinner = ProgressBar::new_spinner();
    loop {
        match (text(&upload["status"]), &upload["problem"]) {
            ("installed", _) => {
                spinner.finish_and_clear();
                return Ok(upload["plugin"].take());
            }
            ("refused", problem) => {
                spinner.finish_and_clear();
                bail!("{} ({})", text(&problem["detail"]), text(&problem["code"]));
            }
            ("waiting", _) => spinner.set_message(format!("{} are compiled before it", upload["ahead"])),
            (status, _) => spinner.set_message(status.to_owned()),
        }
        spinner.tick();
        tokio::time::sleep(LOOK).await;
        upload = client.get(&format!("/v1/plugin-uploads/{}", text(&upload["id"]))).await?;
    }
}
