//! A body as it comes in, chunk by chunk.

use std::time::Duration;

use axum::{
    body::Body,
    extract::Request,
    http::{StatusCode, header},
};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::problem::Problem;

/// A body that may have at most a number of decoded bytes.
pub struct Incoming {
    body: Limited<Body>,
    announced: Option<usize>,
    limit: usize,
    stall: Duration,
}

impl Incoming {
    /// The body of a request.
    ///
    /// # Errors
    /// 413 when it announces more than `limit` bytes.
    pub fn new(request: Request, limit: usize, stall: Duration) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let encoded = parts.headers.contains_key(header::CONTENT_ENCODING);
        let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let announced = length.filter(|_| !encoded);
        if announced.is_some_and(|length| length > limit) {
            return Err(Problem::too_large(limit));
        }
        Ok(Self { body: Limited::new(body, limit), announced, limit, stall })
    }

    /// How many bytes it says it has.
    pub fn announced(&self) -> Option<usize> {
        self.announced
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// 413 beyond the limit, 400 when it breaks off or its encoding is damaged, 408 when nothing comes for too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            match timeout(self.stall, self.body.frame()).await {
                Err(_) => return Err(stalled(self.stall)),
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Err(broken(error.as_ref(), self.limit)),
                Ok(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Ok(Some(data)),
                    _ => {}
                },
            }
        }
    }
}

fn stalled(stall: Duration) -> Problem {
    let detail = format!("nothing more of the body came for {} seconds: send it again, whole", stall.as_secs());
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_stalled", detail)
}

fn broken(error: &(dyn std::error::Error + 'static), limit: usize) -> Problem {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<LengthLimitError>() {
            return Problem::too_large(limit);
        }
        next = cause.source();
    }
    let detail = format!("the body could not be read: {error}; check its encoding and send it whole");
    Problem::bad_request("invalid_body", detail)
}
