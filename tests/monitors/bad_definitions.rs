//! Definitions that make no sense: each is refused with its code and field, and changes nothing.

use serde_json::{Value, json};

use super::House;

/// A good definition with one member replaced; a null takes it out.
fn changed(member: &str, value: Value) -> Value {
    let mut definition = json!({
        "model": "m", "plugin": "ks", "inputs": {"value": "x"}, "window": {"last": "7d"},
        "reference": {"start": "2024-01-01T00:00:00Z", "end": "2024-02-01T00:00:00Z"},
        "schedule": {"cron": "@daily"}, "thresholds": [{"constant": {"upper": 0.5}}],
    });
    match value {
        Value::Null => definition.as_object_mut().expect("an object").remove(member),
        value => definition.as_object_mut().expect("an object").insert(member.into(), value),
    };
    definition
}

fn cases() -> Vec<(&'static str, Value, u16, &'static str, &'static str)> {
    let threshold = |rule: Value| json!([{"constant": {"upper": 0.5}}, rule]);
    vec![
        ("model", json!(null), 422, "missing_field", "model"),
        ("model", json!("no name"), 422, "invalid_field", "model"),
        ("model", json!("nobody"), 404, "model_not_found", "model"),
        ("plugin", json!("nothing"), 404, "plugin_not_found", "plugin"),
        ("plugin", json!("a b"), 422, "invalid_plugin", "plugin"),
        ("inputs", json!({"value": "y"}), 422, "unknown_column", "inputs.value"),
        ("inputs", json!({"score": "x"}), 422, "unknown_input", "inputs.score"),
        ("inputs", json!({}), 422, "missing_input", "inputs.value"),
        ("parameters", json!({"colour": 1}), 422, "invalid_parameters", "parameters.colour"),
        ("where", json!("x +"), 422, "invalid_expression", "where"),
        ("group_by", json!(["nowhere"]), 422, "unknown_column", "group_by[0]"),
        ("window", json!(null), 422, "missing_field", "window"),
        ("window", json!({}), 422, "invalid_field", "window"),
        ("window", json!({"last": "7d", "period": "week"}), 422, "invalid_field", "window"),
        ("window", json!({"last": "7 days"}), 422, "invalid_field", "window.last"),
        ("window", json!({"period": "fortnight"}), 422, "invalid_field", "window.period"),
        ("every", json!("1ms"), 422, "invalid_field", "every"),
        ("reference", json!({}), 422, "invalid_field", "reference"),
        ("reference", json!({"start": "2024-01-01T00:00:00Z"}), 422, "missing_field", "reference.end"),
        (
            "reference",
            json!({"start": "2024-02-01T00:00:00Z", "end": "2024-01-01T00:00:00Z"}),
            422,
            "invalid_window",
            "reference",
        ),
        ("reference", json!({"previous": true, "ago": "7d"}), 422, "invalid_field", "reference"),
        ("reference", json!({"previous": false}), 422, "invalid_field", "reference.previous"),
        ("reference", json!({"dataset": "nothing"}), 404, "dataset_not_found", "reference.dataset"),
        ("reference", json!(null), 422, "reference_required", "reference"),
        ("schedule", json!({"cron": "* * * *"}), 422, "invalid_schedule", "schedule.cron"),
        ("schedule", json!({"cron": "0 0 30 2 *"}), 422, "invalid_schedule", "schedule.cron"),
        ("schedule", json!({"cron": "0 0 * * mon#6"}), 422, "invalid_schedule", "schedule.cron"),
        ("schedule", json!({"cron": "0 0 0 L * *"}), 422, "invalid_schedule", "schedule.cron"),
        (
            "schedule",
            json!({"cron": "@daily", "time_zone": "Europe/Nowhere"}),
            422,
            "invalid_time_zone",
            "schedule.time_zone",
        ),
        ("schedule", json!({}), 422, "invalid_field", "schedule"),
        ("schedule", json!({"cron": "@daily", "on": "data"}), 422, "invalid_field", "schedule.on"),
        ("schedule", json!({"on": "data", "rows": 0}), 422, "invalid_field", "schedule.rows"),
        ("schedule", json!({"on": "labels"}), 422, "missing_field", "schedule.coverage"),
        ("schedule", json!({"on": "labels", "coverage": 1.5}), 422, "invalid_field", "schedule.coverage"),
        ("delay", json!("-1h"), 422, "invalid_field", "delay"),
        ("catch_up", json!("some"), 422, "invalid_field", "catch_up"),
        ("min_rows", json!(-1), 422, "invalid_field", "min_rows"),
        ("thresholds", threshold(json!({})), 422, "invalid_field", "thresholds[1]"),
        ("thresholds", threshold(json!({"constant": {}})), 422, "invalid_field", "thresholds[1].constant"),
        (
            "thresholds",
            threshold(json!({"constant": {"lower": 2, "upper": 1}})),
            422,
            "invalid_field",
            "thresholds[1].constant.lower",
        ),
        (
            "thresholds",
            threshold(json!({"constant": {"upper": 1}, "sigma": {"k": 3}})),
            422,
            "invalid_field",
            "thresholds[1]",
        ),
        ("thresholds", threshold(json!({"sigma": {"k": 0}})), 422, "invalid_field", "thresholds[1].sigma.k"),
        ("thresholds", threshold(json!({"sigma": {}})), 422, "missing_field", "thresholds[1].sigma.k"),
        (
            "thresholds",
            threshold(json!({"change": {"from": "reference"}})),
            422,
            "invalid_field",
            "thresholds[1].change",
        ),
        (
            "thresholds",
            threshold(json!({"change": {"from": "previous", "relative": -1}})),
            422,
            "invalid_field",
            "thresholds[1].change.relative",
        ),
        (
            "thresholds",
            threshold(json!({"output": "psi", "constant": {"upper": 1}})),
            422,
            "unknown_output",
            "thresholds[1].output",
        ),
        ("thresholds", threshold(json!({"p_value": {"alpha": 0.05}})), 422, "invalid_field", "thresholds[1].p_value"),
        (
            "thresholds",
            threshold(json!({"output": "p_value", "p_value": {"alpha": 5}})),
            422,
            "invalid_field",
            "thresholds[1].p_value.alpha",
        ),
        (
            "thresholds",
            threshold(json!({"constant": {"upper": 1}, "consecutive": 0})),
            422,
            "invalid_field",
            "thresholds[1].consecutive",
        ),
        (
            "thresholds",
            threshold(json!({"constant": {"upper": 1}, "level": "bad"})),
            422,
            "invalid_field",
            "thresholds[1].level",
        ),
        ("alerts", json!({"channels": ["nowhere"]}), 404, "channel_not_found", "alerts.channels[0]"),
        ("alerts", json!({"cooldown": "soon"}), 422, "invalid_field", "alerts.cooldown"),
        ("alerts", json!({"colour": "red"}), 422, "unknown_field", "alerts.colour"),
        ("colour", json!("red"), 422, "unknown_field", "colour"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_with_its_place() {
    let house = House::at("2024-03-01T00:00:00Z").await;
    house.post("/v1/models/m/predictions", &json!([{"metrics": {"x": 1.5}}])).await.expect(200);
    let mut complaints = Vec::new();
    for (member, value, status, code, field) in cases() {
        let reply = house.put("/v1/monitors/bad", &changed(member, value.clone())).await;
        if let Err(complaint) = reply.check_problem(status, code, field) {
            complaints.push(format!("{member}: {value}: {complaint}: {reply}"));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(house.get("/v1/monitors").await.expect(200)["items"], json!([]));
    let good = changed("description", json!("good"));
    let made = house.put("/v1/monitors/good", &good).await.expect(201);
    let again = house.put("/v1/monitors/good", &good).await.expect(200);
    assert_eq!(
        (&made["outcome"], &again["outcome"], &again["revision"]),
        (&json!("created"), &json!("unchanged"), &json!(1))
    );
    house.put("/v1/monitors/later", &changed("model", json!("fraud-*"))).await.expect(201);
    // What has an address of its own is no name of a monitor.
    house.put("/v1/monitors/status", &good).await.expect_problem(405, "method_not_allowed", "");
}
