//! No plugin can take the server down: each way to misbehave is a recorded failure with its own code.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use crate::harness::{Guest, Server, repository};

const WASM: &str = "application/wasm";

/// What the guest is told to do, and the code of the failure that must be recorded.
const BEHAVIOURS: &[(&str, &str)] = &[
    ("panic-in-open", "plugin_trap"),
    ("panic-in-update", "plugin_trap"),
    ("panic-in-state", "plugin_trap"),
    ("panic-in-merge", "plugin_trap"),
    ("panic-in-evaluate", "plugin_trap"),
    ("panic-in-drop", "plugin_trap"),
    ("loop-in-open", "plugin_deadline"),
    ("loop-in-update", "plugin_deadline"),
    ("loop-in-state", "plugin_deadline"),
    ("loop-in-merge", "plugin_deadline"),
    ("loop-in-evaluate", "plugin_deadline"),
    ("loop-in-drop", "plugin_deadline"),
    ("hoard-in-open", "plugin_memory"),
    ("hoard-in-update", "plugin_memory"),
    ("hoard-in-state", "plugin_memory"),
    ("hoard-in-merge", "plugin_memory"),
    ("hoard-in-evaluate", "plugin_memory"),
    ("recurse-in-open", "plugin_stack"),
    ("recurse-in-update", "plugin_stack"),
    ("recurse-in-state", "plugin_stack"),
    ("recurse-in-merge", "plugin_stack"),
    ("recurse-in-evaluate", "plugin_stack"),
    ("flood-in-update", "plugin_log"),
    ("fail-in-open", "plugin_failed"),
    ("fail-in-update", "plugin_failed"),
    ("fail-in-state", "plugin_failed"),
    ("fail-in-merge", "plugin_failed"),
    ("fail-in-evaluate", "plugin_failed"),
    ("huge-state", "plugin_output"),
    ("huge-report", "plugin_output"),
    ("huge-note", "plugin_output"),
    ("huge-chart", "plugin_output"),
    ("huge-message-in-evaluate", "plugin_output"),
    ("read-unbound", "plugin_column"),
    ("read-undeclared", "plugin_column"),
    ("read-as-labels", "plugin_column"),
    ("read-as-times", "plugin_column"),
    ("read-in-open", "plugin_column"),
    ("read-in-state", "plugin_column"),
    ("read-in-merge", "plugin_column"),
    ("read-in-evaluate", "plugin_column"),
    ("undeclared-output", "plugin_contract"),
    ("output-twice", "plugin_contract"),
    ("unequal-series", "plugin_contract"),
    ("refuse-own-state", "plugin_invalid_data"),
    ("lie-in-state", "plugin_invalid_data"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_misbehaviour_has_its_own_code_and_hurts_nobody_beside_it() {
    let server = served().await;
    let started = Instant::now();
    let ask = |(behaviour, code): (&'static str, &'static str)| {
        let server = &server;
        async move {
            let reply = server.post("/v1/evaluations", &request(behaviour)).await;
            let failure = &reply.json()["failure"];
            let got = (reply.status, failure["code"].as_str().unwrap_or_default().to_owned());
            let log = failure["log"].to_string().len();
            let explained =
                log < 1 << 20 && failure["message"].as_str().is_some_and(|message| (10..4000).contains(&message.len()));
            let complaint = format!("{behaviour}: expected {code}, got {got:?}: {reply}");
            // A neighbour on the same rows, while others misbehave.
            let honest = server.post("/v1/evaluations", &request("none")).await;
            let unhurt = honest.status == 200 && sum(&honest.json()) == Some(499_500.0);
            let complaint = if unhurt { complaint } else { format!("{complaint}\n  beside it: {honest}") };
            (got != (200, code.to_owned()) || !explained || !unhurt).then_some(complaint)
        }
    };
    let complaints: Vec<String> = stream::iter(BEHAVIOURS.iter().copied())
        .map(ask)
        .buffer_unordered(4)
        .filter_map(|one| async { one })
        .collect()
        .await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    println!("{} behaviours in {:.1?}", BEHAVIOURS.len(), started.elapsed());

    let listed = server.get("/v1/evaluations?status=failed&limit=1000").await.expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(BEHAVIOURS.len()), "every failure is on record");
    let memory = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("a live server");
    println!(
        "{}",
        memory.lines().filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS")).collect::<String>()
    );
}

#[tokio::test]
async fn what_is_harmless_is_no_failure() {
    let server = served().await;
    for behaviour in ["nan", "infinity"] {
        let answer = server.evaluate(&request(behaviour)).await;
        let values = answer["results"][0]["values"].as_array().expect("values");
        assert!(values.iter().any(|value| value["value"].is_null()), "{behaviour}: {answer}");
    }
}

#[tokio::test]
async fn plugins_that_cannot_be_described_are_refused() {
    let server = Server::start().await;
    let before = server.get("/v1/plugins").await.expect(200);
    for (name, code) in [
        ("describe-traps", "describe_trapped"),
        ("describe-loops", "describe_deadline"),
        ("describe-prose", "describe_invalid"),
        ("describe-nameless", "describe_invalid"),
        ("foreign-import", "world_mismatch"),
        ("no-export", "world_mismatch"),
    ] {
        let reply = server.upload("/v1/plugins", WASM, built(name)).await;
        reply.check_problem(422, code, "").unwrap_or_else(|complaint| panic!("{name}: {complaint}: {reply}"));
    }
    assert_eq!(server.get("/v1/plugins").await.expect(200), before);
}

/// The longest call of a plugin in the test of neighbours.
const CALL: Duration = Duration::from_secs(5);

/// The bound: a small evaluation of one plugin, whatever others do, waits for none of their calls to end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_neighbour_waits_for_nobody_elses_calls() {
    let server = served_with(&["--threads", "2", "--plugin-call-ms", &CALL.as_millis().to_string()]).await;
    server.upload("/v1/plugins", WASM, Guest::new("neighbour", "1.0.0").wasm()).await.expect(201);
    for behaviour in ["loop-in-update", "loop-in-update", "hoard-in-update", "loop-in-state"] {
        let mut endless = request(behaviour);
        endless["wait"] = json!(0);
        server.post("/v1/evaluations", &endless).await.expect(202);
    }
    let neighbour = async {
        let mut took = Vec::new();
        let mut honest = request("none");
        (honest["plugin"], honest["parameters"]) = (json!("neighbour"), json!({}));
        for _ in 0..20 {
            let asked = Instant::now();
            let answer = server.evaluate(&honest).await;
            took.push(asked.elapsed());
            assert_eq!(answer["results"][0]["values"][0]["value"], 499_500.0, "{answer}");
        }
        let running = server.get("/v1/evaluations?status=running").await.expect(200);
        assert_ne!(running["items"], json!([]), "the others ended too early to be in the way");
        took.sort();
        took
    };
    let (took, bomb) = futures::join!(neighbour, server.upload("/v1/plugins", WASM, bomb()));
    println!("a neighbour's evaluations took {:.1?} in the middle, {:.1?} at the 95th percentile", took[10], took[18]);
    assert!(took[18] < CALL / 2, "{took:?}");
    assert!([201, 422].contains(&bomb.status), "{bomb}");
}

/// A plugin with a function that takes the compiler long.
fn bomb() -> Vec<u8> {
    let sum = "local.get 0 i32.add local.get 0 i32.mul ".repeat(150_000);
    Guest::new("bomb", "1.0.0").part("EXTRA", format!("(func (param i32) (result i32) i32.const 1 {sum})")).wasm()
}

/// A server with the guest and a thousand rows, 0 to 999, in two units of work, so that states are merged.
async fn served() -> Server {
    served_with(&[]).await
}

/// The same with more options.
async fn served_with(options: &[&str]) -> Server {
    // It fails on purpose again and again, which must not count against it.
    let options = [&["--seal-rows", "1", "--plugin-faults", "0"][..], options].concat();
    let mut server = Server::start_with(&options).await;
    server.upload("/v1/plugins", WASM, built("hostile")).await.expect(201);
    for half in [0..500, 500..1000] {
        let rows: Vec<_> = half.map(|n| json!({"time": n, "metrics": {"value": n}})).collect();
        server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
        server.sealed("m").await;
    }
    server.restart().await;
    server
}

fn request(behaviour: &str) -> Value {
    json!({
        "model": "m", "plugin": "hostile", "inputs": {"value": "value"}, "parameters": {"behaviour": behaviour},
        "window": {"start": 0, "end": 1000}, "wait": "5m",
    })
}

fn sum(answer: &Value) -> Option<f64> {
    let values = answer["results"][0]["values"].as_array()?;
    values.iter().find(|value| value["name"] == "sum")?["value"].as_f64()
}

fn built(name: &str) -> Vec<u8> {
    fs::read(repository(&format!("tests/hostile/built/{name}.wasm"))).expect("a built guest")
}
