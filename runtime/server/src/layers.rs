//! What happens to every request around its handler: ids, logs, counts, encodings, panics.

use std::{any::Any, time::Instant};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
};
use tower::{ServiceBuilder, util::MapRequestLayer};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    decompression::{DecompressionBody, RequestDecompressionLayer},
};
use uuid::Uuid;

use crate::{app::Shared, problem::Problem, receive::linger};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps the routes, the outermost layer first: observe, compress the answer,
/// catch panics, let the rest of a refused body come in, check and decode the body's encoding.
pub fn around(routes: Router, app: &Shared) -> Router {
    let decode = ServiceBuilder::new()
        .layer(RequestDecompressionLayer::new())
        .map_request(|request: Request<DecompressionBody<Body>>| request.map(Body::new));
    routes
        .layer(decode)
        .layer(from_fn(check_encoding))
        .layer(MapRequestLayer::new(linger))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), observe))
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let said = cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    Problem::internal(format!("a handler panicked: {}", said.unwrap_or("no message"))).into_response()
}

/// Refuses bodies in encodings that can't be decoded.
async fn check_encoding(request: Request, next: Next) -> Response {
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or_default());
    match encoding {
        None | Some("" | "identity" | "gzip" | "zstd") => next.run(request).await,
        Some(other) => {
            let detail = format!("the content encoding `{other}` can't be decoded: send gzip, zstd or none");
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail)
                .at("content-encoding")
                .into_response()
        }
    }
}

/// Gives the request an id, runs it inside a span, counts and logs the answer.
async fn observe(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    // Only known routes become labels: paths that clients make up would grow the metrics without bound.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", |path| path.as_str()).to_owned();
    let path = request.uri().path().to_owned();
    let span = tracing::error_span!("request", id = id.to_str().unwrap_or_default(), %method, path);
    let mut response = tracing::Instrument::instrument(next.run(request), span.clone()).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    app.metrics.answered(method.as_str(), &route, status, took);
    let _entered = span.enter();
    let took_ms = took.as_secs_f64() * 1e3;
    match status {
        ..400 => tracing::debug!(status, took_ms, "answered"),
        400..500 => tracing::info!(status, took_ms, "refused"),
        _ => tracing::warn!(status, took_ms, "failed"),
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The client's id, when it is short enough for a log; otherwise a new one.
fn request_id(request: &Request) -> HeaderValue {
    let sent = request.headers().get(REQUEST_ID).filter(|id| (1..=128).contains(&id.len()) && id.to_str().is_ok());
    sent.cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&Uuid::now_v7().to_string()).unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}
