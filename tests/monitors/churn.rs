//! *Churn*: truth trickles in for weeks. The AUC of each week fills in and is refreshed; when it falls, that is told once.

use serde_json::{Value, json};

use super::{House, told};
use crate::{
    harness::id,
    sinks::{http::HttpSink, smtp::SmtpSink},
};

/// Mondays; week `n` begins at the `n`th.
const MONDAYS: [&str; 9] = [
    "2024-01-01T00:00:00Z",
    "2024-01-08T00:00:00Z",
    "2024-01-15T00:00:00Z",
    "2024-01-22T00:00:00Z",
    "2024-01-29T00:00:00Z",
    "2024-02-05T00:00:00Z",
    "2024-02-12T00:00:00Z",
    "2024-02-19T00:00:00Z",
    "2024-02-26T00:00:00Z",
];
/// Predictions of a week.
const ROWS: u64 = 100;
/// The week in which the score tells the wrong ones.
const BAD: usize = 3;

async fn predict(house: &House, week: usize) {
    let start = super::micros(MONDAYS[week]) / 1000;
    let row = |n: u64| {
        let time = start + 6_000_000 * n as i64;
        json!({"id": id(week as u64 * ROWS + n), "time": time, "metrics": {"score": n as f64 / ROWS as f64}})
    };
    let rows: Vec<Value> = (0..ROWS).map(row).collect();
    house.post("/v1/models/churn/predictions", &json!(rows)).await.expect(200);
}

/// Half of the truth of a week becomes known: of the even or the odd customers.
async fn learn(house: &House, week: usize, half: u64) {
    let row = |n: u64| {
        let churned = (n >= ROWS / 2) != (week == BAD);
        json!({"id": id(week as u64 * ROWS + n), "metrics": {"churned": u8::from(churned)}})
    };
    let rows: Vec<Value> = (0..ROWS).filter(|n| n % 2 == half).map(row).collect();
    house.post("/v1/models/churn/delayed-metrics", &json!(rows)).await.expect(200);
}

/// The AUC, used rows and level of each window, the latest first.
async fn results(house: &House, query: &str) -> Vec<Value> {
    let answer = house.get(&format!("/v1/monitors/churn-auc/results?{query}")).await.expect(200);
    let shown = |r: &Value| json!([r["window"]["start"], r["rows"]["used"], r["values"][0]["value"], r["level"]]);
    answer["items"].as_array().expect("items").iter().map(shown).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truth_that_trickles_in_is_judged_when_there_is_enough_of_it() {
    let (http, smtp) = (HttpSink::start().await, SmtpSink::start().await);
    let house = House::at(MONDAYS[0]).await;
    house.channels(&http, &smtp).await;
    predict(&house, 0).await;
    learn(&house, 0, 0).await;
    let monitor = json!({
        "model": "churn", "plugin": "roc-auc", "inputs": {"score": "score", "label": "churned"},
        "window": {"period": "week"}, "schedule": {"cron": "0 0 * * mon"}, "jitter": "0s", "refresh_for": "60d",
        "min_rows": 30, "thresholds": [{"constant": {"lower": 0.6}}],
        "alerts": {"channels": ["hook", "mail"], "cannot_run": "off"},
    });
    house.put("/v1/monitors/churn-auc", &monitor).await.expect(201);
    for (week, monday) in MONDAYS.iter().enumerate().skip(1) {
        // A week after their week customers begin to leave; three weeks after it is known who has.
        if week >= 2 {
            learn(&house, week - 2, 0).await;
        }
        if week >= 4 {
            learn(&house, week - 4, 1).await;
        }
        house.turn_to(monday).await;
        predict(&house, week).await;
    }

    let bad = |rows: u64, auc: Value, level: &str| json!([MONDAYS[BAD], rows, auc, level]);
    let of_bad = format!("start={}&end={}", MONDAYS[BAD], MONDAYS[BAD + 1]);
    assert_eq!(results(&house, &of_bad).await, [bad(100, json!(0.0), "critical")]);
    let then = format!("{of_bad}&known_at={}", MONDAYS[BAD + 2]);
    assert_eq!(results(&house, &then).await, [bad(50, json!(0.0), "critical")], "as it was known then");
    let versions = results(&house, &format!("{of_bad}&history=true")).await;
    let expected =
        [bad(100, json!(0.0), "critical"), bad(50, json!(0.0), "critical"), bad(0, Value::Null, "not_judged")];
    assert_eq!(versions, expected);
    let all = results(&house, "").await;
    assert_eq!(all.len(), MONDAYS.len() - 1, "one for each week: {all:?}");
    assert_eq!(all[0], json!([MONDAYS[7], 0, null, "not_judged"]), "its truth is not known yet");
    assert_eq!(all[1], json!([MONDAYS[6], 50, 1.0, "none"]));

    let opened = json!(["opened", "churn-auc", "critical", {}, MONDAYS[BAD]]);
    let resolved = json!(["resolved", "churn-auc", "critical", {}, MONDAYS[BAD + 1]]);
    assert_eq!(told(&http), [opened, resolved], "told once, and once that it is over");
    let mails = smtp.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let deliveries = house.get("/v1/deliveries").await.expect(200);
    let sent = deliveries["items"].as_array().expect("items").iter().filter(|d| d["status"] == "sent").count();
    assert_eq!(sent, 4, "{deliveries}");
    let alerts = house.get("/v1/alerts?status=resolved").await.expect(200);
    assert_eq!(alerts["items"].as_array().map(Vec::len), Some(1), "{alerts}");
    let alert =
        house.get(&format!("/v1/alerts/{}", alerts["items"][0]["id"].as_str().expect("an id"))).await.expect(200);
    let events: Vec<_> = alert["events"].as_array().expect("events").iter().map(|e| e["event"].clone()).collect();
    assert_eq!(json!(events), json!(["opened", "resolved"]));
}
