//! Channels as they are kept: checked, with their secrets.

use driftline_core::Name;
use driftline_notify as notify;
use driftline_storage::ChannelRecord;

use crate::{
    app::App,
    monitors,
    problem::Problem,
    wire::{self, Channel},
};

/// The channel called `name`.
///
/// # Errors
/// 404 `channel_not_found`.
pub fn find(app: &App, name: &Name) -> Result<ChannelRecord, Problem> {
    app.storage.channel(name)?.ok_or_else(|| not_found(name))
}

/// There is no channel of this name.
pub fn not_found(name: &Name) -> Problem {
    let detail = format!("there is no channel `{name}`: PUT /v1/channels/{name} makes one");
    Problem::not_found("channel_not_found", detail).at("channel")
}

/// What is to be kept: secrets that came as they are shown are those that are kept.
///
/// # Errors
/// 422 with the field.
pub fn checked(app: &App, name: &Name, config: notify::Channel) -> Result<notify::Channel, Problem> {
    let config = match app.storage.channel(name)? {
        Some(record) => config.with_secrets_of(&wire::channel_config(&record)?).map_err(invalid)?,
        None => config,
    };
    config.check().map_err(invalid)?;
    Ok(config)
}

/// Keeps a channel that was checked.
///
/// # Errors
/// Those of the catalog.
pub fn put(app: &App, name: &Name, config: &notify::Channel) -> Result<Channel, Problem> {
    let text = serde_json::to_string(config).map_err(Problem::internal)?;
    let (record, written) = app.storage.put_channel(name, text)?;
    Ok(Channel { outcome: Some(written.into()), ..Channel::of(&record)? })
}

/// Refuses to remove a channel that a monitor tells its alerts to, but for the monitors `but`.
///
/// # Errors
/// 409 `channel_in_use` with one of them.
pub fn refuse_in_use(app: &App, name: &Name, but: &[Name]) -> Result<(), Problem> {
    let user = monitors::every(app)?.into_iter().find(|monitor| {
        !but.contains(&monitor.name) && monitor.definition.alerts.channels.iter().any(|channel| channel.0 == *name)
    });
    let Some(user) = user else { return Ok(()) };
    let detail = format!("monitor `{}` tells its alerts to channel `{name}`: change that monitor first", user.name);
    Err(Problem::new(axum::http::StatusCode::CONFLICT, "channel_in_use", detail).at("channel"))
}

fn invalid(invalid: notify::Invalid) -> Problem {
    let notify::Invalid { field, message } = invalid;
    Problem::invalid("invalid_channel", format!("`{field}`: {message}")).at(field)
}
