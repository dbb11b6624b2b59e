//! What arrived at the receiver, and what must have happened to alerts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    plan::{MINUTE, START, Watch},
    world::World,
};
use crate::sinks::http::HttpSink;

/// A notice as it arrived.
pub struct Arrival {
    /// The channel.
    pub channel: String,
    /// Its idempotency key.
    pub key: String,
    /// The life of the server that sent it.
    pub life: usize,
    /// What it says.
    pub body: Vec<u8>,
}

/// An alert: monitor, model and region.
pub type Subject = (String, String, String);

/// What happened to it: what, and the minute at which the window ends.
pub type Change = (String, i64);

/// Everything that arrived, in order.
pub fn arrivals(world: &World, sink: &HttpSink) -> Vec<Arrival> {
    let read = |request: crate::sinks::http::Request| {
        let header = |name| request.header(name).expect("the header").to_owned();
        let signature = header("driftline-signature");
        let time = signature.strip_prefix("t=").and_then(|rest| rest.split_once(',')).expect("a time").0;
        Arrival {
            channel: request.path.trim_start_matches('/').to_owned(),
            key: header("idempotency-key"),
            life: world.life_at(time.parse().expect("seconds")),
            body: request.body,
        }
    };
    sink.requests().into_iter().map(read).collect()
}

/// The changes that a notice tells of, with the ids of the alerts.
pub fn changes(notice: &Value) -> Vec<(String, Subject, Change)> {
    let event = text(&notice["event"]);
    let alerts = notice["alerts"].as_array().expect("alerts").iter();
    alerts.map(|alert| (text(&alert["id"]), subject(alert), (event.clone(), minute(&alert["window"]["end"])))).collect()
}

/// Whom an alert is about.
pub fn subject(alert: &Value) -> Subject {
    (text(&alert["monitor"]), text(&alert["model"]), text(&alert["slice"]["region"]))
}

/// What must happen to the alerts of a watch whose runs are due at these minutes.
pub fn expected(watch: &Watch, dues: &[i64]) -> BTreeMap<Subject, Vec<Change>> {
    let of = |region: &&str| {
        let (mut changes, mut is_open) = (Vec::new(), false);
        for due in dues {
            if watch.is_breach(region, *due) != is_open {
                is_open = !is_open;
                changes.push(((if is_open { "opened" } else { "resolved" }).to_owned(), *due));
            }
        }
        ((watch.monitor.to_owned(), watch.model.to_owned(), (*region).to_owned()), changes)
    };
    watch.regions.iter().map(of).collect()
}

/// A text; an empty one where there is none.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The number of the minute at a time.
pub fn minute(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no time"));
    let micros = text.parse::<driftline_core::Time>().expect("a time").micros();
    assert_eq!((micros - START) % MINUTE, 0, "{text}");
    (micros - START) / MINUTE
}

/// What is shown of a result: its values and how it was judged.
pub fn shown(result: &Value) -> Value {
    json!([result["values"], result["rows"], result["level"]])
}
