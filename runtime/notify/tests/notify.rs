//! The crate from outside: notices to real receivers on ports of their own.

#[path = "../../../tests/sinks.rs"]
mod sinks;

#[path = "notify/answers.rs"]
mod answers;
#[path = "notify/bodies.rs"]
mod bodies;
#[path = "notify/guarded.rs"]
mod guarded;
#[path = "notify/mails.rs"]
mod mails;
#[path = "notify/tls.rs"]
mod tls;

use std::{collections::BTreeMap, io, net::IpAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use driftline_notify::{
    AlertKind, AlertNotice, Channel, Courier, Email, Event, Guard, Level, Lookup, Notice, NoticeWindow, Options,
    Pagerduty, Slack, Tls, Webhook,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// 2023-11-14T22:13:20Z.
const NOW: i64 = 1_700_000_000;

/// Names that lead where a test wants.
struct Names(Vec<(&'static str, Vec<&'static str>)>);

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.0.iter().find(|(name, _)| *name == host);
        let (_, addresses) = found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such host"))?;
        Ok(addresses.iter().map(|address| address.parse().expect("an address")).collect())
    }
}

fn options(allowed: &[&str], names: Names) -> Options {
    Options {
        guard: Guard::allowing(allowed).expect("an allow-list"),
        timeout: Duration::from_millis(400),
        lookup: Arc::new(names),
        ..Options::default()
    }
}

/// May call this machine.
fn courier() -> Courier {
    Courier::new(options(&["127.0.0.1"], Names(Vec::new()))).expect("a courier")
}

fn webhook(url: impl Into<String>) -> Channel {
    let headers = BTreeMap::from([("X-Team".to_owned(), "kopfgeheim".into())]);
    Channel::Webhook(Webhook { url: url.into(), secret: Some("geheim".into()), headers })
}

fn slack(url: impl Into<String>) -> Channel {
    let url: String = url.into();
    Channel::Slack(Slack { url: url.into() })
}

fn pagerduty(url: impl Into<String>) -> Channel {
    Channel::Pagerduty(Pagerduty { routing_key: "r0utinggeheim".into(), url: Some(url.into()) })
}

fn email(server: &str, port: u16, tls: Tls) -> Email {
    Email {
        server: server.to_owned(),
        port: Some(port),
        tls,
        username: None,
        password: None,
        from: "Driftline <alerts@example.com>".to_owned(),
        to: vec!["a@example.com".to_owned(), "Bo <b@example.org>".to_owned()],
    }
}

fn alert(number: u128) -> AlertNotice {
    let map = |value: Value| value.as_object().cloned().unwrap_or_default();
    AlertNotice {
        id: Uuid::from_u128(number),
        monitor: "churn-auc".to_owned(),
        model: "churn".to_owned(),
        slice: map(json!({"region": "eu"})),
        inputs: Map::new(),
        kind: AlertKind::Threshold,
        level: Level::Critical,
        status: "open".to_owned(),
        title: "auc of churn is below 0.7".to_owned(),
        detail: "It was 0.81 the week before.".to_owned(),
        value: Some(0.61),
        metric: Some("auc".to_owned()),
        threshold: Some(json!({"lower": 0.7})),
        window: Some(NoticeWindow { start: "2001-01-01T00:00:00Z".to_owned(), end: "2001-01-08T00:00:00Z".to_owned() }),
        evaluation: Some(Uuid::from_u128(0xe)),
        url: None,
    }
}

fn notice(event: Event, alerts: Vec<AlertNotice>) -> Notice {
    Notice { delivery: Uuid::from_u128(0xd), event, sent: "2023-11-14T22:13:20Z".to_owned(), alerts }
}

fn opened() -> Notice {
    notice(Event::Opened, vec![alert(1)])
}
