//! Results whose data have changed say so until they are measured again; what changes no answer marks none.

use reqwest::Method;
use serde_json::{Value, json};

use super::House;
use crate::harness::id;

/// Midnights; day `n` begins at the `n`th.
const DAYS: [&str; 6] = [
    "2024-01-01T00:00:00Z",
    "2024-01-02T00:00:00Z",
    "2024-01-03T00:00:00Z",
    "2024-01-04T00:00:00Z",
    "2024-01-05T00:00:00Z",
    "2024-01-06T00:00:00Z",
];
/// Predictions of a day; every other one gets its label at once.
const ROWS: u64 = 40;

fn prediction(number: u64, day: usize, minute: i64) -> Value {
    let time = super::micros(DAYS[day]) / 1000 + minute * 60_000;
    json!({"id": id(number), "time": time, "metrics": {"score": (number % 10) as f64 / 10.0}})
}

/// The number of a day's `n`th prediction.
fn of_day(day: usize, n: u64) -> u64 {
    day as u64 * 100 + n
}

async fn learn(house: &House, number: u64, column: &str) {
    let row = json!([{"id": id(number), "metrics": {column: u8::from(number % 10 > 4)}}]);
    house.post("/v1/models/m/delayed-metrics", &row).await.expect(200);
}

/// Deletes a prediction; how far that is, is no matter.
async fn delete(house: &House, number: u64) {
    let address = format!("/v1/models/m/predictions/{}", id(number));
    let answer = house.send(Method::DELETE, &address, "application/json", Vec::new()).await;
    assert!([200, 202].contains(&answer.status), "{answer}");
}

/// What comes on a day.
async fn track(house: &House, day: usize) {
    let rows: Vec<Value> = (0..ROWS).map(|n| prediction(of_day(day, n), day, 30 + n as i64 * 30)).collect();
    house.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    for n in (0..ROWS).step_by(2) {
        learn(house, of_day(day, n), "churned").await;
    }
}

/// A house in which three days have passed and were judged, each by its AUC and by how its scores differ from the first's.
async fn house() -> House {
    let house = House::at(DAYS[0]).await;
    track(&house, 0).await;
    let auc = json!({
        "model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "churned"},
        "window": {"period": "day"}, "schedule": {"cron": "0 0 * * *"}, "jitter": "0s", "refresh_for": "30d",
        "thresholds": [{"constant": {"lower": 0.6}}], "alerts": {"cannot_run": "off"},
    });
    house.put("/v1/monitors/auc", &auc).await.expect(201);
    let mut psi = auc.clone();
    psi["plugin"] = "psi".into();
    psi["inputs"] = json!({"value": "score"});
    psi["reference"] = json!({"start": DAYS[0], "end": DAYS[1]});
    psi["thresholds"] = json!([{"constant": {"upper": 0.5}}]);
    house.put("/v1/monitors/psi", &psi).await.expect(201);
    for (day, midnight) in DAYS.iter().enumerate().take(3).skip(1) {
        house.turn_to(midnight).await;
        track(&house, day).await;
    }
    house.turn_to(DAYS[3]).await;
    house
}

/// Which days' results of a monitor are stale.
async fn stale(house: &House, monitor: &str) -> Vec<bool> {
    let query = format!("/v1/monitors/{monitor}/results?start={}&end={}", DAYS[0], DAYS[3]);
    let answer = house.get(&query).await.expect(200);
    let mut marks: Vec<(String, bool)> = answer["items"].as_array().expect("items").iter().map(mark).collect();
    marks.sort();
    marks.into_iter().map(|(_, mark)| mark).collect()
}

fn mark(result: &Value) -> (String, bool) {
    let start = result["window"]["start"].as_str().expect("a time");
    (start.to_owned(), result["stale"].as_bool().expect("a mark"))
}

/// What is done in the house.
enum Deed {
    /// A prediction of this day gets a label in this column.
    Label(usize, &'static str),
    /// A prediction of this day comes.
    Predict(usize),
    /// A prediction of this day is deleted.
    Delete(usize),
    /// Everything is sealed, folded and merged.
    Tidy,
}

impl Deed {
    async fn perform(&self, house: &House) {
        match self {
            Self::Label(day, column) => learn(house, of_day(*day, 1), column).await,
            Self::Predict(day) => {
                let late = json!([prediction(of_day(*day, 90), *day, 700)]);
                house.post("/v1/models/m/predictions", &late).await.expect(200);
            }
            Self::Delete(day) => delete(house, of_day(*day, 2)).await,
            Self::Tidy => house.tidy().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_is_stale_from_a_change_of_its_data_until_the_next_run() {
    let (none, second) = ([false; 3], [false, true, false]);
    // What is done, and which days' results are stale then: by AUC, and by the difference from the first day.
    for (deed, auc, psi) in [
        (Deed::Label(1, "churned"), second, none),
        (Deed::Label(1, "nps"), none, none),
        (Deed::Predict(1), second, second),
        (Deed::Predict(0), [true, false, false], [true; 3]),
        (Deed::Predict(3), none, none),
        (Deed::Delete(1), second, second),
        (Deed::Tidy, none, none),
    ] {
        let house = house().await;
        for monitor in ["auc", "psi"] {
            assert_eq!(stale(&house, monitor).await, none, "{monitor}: just judged");
        }
        deed.perform(&house).await;
        assert_eq!((stale(&house, "auc").await, stale(&house, "psi").await), (auc.into(), psi.into()));
        house.tidy().await;
        assert_eq!((stale(&house, "auc").await, stale(&house, "psi").await), (auc.into(), psi.into()), "tidied");
        house.turn_to(DAYS[4]).await;
        assert_eq!((stale(&house, "auc").await, stale(&house, "psi").await), (none.into(), none.into()), "refreshed");
        house.tidy().await;
        assert_eq!((stale(&house, "auc").await, stale(&house, "psi").await), (none.into(), none.into()), "folded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_holds_now_is_marked() {
    let house = house().await;
    Deed::Label(1, "churned").perform(&house).await;
    house.turn_to(DAYS[4]).await;
    Deed::Predict(1).perform(&house).await;
    let query = format!("/v1/monitors/auc/results?history=true&start={}&end={}", DAYS[1], DAYS[2]);
    let versions = house.get(&query).await.expect(200);
    let marks: Vec<Value> = versions["items"].as_array().expect("items").iter().map(superseded).collect();
    assert_eq!(marks, [json!([false, true]), json!([true, false])], "{versions}");
    let then = format!("/v1/monitors/auc/results?known_at={}&start={}&end={}", DAYS[3], DAYS[1], DAYS[2]);
    let then = house.get(&then).await.expect(200);
    assert_eq!(then["items"][0]["stale"], false, "another has taken its place since: {then}");
    // A run of the day itself finds it as it is now.
    let ran = house.post("/v1/monitors/auc/run", &json!({"due": DAYS[2]})).await.expect(200);
    assert_eq!(ran["items"][0]["results"][0]["stale"], false, "{ran}");
    assert_eq!(stale(&house, "auc").await, [false; 3]);
    assert_eq!(stale(&house, "psi").await, [false, true, false]);
}

fn superseded(result: &Value) -> Value {
    json!([!result["superseded"].is_null(), result["stale"]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_without_refreshing_stays_stale_and_a_dataset_that_is_replaced_marks_what_it_was_compared_with() {
    let house = house().await;
    let dataset = |last: f64| json!([0.1, 0.2, last].map(|score| json!({"metrics": {"score": score}})));
    let address = "/v1/models/m/datasets/train";
    house.put(address, &dataset(0.3)).await.expect(200);
    let monitor = json!({
        "model": "m", "plugin": "psi", "inputs": {"value": "score"}, "window": {"period": "day"},
        "schedule": {"cron": "0 0 * * *"}, "jitter": "0s", "reference": {"dataset": "train"},
        "thresholds": [{"constant": {"upper": 0.5}}], "alerts": {"cannot_run": "off"},
    });
    house.put("/v1/monitors/trained", &monitor).await.expect(201);
    house.post("/v1/monitors/trained/run", &json!({"due": DAYS[3]})).await.expect(200);
    assert_eq!(stale(&house, "trained").await, [false]);
    house.put(address, &dataset(0.4)).await.expect(200);
    assert_eq!(stale(&house, "trained").await, [true]);
    house.turn_to(DAYS[4]).await;
    assert_eq!(stale(&house, "trained").await, [true], "it is not refreshed");
    // Another instant, at which the same day is looked at: of one there is one run.
    house.post("/v1/monitors/trained/run", &json!({"due": "2024-01-04T01:00:00Z"})).await.expect(200);
    assert_eq!(stale(&house, "trained").await, [false]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_not_refreshed_again_and_again_for_a_slice_that_is_gone() {
    let house = House::at(DAYS[0]).await;
    let row = |number: u64, region: &str| {
        let mut row = prediction(number, 0, number as i64);
        row["metrics"]["churned"] = u8::from(number % 10 > 4).into();
        row["metrics"]["region"] = region.into();
        row
    };
    let mut rows: Vec<Value> = (0..10).map(|number| row(number, "eu")).collect();
    rows.push(row(10, "us"));
    house.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    let monitor = json!({
        "model": "m", "plugin": "roc-auc", "inputs": {"score": "score", "label": "churned"}, "group_by": ["region"],
        "window": {"period": "day"}, "schedule": {"cron": "0 0 * * *"}, "jitter": "0s", "refresh_for": "30d",
        "thresholds": [{"constant": {"lower": 0.6}}], "alerts": {"cannot_run": "off"},
    });
    house.put("/v1/monitors/auc", &monitor).await.expect(201);
    let found = async |region: &str| {
        let query = format!("/v1/monitors/auc/results?start={}&end={}", DAYS[0], DAYS[1]);
        let answer = house.get(&query).await.expect(200);
        let items = answer["items"].as_array().expect("items");
        let result = items.iter().find(|result| result["slice"]["region"] == region).expect("a result");
        json!([result["checked"], result["stale"]])
    };
    house.turn_to(DAYS[1]).await;
    assert_eq!(found("us").await, json!([DAYS[1], false]));
    delete(&house, 10).await;
    house.turn_to(DAYS[2]).await;
    assert_eq!(found("eu").await, json!([DAYS[2], false]));
    assert_eq!(found("us").await, json!([DAYS[1], true]), "it has no rows any more");
    house.turn_to(DAYS[3]).await;
    assert_eq!(found("eu").await, json!([DAYS[2], false]), "there was nothing to look at again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_from_the_window_before_is_counted_from_what_that_says_now() {
    let house = house().await;
    let monitor = json!({
        "model": "m", "plugin": "summary", "inputs": {"value": "score"}, "window": {"period": "day"},
        "schedule": {"cron": "0 0 * * *"}, "jitter": "0s", "refresh_for": "30d", "alerts": {"cannot_run": "off"},
        "thresholds": [{"output": "mean", "change": {"from": "previous", "absolute": 0.5, "direction": "up"}}],
    });
    house.put("/v1/monitors/step", &monitor).await.expect(201);
    house.post("/v1/monitors/step/backfill", &json!({"start": DAYS[0], "end": DAYS[3]})).await.expect(202);
    house.settle().await;
    // The bound that each day was held to: half more than the mean of the day before.
    let bounds = async || {
        let query = format!("/v1/monitors/step/results?start={}&end={}", DAYS[0], DAYS[4]);
        let answer = house.get(&query).await.expect(200);
        let bound = |result: &Value| (mark(result).0, result["verdicts"][0]["upper"].as_f64());
        let mut bounds: Vec<_> = answer["items"].as_array().expect("items").iter().map(bound).collect();
        bounds.sort_by(|a, b| a.0.cmp(&b.0));
        bounds.into_iter().map(|(_, bound)| bound.map(|bound| (bound * 1e9).round() / 1e9)).collect::<Vec<_>>()
    };
    // Scores of 0 to 0.9, and one of 0 more.
    let (before, since) = (Some(0.95), Some(((18.0 / 41.0 + 0.5) * 1e9_f64).round() / 1e9));
    assert_eq!(bounds().await, [None, before, before]);
    assert_eq!(stale(&house, "step").await, [false; 3]);
    Deed::Predict(1).perform(&house).await;
    assert_eq!(stale(&house, "step").await, [false, true, true]);
    Deed::Predict(2).perform(&house).await;
    track(&house, 3).await;
    house.turn_to(DAYS[4]).await;
    assert_eq!(stale(&house, "step").await, [false; 3]);
    assert_eq!(bounds().await, [None, before, since, since], "the day that is new too");
}
