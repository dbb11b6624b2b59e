//! *Channels*: two monitors of a model tell three channels at once, together, and the end also when all is to be silent.

use reqwest::Method;
use serde_json::{Value, json};

use super::{House, drift, told};
use crate::{
    harness::{ARROW, arrow_stream},
    sinks::http::HttpSink,
};

fn bodies(sink: &HttpSink) -> Vec<Value> {
    sink.requests().iter().map(|request| serde_json::from_slice(&request.body).expect("JSON")).collect()
}

/// What PagerDuty was told: action, incident, severity and component.
fn incidents(sink: &HttpSink) -> Vec<[Value; 4]> {
    let of = |event: &Value| {
        assert_eq!(event["routing_key"], "r0utingkey");
        let payload = &event["payload"];
        [&event["event_action"], &event["dedup_key"], &payload["severity"], &payload["component"]].map(Value::clone)
    };
    bodies(sink).iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_channels_hear_of_a_model_once_and_that_it_is_over() {
    let (hook, slack, pager) = (HttpSink::start().await, HttpSink::start().await, HttpSink::start().await);
    let house = House::at("2001-03-19T00:00:00Z").await;
    for (name, channel) in [
        ("hook", json!({"type": "webhook", "url": hook.url("/hook"), "secret": "s3cret"})),
        ("slack", json!({"type": "slack", "url": slack.url("/services/T/B/x")})),
        ("pager", json!({"type": "pagerduty", "routing_key": "r0utingkey", "url": pager.url("/v2/enqueue")})),
    ] {
        house.put(&format!("/v1/channels/{name}"), &channel).await.expect(201);
    }
    let rows = arrow_stream(&drift::flights());
    house.send(Method::POST, "/v1/models/flights/predictions", ARROW, rows).await.expect(200);
    for (name, level) in [("distances", "critical"), ("distances-too", "warning")] {
        let mut monitor = drift::monitor();
        monitor["alerts"] = json!({"channels": ["hook", "slack", "pager"], "group": "model"});
        monitor["thresholds"][0]["level"] = level.into();
        house.put(&format!("/v1/monitors/{name}"), &monitor).await.expect(201);
    }
    let requests = || [&hook, &slack, &pager].map(|sink| sink.requests().len());

    house.turn_to("2001-04-09T00:00:00Z").await;
    let open = house.get("/v1/alerts").await.expect(200);
    assert_eq!(open["items"].as_array().map(Vec::len), Some(2), "{open}");
    assert_eq!(requests(), [0, 0, 0], "the first waits for the others of the model");
    house.turn_to("2001-04-09T00:05:00Z").await;
    assert_eq!(requests(), [1, 1, 2], "one notice; PagerDuty has an incident for each alert");
    let [from, until] = drift::SHIFTED;
    let of =
        |event: &str, monitor: &str, level: &str, start: &str| json!([event, monitor, level, {"origin": "ORD"}, start]);
    let mut opened = told(&hook);
    opened.sort_by_key(|alert| alert[1].to_string());
    assert_eq!(opened, [of("opened", "distances", "critical", from), of("opened", "distances-too", "warning", from),]);
    let message = &bodies(&slack)[0];
    assert_eq!(message["text"], "[critical] 2 alerts opened, 1 of them critical", "{message}");
    let shown = message["blocks"].to_string();
    assert!(shown.contains("Monitor: distances\\n") && shown.contains("Monitor: distances-too\\n"), "{message}");
    assert!(shown.contains("Slice: origin = ORD"), "{message}");
    let mut triggered = incidents(&pager);
    triggered.sort_by_key(|incident| incident[3].to_string());
    assert_eq!(
        triggered.iter().map(|[a, _, s, c]| json!([a, s, c])).collect::<Vec<_>>(),
        [json!(["trigger", "critical", "distances"]), json!(["trigger", "warning", "distances-too"]),]
    );

    // All is to be silent; but whoever was called out is told that it is over.
    house.turn_to("2001-04-16T00:00:00Z").await;
    let silence = json!({"model": "flights", "until": "2001-06-01T00:00:00Z", "why": "known", "by": "anna"});
    house.post("/v1/silences", &silence).await.expect(201);
    house.turn_to("2001-04-23T00:00:00Z").await;
    house.turn_to("2001-04-23T00:05:00Z").await;
    assert_eq!(requests(), [2, 2, 4]);
    let mut resolved = told(&hook).split_off(2);
    resolved.sort_by_key(|alert| alert[1].to_string());
    assert_eq!(
        resolved,
        [of("resolved", "distances", "critical", until), of("resolved", "distances-too", "warning", until),]
    );
    assert_eq!(bodies(&slack)[1]["text"], "[critical] 2 alerts resolved, 1 of them critical");
    let mut ended: Vec<Value> =
        incidents(&pager).split_off(2).into_iter().map(|[a, key, ..]| json!([a, key])).collect();
    ended.sort_by_key(Value::to_string);
    let mut begun: Vec<Value> = triggered.into_iter().map(|[_, key, ..]| json!(["resolve", key])).collect();
    begun.sort_by_key(Value::to_string);
    assert_eq!(ended, begun, "the same incidents");
}
