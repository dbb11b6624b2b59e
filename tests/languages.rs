//! The custom metric is the same in every language, to the last bit.

mod applications;
mod built;
mod projects;

use serde_json::{Value, json};

use crate::harness::{JSON, Server};
use applications::Applications;
use built::{Built, WASM};

/// What is asked, beside the plugin.
fn questions() -> Vec<(&'static str, Value)> {
    let reference = json!({"start": Applications::day(0), "end": Applications::day(3)});
    let prices = json!({"cost_false_positive": 0.1, "cost_false_negative": 0.7, "threshold": 0.3});
    let unusual = json!({"cost_false_positive": 1e-7, "cost_false_negative": 12345.678901234567, "threshold": -0.25});
    let named = json!({"positive": "Betrug \"ü\" \u{1F600}\n\\\u{1}"});
    vec![
        ("the whole", json!({})),
        ("prices without an exact sum, with a reference", json!({"parameters": prices, "reference": reference})),
        ("large and small prices, by day", json!({"parameters": unusual, "every": "1d", "reference": reference})),
        ("a reference with segments of its own", json!({"parameters": prices, "reference": {"dataset": "training"}})),
        ("slices", json!({"parameters": prices, "group_by": ["amount > 500"], "reference": reference})),
        ("a few segments only", json!({"where": "segment < 'b'", "parameters": prices})),
        ("truth as booleans", inputs("approved", json!({}))),
        ("truth as text", inputs("kind", json!({"parameters": named}))),
        ("a number for the positive label", inputs("1 + label", json!({"parameters": {"positive": "2"}}))),
        ("no rows", json!({"where": "amount < 0"})),
        ("a reference without rows", json!({"reference": {"start": 0, "end": 1}})),
    ]
}

/// What every plugin must refuse, with the code of the failure.
fn refused() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("numbers that are no truth", inputs("amount", json!({})), "plugin_invalid_data"),
        ("texts that are no truth", inputs("kind", json!({})), "plugin_invalid_data"),
        ("a text for numbers", json!({"parameters": {"positive": "late"}}), "plugin_invalid_parameters"),
    ]
}

fn inputs(label: &str, mut request: Value) -> Value {
    request["inputs"] = json!({"score": "score", "label": label, "segment": "segment"});
    request
}

fn ask(plugin: &str, question: &Value) -> Value {
    let mut request = inputs(
        "label",
        json!({
            "model": "applications", "plugin": plugin, "record": false,
            "window": {"start": Applications::day(0), "end": Applications::day(8)},
        }),
    );
    for (key, value) in question.as_object().expect("an object") {
        request[key] = value.clone();
    }
    request
}

#[tokio::test]
async fn every_language_gives_the_bits_of_rust() {
    let Some(languages) = built::languages() else { return };
    let server = served().await;
    let rust = install(&server, &Built::rust()).await;
    let mut complaints = Vec::new();
    for language in &languages {
        let installed = install(&server, language).await;
        assert_eq!(installed.name, format!("cost-by-segment-{}", language.name));
        assert_eq!(declared(&installed.description), declared(&rust.description), "{}", language.name);
        complaints.extend(differences((&server, &rust.name), (&server, &installed.name)).await);
    }
    assert!(complaints.is_empty(), "{} of them:\n{}", complaints.len(), complaints.join("\n"));
}

#[tokio::test]
async fn core_modules_become_components_with_or_without_their_world_inside() {
    let Some(languages) = built::languages() else { return };
    let server = served().await;
    let rust = install(&server, &Built::rust()).await;
    let modules: Vec<_> = languages.iter().filter(|language| language.is_core_module()).collect();
    let names: Vec<_> = modules.iter().map(|language| language.name.as_str()).collect();
    assert_eq!(names, ["assemblyscript", "c", "cpp", "go", "zig"]);
    for module in modules {
        assert!(!module.says_its_world(), "{} needs no tool that knows components", module.name);
        let module = module.saying_its_world();
        assert!(module.is_core_module() && module.says_its_world());
        let installed = install(&server, &module).await;
        assert_eq!(differences((&server, &rust.name), (&server, &installed.name)).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn what_the_build_command_makes_of_rust_is_the_committed_metric() {
    let Some(folder) = built::folder() else { return };
    // It has the same name and version, so it goes to a server of its own.
    let (server, another) = (served().await, served().await);
    let committed = install(&server, &Built::rust()).await;
    let built = install(&another, &Built::read("rust", &folder.join("rust.wasm"))).await;
    assert_eq!(built.description, committed.description);
    assert_eq!(differences((&server, &committed.name), (&another, &built.name)).await, Vec::<String>::new());
}

/// A plugin on the server.
struct Installed {
    name: String,
    description: Value,
}

async fn install(server: &Server, built: &Built) -> Installed {
    let mut reply = server.upload("/v1/plugins", WASM, built.bytes.clone()).await.expect(201);
    let name = reply["name"].as_str().expect("a name").to_owned();
    let description = match reply["description"].take() {
        Value::Null => server.get(&format!("/v1/plugins/{name}")).await.expect(200)["description"].take(),
        description => description,
    };
    Installed { name, description }
}

/// What users see of a plugin, less its name and how its parameters' schema is put.
fn declared(description: &Value) -> Value {
    let mut parameters = description["parameters"]["properties"].clone();
    for parameter in parameters.as_object_mut().expect("parameters").values_mut() {
        let parameter = parameter.as_object_mut().expect("a schema");
        parameter.remove("format");
        parameter["default"] = parameter["default"].as_f64().map_or(Value::Null, Value::from);
        if let Some(minimum) = parameter.get_mut("minimum") {
            *minimum = minimum.as_f64().map_or(Value::Null, Value::from);
        }
    }
    let inputs = description["inputs"].as_array().expect("inputs").iter();
    let inputs: Vec<_> = inputs.map(|input| (&input["name"], kinds(&input["kind"]), &input["doc"])).collect();
    let outputs = description["outputs"].as_array().expect("outputs").iter();
    let range = |end: &Value| end.as_f64();
    let outputs: Vec<_> = outputs
        .map(|output| {
            let range = (range(&output["range"][0]), range(&output["range"][1]));
            (&output["name"], &output["direction"], range, &output["doc"])
        })
        .collect();
    json!([inputs, outputs, parameters, description["reference"], description["version"], description["doc"]])
}

fn kinds(kind: &Value) -> Value {
    match kind {
        Value::Null => json!(["number"]),
        Value::String(kind) => json!([kind]),
        kinds => kinds.clone(),
    }
}

/// Where a plugin's answers are not those of another; each with its server, which have the same rows.
async fn differences(expected: (&Server, &str), found: (&Server, &str)) -> Vec<String> {
    let plugin = found.1;
    let mut complaints = Vec::new();
    for (what, question) in questions() {
        let mut answers = Vec::new();
        for (server, plugin) in [expected, found] {
            let answer = server.evaluate(&ask(plugin, &question)).await;
            assert!(answer["results"][0]["values"].as_array().is_some_and(|values| !values.is_empty()), "{answer}");
            // Texts, since -0 equals 0.
            answers.push(answer["results"].to_string());
        }
        if answers[0] != answers[1] {
            complaints.push(format!("{plugin}, {what}:\n  {}\n  {}", answers[0], answers[1]));
        }
    }
    for (what, question, code) in refused() {
        let mut failures = Vec::new();
        for (server, plugin) in [expected, found] {
            let answer = server.post("/v1/evaluations", &ask(plugin, &question)).await.expect(200);
            failures.push((answer["failure"]["code"].clone(), answer["failure"]["message"].clone()));
        }
        let message = failures[1].1.as_str().unwrap_or_default();
        if failures[1].0 != code || failures[0].0 != code || !message.contains('`') {
            complaints.push(format!("{plugin}, {what}: {failures:?}"));
        }
    }
    complaints
}

/// A server with rows in many segments and some in the log.
async fn served() -> Server {
    let mut server = Server::start_with(&["--seal-rows", "1"]).await;
    let applications = Applications::new();
    for day in 0..7 {
        send(&server, &applications, day).await;
        server.sealed("applications").await;
    }
    // From here on segments stay as they are: others would be other parts to merge, with other roundings.
    server.set_options(&["--seal-rows", "0"]);
    server.restart().await;
    send(&server, &applications, 7).await;
    let path = "/v1/models/applications/datasets/training";
    server.put(path, &applications.training()).await.expect(200);
    let model = server.get("/v1/models/applications").await.expect(200);
    assert!(model["unsealed_rows"].as_u64() > Some(0), "{model}");
    server
}

async fn send(server: &Server, applications: &Applications, day: i64) {
    let body = applications.of_day(day).to_string().into_bytes();
    server.upload("/v1/models/applications/predictions", JSON, body).await.expect(200);
}
