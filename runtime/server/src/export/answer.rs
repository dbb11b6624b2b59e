//! Rows on their way to a client while they are read, a few batches at a time.

use std::{io, time::Duration};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use driftline_eval::{Evaluator, ReadRequest};
use futures::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_util::task::AbortOnDropHandle;

use crate::{ingest::Format, problem::Problem, wire::Cursor};

/// Where the next rows begin: a header of a page, a trailer of what is longer.
pub const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// Parts of the answer that wait for the client.
const AHEAD: usize = 2;
/// A client that takes nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Smaller parts are not worth a frame of their own.
const PART_BYTES: usize = 64 << 10;

enum Part {
    Bytes(Bytes),
    /// All rows were given; the next ones, if there are any, begin here.
    End(Option<Cursor>),
}

type Sender = mpsc::Sender<Result<Part, Problem>>;

/// Answers with rows as they are read. The answer is complete only when its
/// body ends: a failure on the way breaks the connection.
///
/// # Errors
/// What fails before the first byte.
pub async fn stream(
    evaluator: &Evaluator,
    request: ReadRequest,
    format: Format,
    turn: OwnedSemaphorePermit,
) -> Result<Response, Problem> {
    let (sender, mut parts) = mpsc::channel(AHEAD);
    let reader = evaluator.clone();
    let work = evaluator.spawn(async move {
        let _turn = turn;
        if let Err(problem) = send(&reader, request, format, &sender).await {
            // When nobody listens any more, there is nobody to tell.
            let _ = sender.send(Err(problem)).await;
        }
    });
    let first = match parts.recv().await {
        Some(first) => first?,
        None => return Err(Problem::internal("a read ended without an answer")),
    };
    let body = Body::new(StreamBody::new(frames(first, parts, work)));
    let mut response = ([(header::CONTENT_TYPE, format.media_type())], body).into_response();
    response.headers_mut().insert(header::TRAILER, HeaderValue::from_static("x-next-cursor"));
    Ok(response)
}

async fn send(evaluator: &Evaluator, request: ReadRequest, format: Format, sender: &Sender) -> Result<(), Problem> {
    let mut rows = evaluator.read(request).await?;
    let mut bytes = Vec::new();
    let mut encoder = super::predictions(format, rows.schema(), &mut bytes)?;
    while let Some(batch) = rows.next().await? {
        encoder.write(&batch, &mut bytes)?;
        if bytes.len() >= PART_BYTES && !hand_over(sender, Part::Bytes(std::mem::take(&mut bytes).into())).await {
            return Ok(());
        }
    }
    encoder.finish(None, &mut bytes)?;
    if hand_over(sender, Part::Bytes(bytes.into())).await {
        hand_over(sender, Part::End(rows.rest().map(Cursor))).await;
    }
    Ok(())
}

/// Whether the client takes more.
async fn hand_over(sender: &Sender, part: Part) -> bool {
    sender.send_timeout(Ok(part), PATIENCE).await.is_ok()
}

struct Coming {
    first: Option<Part>,
    parts: mpsc::Receiver<Result<Part, Problem>>,
    has_ended: bool,
    /// Stops the reading when the client leaves.
    _work: AbortOnDropHandle<()>,
}

fn frames(
    first: Part,
    parts: mpsc::Receiver<Result<Part, Problem>>,
    work: AbortOnDropHandle<()>,
) -> impl futures::Stream<Item = io::Result<Frame<Bytes>>> + Send {
    let coming = Coming { first: Some(first), parts, has_ended: false, _work: work };
    stream::unfold(coming, |mut coming| async move {
        if coming.has_ended {
            return None;
        }
        let part = match coming.first.take() {
            Some(first) => Some(Ok(first)),
            None => coming.parts.recv().await,
        };
        let frame = match part {
            Some(Ok(Part::Bytes(bytes))) => Ok(Frame::data(bytes)),
            Some(Ok(Part::End(next))) => {
                coming.has_ended = true;
                Ok(Frame::trailers(trailers(next?)))
            }
            Some(Err(_)) | None => {
                coming.has_ended = true;
                Err(io::Error::other("the rows broke off"))
            }
        };
        Some((frame, coming))
    })
}

fn trailers(next: Cursor) -> HeaderMap {
    let value = HeaderValue::from_str(&next.to_string()).ok();
    value.map(|cursor| (NEXT_CURSOR, cursor)).into_iter().collect()
}
