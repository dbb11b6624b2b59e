//! What is predicted, who watches it, and which windows are bad.

use serde_json::{Value, json};

use crate::harness::id;

/// Microseconds of midnight on 1 June 2024: minute 0.
pub const START: i64 = 1_717_200_000_000_000;
/// In microseconds.
pub const MINUTE: i64 = 60_000_000;
/// Those that predict.
pub const MODELS: [&str; 3] = ["fraud-eu", "fraud-us", "churn"];
/// The one that learns the truth later.
pub const CHURN: &str = MODELS[2];
/// Where the values of a minute are bad or not.
const REGIONS: [&str; 2] = ["a", "b"];
/// Predictions of a model in a minute.
pub const ROWS: u64 = 8;
/// Channels, which are the paths of one receiver.
pub const CHANNELS: [&str; 2] = ["hook", "pager"];

/// A monitor over a model.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    /// The monitor.
    pub monitor: &'static str,
    /// The model.
    pub model: &'static str,
    /// Minutes from one instant to the next.
    pub every: i64,
    /// Minutes of a window.
    pub last: i64,
    /// Whether each instant is caught up, and not the last one only.
    pub catches_all_up: bool,
    /// How many channels it tells.
    pub channels: usize,
    /// The slices.
    pub regions: &'static [&'static str],
}

/// What watches what.
pub const WATCHES: [Watch; 5] = [
    Watch {
        monitor: "means",
        model: MODELS[0],
        every: 1,
        last: 1,
        catches_all_up: true,
        channels: 1,
        regions: &REGIONS,
    },
    Watch {
        monitor: "means",
        model: MODELS[1],
        every: 1,
        last: 1,
        catches_all_up: true,
        channels: 1,
        regions: &REGIONS,
    },
    Watch { monitor: "grouped", model: CHURN, every: 2, last: 2, catches_all_up: true, channels: 2, regions: &REGIONS },
    Watch { monitor: "auc", model: CHURN, every: 5, last: 5, catches_all_up: true, channels: 1, regions: &[""] },
    Watch { monitor: "latest", model: CHURN, every: 1, last: 1, catches_all_up: false, channels: 1, regions: &[""] },
];

/// The monitors by name.
pub fn monitors() -> Vec<(&'static str, Value)> {
    let means = json!({
        "model": "fraud-*", "plugin": "summary", "inputs": {"value": "value"}, "group_by": ["region"],
        "window": {"last": "1m"}, "schedule": {"cron": "* * * * *"}, "jitter": "0s", "catch_up": "all",
        "thresholds": [{"output": "mean", "constant": {"upper": 20.0}}],
        "alerts": {"channels": ["hook"], "group": "none"},
    });
    let changed = |changes: Value| {
        let mut monitor = means.clone();
        let object = monitor.as_object_mut().expect("an object");
        object.extend(changes.as_object().expect("an object").clone());
        object.retain(|_, value| !value.is_null());
        monitor
    };
    let grouped = changed(json!({
        "model": CHURN, "window": {"last": "2m"}, "schedule": {"cron": "*/2 * * * *"}, "jitter": "10s",
        "alerts": {"channels": CHANNELS, "group": "monitor"},
    }));
    let auc = changed(json!({
        "model": CHURN, "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"}, "group_by": null,
        "window": {"last": "5m"}, "schedule": {"cron": "*/5 * * * *"}, "refresh_for": "60d",
        "thresholds": [{"constant": {"lower": 0.5}}],
    }));
    let latest = changed(json!({"model": CHURN, "where": "region = 'a'", "group_by": null, "catch_up": "latest"}));
    vec![("means", means), ("grouped", grouped), ("auc", auc), ("latest", latest)]
}

impl Watch {
    /// The instants up to a time, each by the number of its minute.
    pub fn instants(&self, time: i64) -> Vec<i64> {
        (1..=(time - START) / MINUTE).filter(|minute| minute % self.every == 0).collect()
    }

    /// Whether the window that ends at a minute is bad.
    pub fn is_breach(&self, region: &str, due: i64) -> bool {
        let mut minutes = due - self.last..due;
        match self.monitor {
            "auc" => is_wrong(due - self.last),
            "latest" => minutes.any(|minute| is_bad(self.model, "a", minute)),
            _ => minutes.any(|minute| is_bad(self.model, region, minute)),
        }
    }
}

/// Whether the values of a model's region are too high in a minute.
fn is_bad(model: &str, region: &str, minute: i64) -> bool {
    let place = |all: &[&str], name: &str| all.iter().position(|other| *other == name).expect("known") as u64;
    let pair = place(&MODELS, model) * 2 + place(&REGIONS, region);
    chance(pair, minute / 2)
}

/// Whether the scores of these five minutes tell the wrong ones.
fn is_wrong(minute: i64) -> bool {
    chance(99, minute / 5)
}

fn chance(of: u64, number: i64) -> bool {
    fastrand::Rng::with_seed(of << 32 | number.unsigned_abs()).u8(..3) == 0
}

/// The predictions of a model in a minute.
pub fn predictions(model: &str, minute: i64) -> Value {
    let rows = (0..ROWS).map(|n| {
        let region = REGIONS[(n % 2) as usize];
        let value = if is_bad(model, region, minute) { 100 } else { 0 };
        let time = (START + minute * MINUTE) / 1000 + 7_000 * n as i64;
        let metrics = json!({"region": region, "value": value, "score": n as f64 / ROWS as f64});
        json!({"id": key(model, minute, n), "time": time, "metrics": metrics})
    });
    rows.collect()
}

/// Half of the truth about a minute.
pub fn labels(minute: i64, half: u64) -> Value {
    let rows = (0..ROWS).filter(|n| n / 2 % 2 == half).map(|n| {
        let label = (n >= ROWS / 2) != is_wrong(minute);
        json!({"id": key(CHURN, minute, n), "metrics": {"label": u8::from(label)}})
    });
    rows.collect()
}

fn key(model: &str, minute: i64, n: u64) -> String {
    let model = MODELS.iter().position(|other| *other == model).expect("known") as u64;
    id((model << 40) | (minute.unsigned_abs() * ROWS + n))
}
