//! The past filled in gives what single evaluations give, and tells nobody; a preview keeps nothing.

use reqwest::Method;
use serde_json::{Value, json};

use super::{House, drift};
use crate::harness::{ARROW, arrow_stream};

async fn house() -> House {
    let house = House::at("2001-05-07T00:00:00Z").await;
    let rows = arrow_stream(&drift::flights());
    house.send(Method::POST, "/v1/models/flights/predictions", ARROW, rows).await.expect(200);
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_is_one_evaluation_with_the_numbers_of_many() {
    let house = house().await;
    house.put("/v1/monitors/distances", &drift::monitor()).await.expect(201);
    let range = json!({"start": "2001-02-05T00:00:00Z", "end": "2001-05-07T00:00:00Z"});
    let begun = house.post("/v1/monitors/distances/backfill", &range).await.expect(202);
    house.settle().await;
    let address = format!("/v1/monitors/distances/backfills/{}", begun["id"].as_str().expect("an id"));
    let ended = house.get(&address).await.expect(200);
    assert_eq!((&ended["status"], &ended["windows"]), (&json!("succeeded"), &json!(13)), "{ended}");
    let evaluations = house.get("/v1/evaluations").await.expect(200);
    assert_eq!(evaluations["items"].as_array().map(Vec::len), Some(1), "{evaluations}");
    let results = house.get("/v1/monitors/distances/results?limit=1000").await.expect(200);
    let results = results["items"].as_array().expect("items");
    assert_eq!(results.len(), 39);
    for result in results {
        let mut request = drift::monitor();
        let object = request.as_object_mut().expect("an object");
        object.retain(|name, _| {
            ["model", "plugin", "inputs", "parameters", "group_by", "reference"].contains(&name.as_str())
        });
        request["window"] = result["window"].clone();
        request["record"] = json!(false);
        let alone = house.post("/v1/evaluations", &request).await.expect(200);
        let same = |other: &&Value| other["slice"] == result["slice"];
        let alone = alone["results"].as_array().expect("results").iter().find(same).expect("the slice").clone();
        assert_eq!((&result["values"], &result["rows"]), (&alone["values"], &alone["rows"]));
    }
    let breaches: Vec<_> = results.iter().filter(|r| r["level"] == "critical").map(|r| r["slice"].clone()).collect();
    assert_eq!(breaches, [json!({"origin": "ORD"}), json!({"origin": "ORD"})]);
    let alerts = house.get("/v1/alerts").await.expect(200);
    assert_eq!(alerts["items"], json!([]), "the past is told to nobody");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_tells_what_would_have_been_told_and_keeps_nothing() {
    let house = house().await;
    let preview = house.post("/v1/monitors/preview", &json!({"definition": drift::monitor()})).await.expect(200);
    let model = &preview["models"][0];
    let alerts: Vec<_> =
        model["alerts"].as_array().expect("alerts").iter().map(|a| json!([a["event"], a["slice"], a["at"]])).collect();
    let ord = json!({"origin": "ORD"});
    let expected = [json!(["opened", ord, "2001-04-09T00:00:00Z"]), json!(["resolved", ord, "2001-04-23T00:00:00Z"])];
    assert_eq!(alerts, expected, "{preview}");
    assert_eq!(model["breaches"], 2);
    for path in ["/v1/evaluations", "/v1/monitors", "/v1/alerts"] {
        assert_eq!(house.get(path).await.expect(200)["items"], json!([]), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_are_acknowledged_silenced_and_reminded_of() {
    let house = house().await;
    let mut monitor = drift::monitor();
    monitor["thresholds"] = json!([{"constant": {"upper": 0.0}, "level": "warning"}]);
    monitor["alerts"] = json!({"remind": "1d"});
    let silence = json!({"monitor": "dist*", "slice": {"origin": "ATL"}, "until": "2001-05-09T00:00:00Z", "why": "known", "by": "me"});
    house.post("/v1/silences", &silence).await.expect(201);
    house.put("/v1/monitors/distances", &monitor).await.expect(201);
    let run = json!({"due": "2001-05-07T00:00:00Z"});
    let ran = house.post("/v1/monitors/distances/run", &run).await.expect(200);
    assert_eq!(ran["items"][0]["results"].as_array().map(Vec::len), Some(3), "{ran}");
    let open = house.get("/v1/alerts").await.expect(200);
    let ids: Vec<_> = open["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|a| (a["slice"]["origin"].clone(), a["id"].clone()))
        .collect();
    assert_eq!(ids.len(), 3, "{open}");
    let of = |origin: &str| {
        ids.iter().find(|(name, _)| name == origin).map(|(_, id)| id.as_str().expect("an id")).expect("one")
    };
    let hand = json!({"by": "ada", "note": "on it"});
    let acknowledged = house.post(&format!("/v1/alerts/{}/acknowledge", of("ORD")), &hand).await.expect(200);
    assert_eq!(acknowledged["status"], "acknowledged");
    house.turn_to("2001-05-08T00:00:01Z").await;
    let events = async |origin: &str| {
        let alert = house.get(&format!("/v1/alerts/{}", of(origin))).await.expect(200);
        alert["events"]
            .as_array()
            .expect("events")
            .iter()
            .map(|e| e["event"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(events("ORD").await, ["opened", "acknowledged"]);
    assert_eq!(events("DFW").await, ["opened", "reminded"]);
    assert_eq!(events("ATL").await, ["opened"], "silenced");
    house.post(&format!("/v1/alerts/{}/resolve", of("ORD")), &hand).await.expect(200);
    let again = house.post(&format!("/v1/alerts/{}/resolve", of("ORD")), &hand).await;
    again.expect_problem(409, "alert_resolved", "");
    house.post("/v1/monitors/distances/pause", &json!({})).await.expect(200);
    house.turn_to("2001-05-21T00:00:00Z").await;
    let runs = house.get("/v1/monitors/distances/runs").await.expect(200);
    assert_eq!(runs["items"].as_array().map(Vec::len), Some(1), "paused: {runs}");
    house.send(Method::DELETE, "/v1/monitors/distances", "application/json", Vec::new()).await.expect(200);
    assert_eq!(house.get("/v1/alerts").await.expect(200)["items"], json!([]));
}
