//! `driftline plugin retire` and `reinstate`.

use serde_json::json;

use super::text;
use crate::cli::{client::Client, output::say};

/// Retires a version.
///
/// # Errors
/// What the server says.
pub async fn retire(plugin: &str, client: &Client) -> anyhow::Result<()> {
    let retired = client.delete(&format!("/v1/plugins/{plugin}")).await?;
    say(format_args!("{}@{} is retired", text(&retired["name"]), text(&retired["version"])))
}

/// Takes it back.
///
/// # Errors
/// What the server says.
pub async fn reinstate(plugin: &str, client: &Client) -> anyhow::Result<()> {
    let reinstated = client.post(&format!("/v1/plugins/{plugin}/reinstate"), &json!({})).await?;
    say(format_args!("{}@{} is back", text(&reinstated["name"]), text(&reinstated["version"])))
}
