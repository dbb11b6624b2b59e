//! Two versions over the same rows: every difference is shown, and none is made up.

use serde_json::{Value, json};

use super::{request, served};
use crate::harness::{Guest, Server, driftline};

fn comparison(base: &str, with: &str) -> Value {
    let mut evaluation = request(base);
    evaluation["every"] = json!("5ms");
    json!({"evaluation": evaluation, "with": with})
}

async fn compared(server: &Server, base: &str, with: &str) -> Value {
    server.post("/v1/comparisons", &comparison(base, with)).await.expect(200)
}

#[tokio::test]
async fn differences_of_two_versions_are_shown() {
    let server = served(&[("1.0.0", 0.0), ("1.1.0", 1.0)]).await;
    server.put("/v1/plugins/sum/aliases/stable", &json!({"version": "1.0.0"})).await.expect(200);
    let same = compared(&server, "sum@stable", "sum@1.0.0").await;
    assert_eq!((&same["status"], &same["same_data"], &same["values"]), (&json!("equal"), &json!(true), &json!(2)));
    let found = compared(&server, "sum@stable", "sum@1.1.0").await;
    assert_eq!((&found["status"], &found["results"]), (&json!("different"), &json!(2)), "{found}");
    let differences = found["differences"].as_array().expect("differences").iter();
    let differences: Vec<_> = differences
        .map(|d| json!([d["kind"], d["name"], d["base"], d["other"], d["absolute"], d["relative"]]))
        .collect();
    assert_eq!(
        json!(differences),
        json!([["value", "a", 10.0, 11.0, 1.0, 0.1], ["value", "a", 35.0, 36.0, 1.0, 1.0 / 35.0]])
    );
    let id = |side: &str| found[side]["evaluation"].as_str().expect("an id").to_owned();
    let again = format!("/v1/comparisons/{}/{}", id("base"), id("other"));
    assert_eq!(server.get(&again).await.expect(200), found);
    let tolerant = server.get(&format!("{again}?tolerance=0.1")).await.expect(200);
    assert_eq!(tolerant["status"], "equal");
    let listed = server.get("/v1/evaluations").await.expect(200);
    assert_eq!(listed["items"], json!([]), "nothing is recorded");
}

#[tokio::test]
async fn a_version_that_fails_differs() {
    let server = served(&[("1.0.0", 0.0)]).await;
    let failing = Guest::new("sum", "2.0.0").at_sum("EVALUATE", 35.0, "unreachable");
    server.upload("/v1/plugins", super::WASM, failing.wasm()).await.expect(201);
    let found = compared(&server, "sum@1.0.0", "sum@2.0.0").await;
    let kinds: Vec<_> = found["differences"].as_array().expect("differences").iter().map(|d| &d["kind"]).collect();
    assert_eq!(json!(kinds), json!(["failure", "only_in_base"]), "{found}");
    assert_eq!(found["other"]["failure"]["code"], "plugin_trap");
}

#[tokio::test]
async fn the_command_prints_what_differs_and_its_exit_status_tells() {
    let server = served(&[("1.0.0", 0.0), ("1.1.0", 1.0)]).await;
    let compare = |other: &str, more: &[&str]| {
        let fixed = ["plugin", "compare", "sum@1.0.0", other, "--model", "m", "--input", "value=value"];
        let window = ["--start", "1970-01-01T00:00:00Z", "--end", "1970-01-01T00:00:00.010Z", "--server", server.url()];
        driftline(&[&fixed[..], &window, more].concat(), &[])
    };
    let (code, printed) = compare("sum@1.0.0", &[]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("0 differences in 1 results with 1 values"), "{printed}");
    let (code, printed) = compare("sum@1.1.0", &[]);
    assert_eq!(code, Some(1), "{printed}");
    for word in ["45.0000", "46.0000", "1.00000", "2.22222 %", "1 differences"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    assert_eq!(compare("sum@1.1.0", &["--tolerance", "0.05"]).0, Some(0));
}

#[tokio::test]
async fn what_can_not_be_compared_is_refused_with_its_place() {
    let server = served(&[("1.0.0", 0.0)]).await;
    for (change, status, code, field) in [
        (json!({"with": "none"}), 404, "plugin_not_found", "with"),
        (json!({"with": "a b"}), 422, "invalid_plugin", "with"),
        (json!({"tolerance": 1}), 422, "invalid_field", "tolerance"),
        (json!({"tolerance": -0.1}), 422, "invalid_field", "tolerance"),
        (json!({"more": 1}), 422, "unknown_field", "more"),
    ] {
        let mut body = comparison("sum", "sum@1.0.0");
        change.as_object().into_iter().flatten().for_each(|(key, value)| body[key] = value.clone());
        server.post("/v1/comparisons", &body).await.expect_problem(status, code, field);
    }
    let id = crate::harness::id(1);
    server.get(&format!("/v1/comparisons/{id}/{id}")).await.expect_problem(404, "evaluation_not_found", "id");
}
