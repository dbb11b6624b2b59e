//! Monitors from outside, over weeks: the clock is the test's, the notices arrive at real receivers.

mod bad_definitions;
mod channels;
mod churn;
mod drift;
mod files;
mod history;
mod kills;
mod stale;
mod training;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use driftline::{Config, Server, Settling};
use driftline_core::Time;
use driftline_storage::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    harness::Reply,
    sinks::{http::HttpSink, smtp::SmtpSink},
};

/// A clock that a test turns.
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

/// A server whose clock stands still until it is turned.
pub struct House {
    url: String,
    clock: Arc<Hand>,
    settling: Settling,
    client: reqwest::Client,
    stop: CancellationToken,
    _folder: TempDir,
}

impl House {
    /// A server at a time.
    pub async fn at(time: &str) -> Self {
        let folder = TempDir::new().expect("a directory");
        let mut config = Config::new(folder.path().to_owned(), ([127, 0, 0, 1], 0).into());
        config.compile_in_process = true;
        config.notify_allow = vec!["127.0.0.1".into()];
        let clock = Arc::new(Hand(AtomicI64::new(micros(time))));
        let server = Server::start_at(config, clock.clone()).await.expect("starts");
        let (url, settling, stop) =
            (format!("http://{}", server.address()), server.settling(), CancellationToken::new());
        tokio::spawn(server.run(stop.clone()));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { url, clock, settling, client, stop, _folder: folder }
    }

    /// Turns the clock and lets the server do all that is due then.
    pub async fn turn_to(&self, time: &str) {
        self.clock.0.store(micros(time), Ordering::SeqCst);
        self.settling.settle().await.expect("settles");
    }

    /// Lets the server do all that is due now.
    pub async fn settle(&self) {
        self.settling.settle().await.expect("settles");
    }

    /// Seals, folds and merges everything.
    pub async fn tidy(&self) {
        self.settling.tidy().await.expect("tidies");
    }

    /// Sends a request.
    pub async fn send(&self, method: Method, path: &str, content_type: &str, body: Vec<u8>) -> Reply {
        let what = format!("{method} {path}");
        let request = self.client.request(method, format!("{}{path}", self.url)).header("content-type", content_type);
        Reply::of(what, request.body(body).send().await.expect("an answer")).await
    }

    /// Sends JSON.
    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Reply {
        self.send(method, path, "application/json", body.to_string().into_bytes()).await
    }

    /// `PUT` of JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::PUT, path, body).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.json(Method::POST, path, body).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, "application/json", Vec::new()).await
    }

    /// Channels to both receivers.
    pub async fn channels(&self, http: &HttpSink, smtp: &SmtpSink) {
        let hook = json!({"type": "webhook", "url": http.url("/hook"), "secret": "s3cret"});
        self.put("/v1/channels/hook", &hook).await.expect(201);
        let address = smtp.address();
        let mail = json!({"type": "email", "server": address.ip().to_string(), "port": address.port(), "tls": "none",
            "from": "driftline@example.com", "to": ["ops@example.com"]});
        self.put("/v1/channels/mail", &mail).await.expect(201);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn micros(time: &str) -> i64 {
    time.parse::<Time>().expect("a time").micros()
}

/// What arrived at a receiver: event, level, slice and start of the window of each alert.
pub fn told(http: &HttpSink) -> Vec<Value> {
    let notices = http.requests().into_iter().map(|request| {
        assert!(request.header("driftline-signature").is_some_and(|signature| signature.contains("v1=")));
        serde_json::from_slice::<Value>(&request.body).expect("JSON")
    });
    let alerts = |notice: Value| {
        let event = notice["event"].clone();
        let alerts = notice["alerts"].as_array().cloned().unwrap_or_default();
        alerts.into_iter().map(move |a| json!([event, a["monitor"], a["level"], a["slice"], a["window"]["start"]]))
    };
    notices.flat_map(alerts).collect()
}
