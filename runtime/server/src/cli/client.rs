//! The client's side of the interface.

use std::{future::Future, time::Duration};

use anyhow::{Context, bail};
use bytes::Bytes;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde_json::Value;

/// Runs a client's work on one thread.
///
/// # Errors
/// Those of the work.
pub fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Where the server is.
#[derive(Debug, Clone, clap::Args)]
pub struct ServerAddress {
    /// Address of the server
    #[arg(
        long,
        visible_alias = "url",
        env = "DRIFTLINE_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:7878"
    )]
    pub server: Url,
}

/// A table as the server sent it.
pub struct Table {
    /// Its bytes.
    pub body: Bytes,
    /// Whether there were more rows than were asked for.
    pub is_truncated: bool,
}

/// A server as a client sees it.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
}

impl Client {
    /// A client of the server at an address.
    ///
    /// # Errors
    /// When the HTTP client can't be set up.
    pub fn new(address: &ServerAddress) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).tcp_nodelay(true).build()?;
        Ok(Self { http, server: address.server.clone() })
    }

    /// GETs JSON.
    ///
    /// # Errors
    /// What the server says, or that it can't be reached.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.request(Method::GET, path)?).await
    }

    /// GETs a list, all of its pages as one.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn pages(&self, path: &str) -> anyhow::Result<Value> {
        let mut whole = self.get(path).await?;
        while let Some(cursor) = whole["next_cursor"].as_str() {
            let cursor = form_urlencoded::Serializer::new(String::new()).append_pair("cursor", cursor).finish();
            let joint = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{joint}{cursor}")).await?;
            if let (Some(items), Some(more)) = (whole["items"].as_array_mut(), page["items"].as_array_mut()) {
                items.append(more);
            }
            whole["next_cursor"] = page["next_cursor"].take();
        }
        Ok(whole)
    }

    /// POSTs JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.answer(self.request(Method::POST, path)?.json(body)).await
    }

    /// POSTs JSON for an answer of a media type.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post_for(&self, path: &str, body: &Value, media_type: &str) -> anyhow::Result<Table> {
        let request = self.request(Method::POST, path)?.header(reqwest::header::ACCEPT, media_type).json(body);
        let response = self.sent(request).await?;
        if !response.status().is_success() {
            understood(response).await?;
            bail!("the server answered with neither a table nor a problem");
        }
        let is_truncated = response.headers().get("x-truncated").is_some_and(|value| value == "true");
        let body = response.bytes().await.context("the server's answer broke off")?;
        Ok(Table { body, is_truncated })
    }

    /// PUTs JSON.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.answer(self.request(Method::PUT, path)?.json(body)).await
    }

    /// DELETEs.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.answer(self.request(Method::DELETE, path)?).await
    }

    /// POSTs bytes of a media type, with one more header if there is one.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn upload(
        &self,
        path: &str,
        media_type: &str,
        header: Option<(&str, String)>,
        body: Bytes,
    ) -> anyhow::Result<Value> {
        let mut request = self.request(Method::POST, path)?.header(reqwest::header::CONTENT_TYPE, media_type);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        self.answer(request.body(body)).await
    }

    /// POSTs rows of a media type under an idempotency key; `None` when the server is busy and it is worth trying again.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn try_post_rows(
        &self,
        path: &str,
        media_type: &str,
        body: reqwest::Body,
        key: &str,
    ) -> anyhow::Result<Option<Value>> {
        let request = self.request(Method::POST, path)?.header(reqwest::header::CONTENT_TYPE, media_type);
        let request = request.header("idempotency-key", key).body(body);
        let response = self.sent(request).await?;
        if response.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
            return Ok(None);
        }
        understood(response).await.map(Some)
    }

    fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let url = self.server.join(path).with_context(|| format!("`{path}` is no path of the server"))?;
        Ok(self.http.request(method, url))
    }

    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        understood(self.sent(request).await?).await
    }

    async fn sent(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        request.send().await.with_context(|| {
            format!("the server at {} can't be reached: is it running? start one with `driftline serve`", self.server)
        })
    }
}

async fn understood(response: Response) -> anyhow::Result<Value> {
    let status = response.status();
    let body = response.bytes().await.context("the server's answer broke off")?;
    let answer: Value = serde_json::from_slice(&body)
        .with_context(|| format!("the server answered {status} with something that is no JSON: is it Driftline?"))?;
    if status.is_success() {
        return Ok(answer);
    }
    match (answer["detail"].as_str(), answer["code"].as_str()) {
        (Some(detail), Some(code)) => bail!("{detail} ({code})"),
        _ => bail!("the server answered {status}"),
    }
}
