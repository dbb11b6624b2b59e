//! Rows past their time go; what was computed of them is answered from what was kept.

use std::{
    path::Path,
    sync::{Arc, Mutex, atomic::Ordering},
};

use axum::http::Method;
use driftline_storage::{Fault, Faults, Options, Step};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{DAY_MICROS, Interface, ManualClock};
use crate::maintenance;

/// The first day with predictions.
const FIRST_DAY: i64 = 19_723; // 2024-01-01
const HOUR_MICROS: i64 = DAY_MICROS / 24;

/// Numbers that look random and are the same each time.
fn noise(seed: i64) -> f64 {
    let mixed = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / f64::from(1 << 24)
}

/// A prediction some hours after the start, its label in it.
fn row(number: i64, hours: i64) -> Value {
    let (score, region) = (noise(number), ["eu", "us"][(number % 2) as usize]);
    let late = noise(number + 1_000_000) < score;
    let millis = (FIRST_DAY * DAY_MICROS + hours * HOUR_MICROS) / 1000 + (number % 3000) * 1000;
    let id = format!("00000000-0000-4000-8000-{number:012}");
    let embedding: Vec<f64> = (0..32).map(|k| noise(number * 32 + k)).collect();
    let metrics =
        json!({"score": score, "late": late, "region": region, "x": noise(number + 7), "embedding": embedding});
    json!({"id": id, "time": millis, "metrics": metrics})
}

fn day(number: i64) -> String {
    driftline_core::Time::from_micros((FIRST_DAY + number) * DAY_MICROS).expect("a time").to_string()
}

/// Bytes of the files below a folder of the data directory.
fn bytes(data: &Path, folder: &str) -> u64 {
    let Ok(entries) = std::fs::read_dir(data.join(folder)) else { return 0 };
    let size = |entry: std::fs::DirEntry| match entry.path().is_dir() {
        true => bytes(&entry.path(), ""),
        false => entry.metadata().expect("metadata").len(),
    };
    entries.map(|entry| size(entry.expect("an entry"))).sum()
}

struct House {
    interface: Interface,
    clock: Arc<ManualClock>,
}

impl House {
    /// A model with predictions of `days` days, one every twenty minutes, kept for 30 days.
    async fn with_days(days: i64) -> Self {
        Self::with_rows(days, 3, row).await
    }

    /// The same with rows of the caller's, so many an hour.
    async fn with_rows(days: i64, per_hour: i64, row: fn(i64, i64) -> Value) -> Self {
        let clock = ManualClock::at(&day(days));
        let interface = Interface::by(&clock, TempDir::new().expect("a directory"));
        let house = Self { interface, clock };
        house.put(json!({"raw_days": 30})).await;
        for start in (0..days).step_by(30) {
            let hours = start * 24..(start + 30).min(days) * 24;
            let rows: Vec<Value> =
                hours.flat_map(|hour| (0..per_hour).map(move |n| row(hour * per_hour + n, hour))).collect();
            house.track(rows).await;
            house.interface.app.storage.seal_all().expect("seals");
        }
        house
    }

    async fn put(&self, retention: Value) {
        let body = json!({ "retention": retention });
        let answer = self.interface.json(Method::PUT, "/v1/models/m", body).await;
        assert_eq!(answer.json()["retention"]["raw_days"], retention["raw_days"], "{}", answer.text);
    }

    async fn track(&self, rows: Vec<Value>) {
        let answer = self.interface.json(Method::POST, "/v1/models/m/predictions", rows.into()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn retain(&self) {
        maintenance::retain(&self.interface.app, &CancellationToken::new()).await.expect("retains");
    }

    async fn evaluate(&self, request: &Value) -> Vec<Value> {
        let answer = self.interface.json(Method::POST, "/v1/evaluations", request.clone()).await;
        let evaluation = answer.json();
        assert_eq!(evaluation["status"], "succeeded", "{}", answer.text);
        evaluation["results"].as_array().expect("results").clone()
    }

    async fn horizon(&self) -> Value {
        self.interface.get("/v1/models/m").await.json()["rolled_up_until"].clone()
    }

    fn reopened(self) -> Self {
        let Self { interface, clock } = self;
        Self { interface: Interface::by(&clock, interface.stopped()), clock }
    }
}

/// What must not change when rows go: everything but the mark.
fn numbers(results: &[Value]) -> Vec<Value> {
    let without_mark = |result: &Value| {
        let mut result = result.clone();
        result.as_object_mut().expect("an object").remove("rolled_up");
        result
    };
    results.iter().map(without_mark).collect()
}

/// Evaluations of whole days, whose numbers don't depend on the order of rows.
fn requests(days: i64) -> Vec<Value> {
    let window = json!({"start": day(0), "end": day(days)});
    let edges = json!({"edges": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]});
    vec![
        json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "late"}, "window": window, "every": "5d"}),
        json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "late"}, "window": window, "every": "30d",
            "where": "x > 0.25", "group_by": ["region", "x > 0.5"]}),
        json!({"model": "m", "plugin": "psi", "inputs": {"value": ["x", "score"]}, "parameters": edges, "window": window,
            "every": "10d", "reference": {"start": day(0), "end": day(20)}}),
        json!({"model": "m", "plugin": "ks", "inputs": {"value": "x"}, "window": window, "every": "30d",
            "reference": {"start": day(0), "end": day(30)}}),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_stay_the_same_to_the_bit_when_their_rows_go() {
    let house = House::with_days(90).await;
    let mut before = Vec::new();
    for request in requests(90) {
        before.push(house.evaluate(&request).await);
    }
    assert!(before.iter().flatten().all(|result| result.get("rolled_up").is_none()));
    let data = house.interface.data.path().to_owned();
    let raw_bytes = bytes(&data, "segments");
    house.retain().await;
    assert_eq!(house.horizon().await, json!(day(60)));
    let left = bytes(&data, "segments");
    assert!(left < raw_bytes * 4 / 10, "{left} bytes of segments are left of {raw_bytes}");
    let page = house.interface.get("/v1/models/m/predictions?limit=1").await.json();
    assert!(page["items"][0]["time"].as_str().expect("a time").starts_with("2024-03-01T00:"), "{page}");
    assert_eq!(house.interface.get("/v1/models/m").await.json()["predictions"], 30 * 24 * 3);
    let house = house.reopened();
    for (request, before) in requests(90).iter().zip(&before) {
        let after = house.evaluate(request).await;
        assert_eq!(numbers(&after), numbers(before), "{request}");
        for result in &after {
            let behind = result["window"]["start"].as_str().expect("a time") < day(60).as_str();
            let with_reference = request.get("reference").is_some();
            let mark = result.get("rolled_up");
            assert_eq!(mark.is_some(), behind || with_reference, "{result}");
            assert!(mark.is_none_or(|mark| mark["complete"] == true && mark["until"] == json!(day(60))), "{mark:?}");
        }
    }
    let kept = house.interface.get("/v1/models/m/aggregates?limit=1000").await.json();
    assert!(!kept["items"].as_array().expect("aggregates").is_empty());
}

/// Each of these steps fails when it is reached for the first time.
struct EachOnce(Mutex<Vec<Step>>);

impl Faults for EachOnce {
    fn at(&self, step: Step) -> Option<Fault> {
        let mut left = self.0.lock().expect("no panic");
        let found = left.iter().position(|one| *one == step)?;
        left.swap_remove(found);
        Some(Fault::Error)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_stay_the_same_whichever_step_of_retention_fails() {
    let house = House::with_days(90).await;
    let mut before = Vec::new();
    for request in requests(90) {
        before.push(house.evaluate(&request).await);
    }
    let House { interface, clock } = house;
    let steps = [
        Step::RetainRead,
        Step::RetainList,
        Step::RetainUnlist,
        Step::RetainHorizon,
        Step::RetainDone,
        Step::CoarsenUnlist,
        Step::CoarsenList,
        Step::CoarsenDone,
        Step::FileSync,
    ];
    let faults = Arc::new(EachOnce(Mutex::new(steps.to_vec())));
    let options = Options { clock: clock.clone(), faults: faults.clone(), ..Options::default() };
    let house = House { interface: Interface::with(options, interface.stopped()), clock };
    let mut failed = 0;
    while maintenance::retain(&house.interface.app, &CancellationToken::new()).await.is_err() {
        failed += 1;
        for (request, before) in requests(90).iter().zip(&before) {
            assert_eq!(numbers(&house.evaluate(request).await), numbers(before), "{request} after {failed} failures");
        }
    }
    assert_eq!((failed, faults.0.lock().expect("no panic").len()), (steps.len(), 0));
    for (request, before) in requests(90).iter().zip(&before) {
        assert_eq!(numbers(&house.evaluate(request).await), numbers(before), "{request}");
    }
    assert_eq!(house.horizon().await, json!(day(60)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_become_days_become_months_and_go_in_the_end() {
    let house = House::with_days(200).await;
    house.put(json!({"raw_days": 5, "summary_days": 400})).await;
    let daily = json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "late"},
        "window": {"start": day(0), "end": day(200)}, "every": "1d"});
    let monthly = |start: i64, end: i64| {
        let mut request = daily.clone();
        request["window"] = json!({"start": day(start), "end": day(end)});
        request["every"] = json!("100d");
        request
    };
    let before = house.evaluate(&daily).await;
    let january = house.evaluate(&monthly(0, 31)).await;
    house.retain().await;
    let after = house.evaluate(&daily).await;
    // The horizon is day 195; day 105 lies in April, which begins with day 91, and the last file with day 182.
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let grain = after["rolled_up"]["grain"].as_str();
        match number {
            0..91 => {
                assert_eq!((grain, &after["rolled_up"]["complete"]), (Some("month"), &json!(false)), "{after}");
                assert_eq!(after["values"][0]["value"], Value::Null);
                assert!(after["values"][0]["note"].as_str().expect("a note").contains("by the month"), "{after}");
            }
            91..182 => assert_eq!((grain, &after["values"]), (Some("day"), &before["values"]), "{number}"),
            182..195 => assert_eq!((grain, &after["values"]), (Some("hour"), &before["values"]), "{number}"),
            _ => assert_eq!((grain, &after["values"]), (None, &before["values"]), "{number}"),
        }
    }
    assert_eq!(numbers(&house.evaluate(&monthly(0, 31)).await), numbers(&january));
    let files = std::fs::read_dir(house.interface.data.path().join("rollups/1")).expect("a folder").count();
    assert!(files <= 8, "{files} files of roll-ups");
    house.clock.turn_days(230);
    house.retain().await;
    let gone = house.evaluate(&monthly(0, 31)).await;
    assert_eq!((&gone[0]["rolled_up"]["complete"], &gone[0]["values"][0]["value"]), (&json!(false), &Value::Null));
    let still = house.evaluate(&monthly(31, 60)).await;
    assert_eq!(still[0]["rolled_up"]["complete"], json!(true), "{still:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_kept_is_undefined_and_says_why() {
    let house = House::with_days(60).await;
    let ask = |changes: Value| {
        let mut request = json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "late"},
            "window": {"start": day(0), "end": day(60)}, "every": "10d"});
        changes.as_object().into_iter().flatten().for_each(|(key, value)| request[key] = value.clone());
        request
    };
    house.evaluate(&ask(json!({}))).await;
    house.retain().await;
    let half = "2024-01-11T00:30:00Z";
    for (request, undefined, note) in [
        (ask(json!({})), 0, ""),
        (ask(json!({"inputs": {"score": "1 - score", "label": "late"}})), 3, "no states"),
        (ask(json!({"where": "x > 0.5"})), 3, "no states"),
        (ask(json!({"group_by": ["region"]})), 3, "no states"),
        (ask(json!({"parameters": {"bins": 100}})), 3, "no states"),
        (ask(json!({"window": {"start": half, "end": day(60)}})), 2, "by the hour"),
        (
            ask(json!({"plugin": "psi", "inputs": {"value": "x"}, "reference": {"start": day(0), "end": day(9)}})),
            6,
            "no states",
        ),
    ] {
        let results = house.evaluate(&request).await;
        let missing: Vec<&Value> = results.iter().filter(|r| r["rolled_up"]["complete"] == false).collect();
        assert_eq!(missing.len(), undefined, "{request}: {results:?}");
        for result in missing {
            assert!(
                result["values"].as_array().expect("values").iter().all(|value| value["value"].is_null()),
                "{result}"
            );
            assert!(result["rolled_up"]["note"].as_str().expect("a note").contains(note), "{result}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_come_late_for_rolled_up_time_are_added() {
    let house = House::with_days(60).await;
    let request = json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "late"},
        "window": {"start": day(0), "end": day(60)}, "every": "10d"});
    house.evaluate(&request).await;
    house.retain().await;
    let late: Vec<Value> = (0..50).map(|n| row(100_000 + n, 24 * 3 + n % 7)).collect();
    house.track(late.clone()).await;
    let unseen = house.interface.get(&format!("/v1/models/m/predictions?end={}", day(29))).await.json();
    assert_eq!(unseen["items"], json!([]));
    house.retain().await;
    let after = house.evaluate(&request).await;
    assert_eq!(after[0]["rows"]["read"], json!(10 * 24 * 3 + 50));
    let whole = House::with_days(60).await;
    whole.track(late).await;
    assert_eq!(numbers(&whole.evaluate(&request).await), numbers(&after));
}

/// A prediction with many columns, whose states are as large as its cells.
fn wide_row(number: i64, hours: i64) -> Value {
    let mut row = row(number, hours);
    row["metrics"] = (0..40).map(|k| (format!("c{k:02}"), json!(noise(number * 40 + k)))).collect::<Value>();
    row
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_that_was_evaluated_still_has_its_answer() {
    let house = House::with_rows(62, 1, wide_row).await;
    let request = json!({"model": "m", "plugin": "psi", "inputs": {"value": "*"}, "parameters": {"edges": [0.25, 0.5]},
        "window": {"start": day(0), "end": day(31)}, "reference": {"start": day(31), "end": day(62)}});
    let before = house.evaluate(&request).await;
    assert_eq!(before.len(), 40);
    let data = house.interface.data.path().to_owned();
    let rows = bytes(&data, "segments");
    house.retain().await;
    let after = house.evaluate(&request).await;
    assert!(after.iter().all(|result| result["rolled_up"]["complete"] == true), "{after:?}");
    assert_eq!(numbers(&after), numbers(&before));
    let (gone, kept) = (rows - bytes(&data, "segments"), bytes(&data, "rollups"));
    assert!(kept < gone, "{kept} bytes are kept of {gone}");
    assert_eq!(house.interface.get("/v1/models/m").await.json()["rolled_up_bytes"], kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_that_take_up_more_room_than_rows_become_coarser_and_the_oldest_go() {
    let narrow = |number, hours| {
        let mut row = row(number, hours);
        row["metrics"].as_object_mut().expect("an object").retain(|name, _| name == "score" || name == "late");
        row
    };
    let house = House::with_rows(91, 3, narrow).await;
    let ask = |n: i64, every: &str| {
        json!({"model": "m", "plugin": "roc-auc", "inputs": {"score": format!("sqrt(score + {n})"), "label": "late"},
            "window": {"start": day(0), "end": day(60)}, "every": every})
    };
    // January and February: the states of each are a good part of what the rows are.
    for n in 0..25 {
        house.clock.0.fetch_add(1, Ordering::SeqCst);
        house.evaluate(&ask(n, "1d")).await;
    }
    let mut january = ask(24, "31d");
    january["window"] = json!({"start": day(0), "end": day(31)});
    let last = house.evaluate(&january).await;
    house.retain().await;
    let kept = bytes(house.interface.data.path(), "rollups");
    assert!(kept < 3 * (256 << 10), "{kept} bytes are kept of two months");
    // The first day by itself: what was asked for last has it still, what was asked for first has not.
    let mut kept_as = Vec::new();
    for n in 0..25 {
        let mark = house.evaluate(&ask(n, "1d")).await[0]["rolled_up"].clone();
        let note = mark["note"].as_str().unwrap_or_default();
        kept_as.push(if note.contains("by the month") {
            "month"
        } else if note.is_empty() {
            "day"
        } else {
            "none"
        });
    }
    assert!(
        kept_as.is_sorted_by_key(|kept| ["none", "month", "day"].iter().position(|one| one == kept)),
        "{kept_as:?}"
    );
    assert_eq!((kept_as[0], kept_as[24]), ("none", "month"));
    let after = house.evaluate(&january).await;
    assert_eq!(after[0]["rolled_up"]["grain"], "month");
    assert_eq!(numbers(&after)[0]["values"], numbers(&last)[0]["values"]);
}
