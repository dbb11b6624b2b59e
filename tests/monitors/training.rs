//! Values held against those of a dataset, which says what was promised.

use serde_json::{Value, json};

use super::House;

/// As a dataset, where the scores rank all labels rightly, and as predictions of a day, where they do for three pairs of four.
const TRAINING: [(f64, i64); 4] = [(0.1, 0), (0.2, 0), (0.8, 1), (0.9, 1)];
const DAY: [(f64, i64); 4] = [(0.1, 0), (0.6, 0), (0.4, 1), (0.9, 1)];

fn rows(of: [(f64, i64); 4], time: Option<&str>) -> Value {
    let row = |(score, label): (f64, i64)| {
        let mut row = json!({"metrics": {"score": score, "label": label}});
        if let Some(time) = time {
            row["time"] = json!(time);
        }
        row
    };
    of.map(row).into()
}

fn monitor(thresholds: &Value) -> Value {
    json!({
        "model": "fraud", "plugin": "roc-auc", "inputs": {"score": "score", "label": "label"},
        "window": {"last": "1d"}, "schedule": {"cron": "0 0 * * *"},
        "reference": {"dataset": "training"}, "thresholds": thresholds,
    })
}

async fn house() -> House {
    let house = House::at("2024-03-02T00:00:00Z").await;
    let day = rows(DAY, Some("2024-03-01T12:00:00Z"));
    house.post("/v1/models/fraud/predictions", &day).await.expect(200);
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fall_from_what_the_training_set_had_is_told() {
    let house = house().await;
    house.put("/v1/models/fraud/datasets/training", &rows(TRAINING, None)).await.expect(200);
    let change = |relative: f64| json!({"change": {"from": "reference", "relative": relative, "direction": "down"}});
    let thresholds = json!([change(0.2), change(0.3)]);
    house.put("/v1/monitors/auc", &monitor(&thresholds)).await.expect(201);
    let due = json!({"due": "2024-03-02T00:00:00Z"});
    let ran = house.post("/v1/monitors/auc/run", &due).await.expect(200);
    let result = &ran["items"][0]["results"][0];
    assert_eq!((&result["level"], &result["values"][0]["value"]), (&json!("critical"), &json!(0.75)), "{ran}");
    let verdicts: Vec<_> = result["verdicts"]
        .as_array()
        .expect("verdicts")
        .iter()
        .map(|verdict| (verdict["lower"].clone(), verdict["breached"].clone()))
        .collect();
    assert_eq!(verdicts, [(json!(0.8), json!(true)), (json!(0.7), json!(false))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dataset_that_says_nothing_is_refused() {
    let house = house().await;
    let change = json!([{"change": {"from": "reference", "relative": 0.2}}]);
    let put = async |thresholds: &Value| house.put("/v1/monitors/auc", &monitor(thresholds)).await;
    put(&change).await.expect_problem(404, "dataset_not_found", "reference.dataset");
    let scores = json!([{"metrics": {"score": 0.5}}]);
    house.put("/v1/models/fraud/datasets/training", &scores).await.expect(200);
    put(&change).await.expect_problem(422, "unknown_column", "inputs.label");
    let constant = json!([{"constant": {"lower": 0.7}}]);
    put(&constant).await.expect_problem(422, "reference_not_taken", "reference");
}
