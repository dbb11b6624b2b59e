//! Channels: put, list, show, remove, test.

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use driftline_core::Name;
use driftline_notify as notify;
use uuid::Uuid;

use crate::{
    app::Shared,
    channels,
    extract::{self, Path, Query},
    problem::{Problem, ProblemBody},
    wire::{self, Channel, ChannelTest, ItemName, List, Outcome, PageQuery},
};

/// Makes a channel, or changes it: a webhook, Slack, e-mail or PagerDuty.
///
/// Secrets that are sent back as they were shown stay as they are, as long as the destination stays too.
#[utoipa::path(put, path = "/v1/channels/{channel}", tag = "alerts", request_body = notify::Channel,
    params(("channel" = String, Path, description = "Its name")),
    responses((status = 200, description = "Changed, or as it was", body = Channel),
        (status = 201, description = "Made", body = Channel),
        (status = 422, description = "Refused", body = ProblemBody)))]
pub async fn put_channel(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
    request: Request,
) -> Result<(StatusCode, Json<Channel>), Problem> {
    let config: notify::Channel = extract::json(&app, request).await?;
    let channel = app
        .blocking(move |app| {
            let config = channels::checked(app, &name, config)?;
            channels::put(app, &name, &config)
        })
        .await?;
    let status = if channel.outcome == Some(Outcome::Created) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(channel)))
}

/// Lists channels in the order of their names.
#[utoipa::path(get, path = "/v1/channels", tag = "alerts", params(PageQuery),
    responses((status = 200, description = "A page", body = List<Channel>)))]
pub async fn list_channels(
    State(app): State<Shared>,
    Query(page): Query<PageQuery>,
) -> Result<Json<List<Channel>>, Problem> {
    let limit = extract::limit(page.limit, 1000)?;
    let after: Option<Name> = extract::cursor(page.cursor.as_deref())?;
    let found = app.blocking(move |app| app.storage.channels(after.as_ref(), limit + 1)).await?;
    let found: Result<Vec<_>, _> = found.iter().map(Channel::of).collect();
    Ok(Json(List::cut(found?, limit, |channel: &Channel| channel.name.0.to_string())))
}

/// Shows a channel without its secrets.
#[utoipa::path(get, path = "/v1/channels/{channel}", tag = "alerts",
    params(("channel" = String, Path, description = "Its name")),
    responses((status = 200, description = "The channel", body = Channel),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn show_channel(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Channel>, Problem> {
    app.blocking(move |app| Channel::of(&channels::find(app, &name)?)).await.map(Json)
}

/// Removes a channel; notices still on their way to it are given up.
#[utoipa::path(delete, path = "/v1/channels/{channel}", tag = "alerts",
    params(("channel" = String, Path, description = "Its name")),
    responses((status = 200, description = "Removed", body = Channel),
        (status = 404, description = "There is none", body = ProblemBody),
        (status = 409, description = "A monitor tells its alerts there", body = ProblemBody)))]
pub async fn remove_channel(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<Channel>, Problem> {
    app.blocking(move |app| {
        let channel = Channel::of(&channels::find(app, &name)?)?;
        channels::refuse_in_use(app, &name, &[])?;
        app.storage.remove_channel(&name)?;
        Ok::<_, Problem>(Channel { outcome: Some(Outcome::Removed), ..channel })
    })
    .await
    .map(Json)
}

/// Sends a test notice at once and tells what came of it.
#[utoipa::path(post, path = "/v1/channels/{channel}/test", tag = "alerts",
    params(("channel" = String, Path, description = "Its name")),
    responses((status = 200, description = "What came of it", body = ChannelTest),
        (status = 404, description = "There is none", body = ProblemBody)))]
pub async fn test_channel(
    State(app): State<Shared>,
    Path(ItemName(name)): Path<ItemName>,
) -> Result<Json<ChannelTest>, Problem> {
    let config = app.blocking(move |app| wire::channel_config(&channels::find(app, &name)?)).await?;
    let now = app.storage.now();
    let notice = notify::Notice {
        delivery: Uuid::now_v7(),
        event: notify::Event::Test,
        sent: now.to_string(),
        alerts: Vec::new(),
    };
    let tested = match app.courier.deliver(&config, &notice, now.micros().div_euclid(1_000_000)).await {
        Ok(receipt) => ChannelTest { delivered: true, said: receipt.answer, undelivered: receipt.undelivered },
        Err(failure) => ChannelTest { delivered: false, said: failure.message, undelivered: Vec::new() },
    };
    Ok(Json(tested))
}
