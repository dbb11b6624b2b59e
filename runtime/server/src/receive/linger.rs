//! Bodies that somebody still sends when the answer is known already.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{body::Body, extract::Request, http::header};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::{runtime::Handle, time::timeout};

/// A body that nobody wants any more may go on for this long,
const LINGER: Duration = Duration::from_secs(30);
/// and stand still for this long.
const LINGER_STALL: Duration = Duration::from_secs(2);

/// Lets the rest of the request's body come and go while the request is answered, whoever refuses it and when: a
/// connection that is closed under somebody who still sends takes the answer with it.
pub fn linger(request: Request) -> Request {
    let is_held_back = request.headers().contains_key(header::EXPECT);
    request.map(|body| Body::new(Lingering { body: Some(body), is_held_back }))
}

/// A body whose rest is taken in when it is dropped.
struct Lingering {
    /// `None` once nothing more comes.
    body: Option<Body>,
    /// Whether the client waits to be told before it sends the body.
    is_held_back: bool,
}

impl HttpBody for Lingering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.is_held_back = false;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        if self.is_end_stream() || self.is_held_back {
            return;
        }
        let (Some(mut body), Ok(runtime)) = (self.body.take(), Handle::try_current()) else { return };
        runtime.spawn(async move {
            let rest = async { while let Ok(Some(Ok(_))) = timeout(LINGER_STALL, body.frame()).await {} };
            let _enough = timeout(LINGER, rest).await;
        });
    }
}
