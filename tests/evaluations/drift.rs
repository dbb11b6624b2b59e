//! The share of drifted columns: counted here again from the results, kept as aggregates, refused where it makes no sense.

use serde_json::{Value, json};

use super::{Loans, with};
use crate::harness::Server;

/// A hundred numbers a day for four days; the first columns move by a little more each.
const COLUMNS: usize = 12;

async fn served() -> Server {
    let server = Server::start().await;
    let mut random = fastrand::Rng::with_seed(1995);
    let rows: Vec<_> = (0..400)
        .map(|n: i64| {
            let late = n >= 200;
            let cell = |column: usize| random.f64() + if late { 0.02 * column as f64 } else { 0.0 };
            let mut metrics: serde_json::Map<String, Value> =
                (0..COLUMNS).map(cell).enumerate().map(|(at, x)| (format!("x{at:02}"), json!(x))).collect();
            metrics.insert("region".into(), json!(if n % 2 == 0 { "eu" } else { "us" }));
            json!({"time": super::START + n * super::DAY / 100, "metrics": metrics})
        })
        .collect();
    server.post("/v1/models/moving/predictions", &json!(rows)).await.expect(200);
    server
}

fn ask(plugin: &str) -> Value {
    json!({
        "model": "moving", "plugin": plugin, "inputs": {"value": "*"},
        "window": {"start": Loans::day(2), "end": Loans::day(4)},
        "reference": {"start": Loans::day(0), "end": Loans::day(2)},
    })
}

/// The values of an output in the results of one window and slice.
fn values(answer: &Value, share: &Value, output: &str) -> Vec<f64> {
    let results = answer["results"].as_array().expect("results").iter();
    let of_share = results.filter(|result| result["window"] == share["window"] && result["slice"] == share["slice"]);
    of_share.map(|result| super::number(result, output)).collect()
}

/// Whether each p-value is rejected, as the papers say it: Bonferroni by p <= level / m, Benjamini and Hochberg by the
/// largest k with p(k) <= k level / m.
fn rejected(p_values: &[f64], level: f64, correction: &str) -> Vec<bool> {
    let m = p_values.len() as f64;
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let limit = match correction {
        "none" => level,
        "bonferroni" => level / m,
        _ => {
            let passing = sorted.iter().zip(1..).filter(|(p, k)| **p <= f64::from(*k) * level / m);
            passing.map(|(p, _)| *p).fold(-1.0, f64::max)
        }
    };
    p_values.iter().map(|p| *p <= limit).collect()
}

#[tokio::test]
async fn p_values_are_counted_under_each_correction_for_each_window_and_slice() {
    let server = served().await;
    let mut counts = Vec::new();
    for correction in ["none", "bonferroni", "benjamini-hochberg"] {
        let drift = json!({"threshold": 0.02, "correction": correction, "share": 0.25});
        let changes = json!({"drift": drift, "every": "1d", "group_by": ["region"]});
        let answer = server.evaluate(&with(ask("ks"), changes)).await;
        let drift = &answer["drift"];
        assert_eq!((&drift["output"], &drift["better"]), (&json!("p_value"), &json!("higher")));
        assert_eq!((&drift["threshold"], &drift["correction"]), (&json!(0.02), &json!(correction)));
        let shares = drift["windows"].as_array().expect("windows");
        assert_eq!(shares.len(), 4, "two days, two regions: {drift}");
        for share in shares {
            let expected = rejected(&values(&answer, share, "p_value"), 0.02, correction);
            let columns = share["columns"].as_array().expect("columns");
            let got: Vec<_> = columns.iter().map(|column| column["drifted"] == true).collect();
            assert_eq!(got, expected, "{correction}: {share}");
            assert!(columns.iter().all(|column| column["adjusted"].is_number() == (correction != "none")), "{share}");
            let drifted = expected.iter().filter(|drifted| **drifted).count();
            assert_eq!((&share["tested_columns"], &share["drifted_columns"]), (&json!(COLUMNS), &json!(drifted)));
            let of_all = drifted as f64 / COLUMNS as f64;
            assert_eq!((&share["drifted_share"], &share["dataset_drift"]), (&json!(of_all), &json!(of_all >= 0.25)));
            counts.push((correction, drifted));
        }
    }
    let total = |correction: &str| counts.iter().filter(|(c, _)| *c == correction).map(|(_, n)| n).sum::<usize>();
    assert!(total("none") > total("benjamini-hochberg"), "the corrections tell apart: {counts:?}");
    assert!(total("benjamini-hochberg") > total("bonferroni"), "the corrections tell apart: {counts:?}");
}

#[tokio::test]
async fn distances_are_counted_by_the_suggested_threshold_and_kept_as_aggregates() {
    let server = served().await;
    let answer = server.evaluate(&with(ask("psi"), json!({"inputs": {"value": ["x00", "x11", "x10"]}}))).await;
    let drift = &answer["drift"];
    assert_eq!((&drift["output"], &drift["better"], &drift["share"]), (&json!("psi"), &json!("lower"), &json!(0.5)));
    let suggested = server.get("/v1/plugins/psi").await.expect(200)["description"]["outputs"][0]["thresholds"].take();
    assert_eq!(drift["threshold"], suggested["warning"]);
    let share = &drift["windows"][0];
    let threshold = drift["threshold"].as_f64().expect("a number");
    let drifted = values(&answer, share, "psi").iter().filter(|psi| **psi >= threshold).count();
    assert!(drifted > 0, "{drift}");
    assert_eq!(share["drifted_columns"], drifted);
    for (name, field) in [
        ("drifted_share", "drifted_share"),
        ("drifted_columns", "drifted_columns"),
        ("tested_columns", "tested_columns"),
    ] {
        let kept = server.get(&format!("/v1/models/moving/aggregates?name={name}")).await.expect(200);
        let kept = kept["items"].as_array().expect("items");
        assert_eq!(kept.len(), 1, "{name}");
        assert_eq!(kept[0]["value"].as_f64(), share[field].as_f64(), "{name}");
        assert_eq!(kept[0]["evaluation"], answer["id"]);
    }
    let kept = server.get("/v1/models/moving/aggregates?name=dataset_drift").await.expect(200);
    assert_eq!(
        kept["items"][0]["value"].as_f64(),
        share["dataset_drift"].as_bool().map(|drift| f64::from(u8::from(drift)))
    );
    let later = server.get(&format!("/v1/evaluations/{}", answer["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(later["drift"], answer["drift"]);
}

#[tokio::test]
async fn one_column_is_no_share_unless_it_is_asked_for() {
    let server = served().await;
    let one = with(ask("ks"), json!({"inputs": {"value": "x00"}}));
    assert_eq!(server.evaluate(&one).await.get("drift"), None);
    let asked = server.evaluate(&with(one, json!({"drift": {}}))).await;
    assert_eq!(asked["drift"]["windows"][0]["tested_columns"], 1);
}
