//! One `POST`, and what its answer means.

use std::{
    error::Error,
    io, iter,
    time::{Duration, SystemTime},
};

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use tokio_rustls::rustls::{self, ClientConfig};

use super::Options;
use crate::{Failure, FailureKind, Invalid, Receipt, Retry, dialler::Dialler, dialler::Nowhere, tls::Trust, url};

/// Of an answer that explains a failure.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

const MAX_RETRY_AFTER: Duration = Duration::from_hours(6);

#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    dialler: Dialler,
}

impl Http {
    pub(super) fn new(options: &Options, dialler: Dialler, trust: &Trust) -> Result<Self, Invalid> {
        let client = Client::builder()
            .user_agent(&options.user_agent)
            .timeout(options.timeout)
            .connect_timeout(options.connect_timeout)
            .dns_resolver(std::sync::Arc::new(dialler.clone()))
            .use_preconfigured_tls(ClientConfig::clone(&trust.config))
            .http1_only()
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            // An address is judged when it is dialled: so each call dials.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| Invalid::new("user_agent", format!("makes no HTTP client: {}", cause(&error))))?;
        Ok(Self { client, dialler })
    }

    /// Posts JSON. The answer of a receiver that takes it is not read.
    pub(super) async fn post(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        now: i64,
    ) -> Result<Receipt, Failure> {
        let url = url::parse("url", url)?;
        self.dialler.check_literal(url.host_str().unwrap_or_default())?;
        let request = self.client.post(url.clone()).headers(headers).body(body);
        let answer = request.send().await.map_err(|error| transport(&error, &url))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Receipt { answer: status.as_u16().to_string(), undelivered: Vec::new() });
        }
        let after = retry_after(answer.headers(), now);
        Err(refusal(status, after, &beginning(answer).await))
    }
}

/// What an answer that is no success means.
fn refusal(status: StatusCode, after: Option<Duration>, text: &str) -> Failure {
    let hint = if status.is_redirection() { "; redirects are not followed, give the final URL" } else { "" };
    let colon = if text.is_empty() { "" } else { ": " };
    let message = format!("the receiver answered {status}{hint}{colon}{text}");
    // Too Early, Request Timeout and Too Many Requests are the client errors that pass.
    let passes = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
    let failure = Failure::lasting(FailureKind::Status(status.as_u16()), message);
    Failure { retry: passes.then_some(Retry { after }), ..failure }
}

/// Seconds or a date.
fn retry_after(headers: &HeaderMap, now: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now).ok()?);
            httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default()
        }
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// As much of the answer as is worth reading.
async fn beginning(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_ANSWER_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        let room = MAX_ANSWER_BYTES - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Why there is no answer.
fn transport(error: &reqwest::Error, url: &Url) -> Failure {
    let host = url.host_str().unwrap_or_default();
    for source in causes(error) {
        if let Some(Nowhere::Refused(refused)) = source.downcast_ref() {
            return refused.clone().into();
        }
        if let Some(nowhere @ Nowhere::Unknown { .. }) = source.downcast_ref() {
            return Failure::passing(FailureKind::Unreachable, nowhere.to_string());
        }
    }
    let kind = match () {
        () if error.is_timeout() => {
            return Failure::passing(FailureKind::Timeout, format!("{host} did not answer in time"));
        }
        () if error.is_builder() => {
            return Failure::lasting(FailureKind::Invalid, format!("no request: {}", cause(error)));
        }
        () if causes(error).any(is_tls) => FailureKind::Tls,
        () => FailureKind::Unreachable,
    };
    Failure::passing(kind, format!("{host} could not be called: {}", cause(error)))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// The first cause: those above it say the same less clearly, or repeat the URL, of which parts may be secret.
pub(super) fn cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// rustls tells its errors wrapped into those of I/O, once or twice; their `source` skips what they wrap.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}
