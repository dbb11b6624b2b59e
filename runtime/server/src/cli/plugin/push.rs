//! `driftline plugin push`: from a file to a server.

use std::path::Path;

use anyhow::Context;
use bytes::Bytes;

use super::{laws, text};
use crate::{
    cli::{client::Client, output::say},
    wire::Laws,
};

/// Uploads a plugin and tells which laws it keeps.
///
/// # Errors
/// What the server says.
pub async fn push(file: &Path, client: &Client) -> anyhow::Result<()> {
    let wasm = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let installed = client.post_bytes("/v1/plugins", "application/wasm", Bytes::from(wasm)).await?;
    let verb = if installed["already_installed"] == true { "was installed already" } else { "is installed" };
    let (name, version) = (text(&installed["name"]), text(&installed["version"]));
    say(format_args!("{name}@{version} {verb} ({})", text(&installed["digest"])))?;
    // A server of an earlier release does not tell.
    match serde_json::from_value::<Laws>(installed["laws"].clone()) {
        Ok(laws) => say(format_args!("Laws: {}", laws::summary(&laws))),
        Err(_) => Ok(()),
    }
}
