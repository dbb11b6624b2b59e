//! What goes wrong between the server and its client.

use std::{
    collections::HashMap,
    io::Error,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use futures::StreamExt;
use http_body_util::{BodyExt, BodyStream, StreamBody, combinators::UnsyncBoxBody};
use hyper::{Method, Request, Response, StatusCode, body::Incoming};
use s3s::service::S3Service;

type Answer = Response<UnsyncBoxBody<Bytes, Error>>;

/// A kind of fault; each hits every nth request of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Fault {
    /// The server acts, and its answer never arrives.
    Lost,
    /// The server fails before it acts.
    Error,
    /// The connection is cut before the server acts.
    Reset,
    /// The answer takes a while.
    Slow,
    /// The answer's body breaks off in the middle.
    Half,
}

/// The server, and what is to go wrong.
pub struct Faulty {
    server: S3Service,
    plan: Mutex<HashMap<Fault, u64>>,
    requests: AtomicU64,
    faults: AtomicU64,
    sent_bytes: AtomicU64,
}

impl Faulty {
    /// Nothing goes wrong yet.
    pub fn new(server: S3Service) -> Self {
        Self {
            server,
            plan: Mutex::default(),
            requests: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
        }
    }

    /// Takes up a new plan; gives the counts so far.
    pub fn plan(&self, line: &str) -> anyhow::Result<String> {
        let faults = line.split_whitespace().map(|word| {
            let (kind, every) = word.split_once('=').context("a fault is KIND=EVERY")?;
            let kind = match kind {
                "lost" => Fault::Lost,
                "error" => Fault::Error,
                "reset" => Fault::Reset,
                "slow" => Fault::Slow,
                "half" => Fault::Half,
                other => anyhow::bail!("there is no fault {other}"),
            };
            Ok((kind, every.parse()?))
        });
        *self.plan.lock().map_err(|_| anyhow::anyhow!("a request panicked"))? =
            faults.collect::<anyhow::Result<_>>()?;
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Ok(format!("{} {} {}", count(&self.requests), count(&self.faults), count(&self.sent_bytes)))
    }

    /// Answers a request, or lets it go wrong. An error cuts the connection.
    pub async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Error> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let is_object = request.method() == Method::GET && request.uri().query().is_none();
        let fault = self.next(number);
        if fault.is_some() {
            self.faults.fetch_add(1, Ordering::SeqCst);
        }
        match fault {
            Some(Fault::Error) => return failed(request).await,
            Some(Fault::Reset) => return Err(Error::other("the connection is cut")),
            Some(Fault::Slow) => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => {}
        }
        let answer =
            self.server.call(request.map(s3s::Body::from)).await.map_err(|error| Error::other(format!("{error:?}")))?;
        if fault == Some(Fault::Lost) {
            return Err(Error::other("the answer is lost"));
        }
        let length = answer.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if is_object {
            self.sent_bytes.fetch_add(length.unwrap_or_default(), Ordering::SeqCst);
        }
        let is_cut = fault == Some(Fault::Half);
        Ok(answer.map(|body| {
            if is_cut { half(body, length.unwrap_or_default() / 2) } else { body.map_err(Error::other).boxed_unsync() }
        }))
    }

    fn next(&self, number: u64) -> Option<Fault> {
        let plan = self.plan.lock().ok()?;
        plan.iter().find(|(_, every)| number.is_multiple_of(**every)).map(|(fault, _)| *fault)
    }
}

/// 503, after the request was read, so that its connection stays whole.
async fn failed(request: Request<Incoming>) -> Result<Answer, Error> {
    request.into_body().collect().await.map_err(Error::other)?;
    let body = http_body_util::Full::from("<Error><Code>SlowDown</Code><Message>not now</Message></Error>");
    let body = body.map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(StatusCode::SERVICE_UNAVAILABLE).body(body).map_err(Error::other)
}

/// The first `bytes` of a body at most, then the connection breaks.
fn half(body: s3s::Body, bytes: u64) -> UnsyncBoxBody<Bytes, Error> {
    let mut left = bytes;
    let frames = BodyStream::new(body).map(move |frame| {
        let frame = frame.map_err(Error::other)?;
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        left = left.checked_sub(length).ok_or_else(|| Error::other("the body breaks off"))?;
        Ok(frame)
    });
    StreamBody::new(frames).boxed_unsync()
}
