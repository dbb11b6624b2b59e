//! The command line as a person uses it: what it prints, and with which exit code it ends.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{DRIFTLINE, Server, float, integer, parquet, repository, table, time};

/// What a command printed and how it ended.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Standard output of a command that must succeed.
    fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    /// Standard error of a command that must end with this code.
    fn failed(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self.err
    }
}

fn driftline(arguments: &[&str]) -> Ran {
    let output = Command::new(DRIFTLINE).args(arguments).env_remove("DRIFTLINE_SERVER").output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn help_names_every_command_and_every_command_has_help() {
    let help = driftline(&["--help"]).succeeded();
    for command in ["serve", "demo", "import", "evaluate", "plugin", "query", "backup", "restore", "verify", "compact"]
    {
        assert!(help.contains(command), "{help}");
        let help = driftline(&[command, "--help"]).succeeded();
        assert!(help.len() > 200 && help.contains("Usage: driftline"), "{help}");
    }
    assert!(!help.contains("compile"), "internal commands are hidden: {help}");
    assert!(driftline(&["--version"]).succeeded().starts_with("driftline "));
}

#[test]
fn wrong_usage_ends_with_2_and_failures_with_1() {
    for (arguments, word) in [
        (&["fly"][..], "fly"),
        (&["serve", "--listen", "somewhere"], "somewhere"),
        (&["evaluate", "--model", "m"], "--plugin"),
        (&["evaluate", "--model", "m", "--plugin", "p", "--input", "score"], "NAME=VALUE"),
        (&["import", "x.csv"], "--model"),
        (&["query"], "SQL"),
        (&["query", "SELECT 1", "--format", "xml"], "xml"),
    ] {
        let message = driftline(arguments).failed(2);
        assert!(message.contains(word), "{arguments:?}: {message}");
    }
    let nowhere = "http://127.0.0.1:9";
    for (arguments, word) in [
        (&["plugin", "list", "--server", nowhere][..], "can't be reached"),
        (&["import", "no-such-file.csv", "--model", "m", "--server", nowhere], "no-such-file.csv"),
        (&["import", "README", "--model", "m", "--server", nowhere], "--format"),
        (&["plugin", "push", "no-such-file.wasm", "--server", nowhere], "no-such-file.wasm"),
        (&["evaluate", "--model", "m", "--plugin", "p", "--server", nowhere], "window"),
    ] {
        let message = driftline(arguments).failed(1);
        assert!(message.contains(word), "{arguments:?}: {message}");
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start().await;
    let data = server.data().to_str().expect("UTF-8");
    let message = driftline(&["serve", "--data", data, "--listen", "127.0.0.1:0"]).failed(1);
    assert!(message.contains("in use"), "{message}");
    server.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn files_of_each_format_are_imported() {
    let server = Server::start().await;
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let rows = |n: i64| (0..n).map(|n| format!("2001-02-03T00:00:{n:02}Z,{},{}\n", n as f64 / 8.0, n % 2));
    let csv = "when,score,late\n".to_owned() + &rows(30).collect::<String>();
    let line =
        |n: i64| json!({"time": 981_158_400_000 + 1000 * n, "metrics": {"score": n as f64 / 8.0, "late": n % 2}});
    let ndjson: String = (0..30).map(|n| format!("{}\n", line(n))).collect();
    let batch = table(vec![
        ("when", time((0..30).map(|n| 981_158_400_000_000 + 1_000_000 * n))),
        ("score", float((0..30).map(|n| f64::from(n) / 8.0))),
        ("late", integer((0..30).map(|n| n % 2))),
    ]);
    let mut first = None;
    for (model, file, map) in [
        ("csv", write("rows.csv", csv.as_bytes()), true),
        ("ndjson", write("rows.ndjson", ndjson.as_bytes()), false),
        ("parquet", write("rows.parquet", &parquet(&batch)), true),
    ] {
        let mut arguments = vec!["import", &file, "--model", model, "--delayed", "late", "--batch-rows", "7"];
        arguments.extend(["--server", server.url()]);
        arguments.extend(map.then_some(["--map", "time=when"]).into_iter().flatten());
        let printed = driftline(&arguments).succeeded();
        assert!(printed.contains("30 predictions"), "{printed}");
        let shown = server.get(&format!("/v1/models/{model}")).await.expect(200);
        assert_eq!((&shown["predictions"], &shown["delayed_rows"]), (&json!(30), &json!(30)), "{shown}");
        let rows = without_ids(server.get(&format!("/v1/models/{model}/predictions")).await.expect(200));
        assert_eq!(&rows, first.get_or_insert(rows.clone()), "{model}");
    }
    let bad = write("bad.csv", b"when,score\n2001-02-03T00:00:00Z,high\n");
    let message =
        driftline(&["import", &bad, "--model", "csv", "--map", "time=when", "--server", server.url()]).failed(1);
    assert!(message.contains("score") && message.contains("rows 0 to 1"), "{message}");
}

#[tokio::test]
async fn evaluations_print_a_table_or_json_and_fail_with_1() {
    let server = Server::start().await;
    let rows: Vec<Value> = (0..40)
        .map(|n| json!({"time": 86_400_000 * (n / 20), "metrics": {"score": f64::from(n * 7 % 20), "late": n % 3 % 2}}))
        .collect();
    server.post("/v1/models/m/predictions", &json!(rows)).await.expect(200);
    let base = ["evaluate", "--server", server.url(), "--model", "m", "--plugin", "roc-auc", "--input", "score=score"];
    let window = ["--start", "1970-01-01T00:00:00Z", "--end", "1970-01-03T00:00:00Z"];
    let run = |more: &[&str]| driftline(&[&base[..], &window, more].concat());
    let printed = run(&["--input", "label=late", "--every", "1d"]).succeeded();
    for word in ["roc_auc", "1970-01-01", "1970-01-02", "20"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let answer: Value = serde_json::from_str(&run(&["--input", "label=late", "--json"]).succeeded()).expect("JSON");
    assert_eq!((&answer["status"], &answer["results"][0]["rows"]["used"]), (&json!("succeeded"), &json!(40)));
    let drift = ["evaluate", "--server", server.url(), "--model", "m", "--plugin", "ks", "--input", "value=*"];
    let flags = ["--reference", "1970-01-01T00:00:00Z..1970-01-02T00:00:00Z", "--correction", "benjamini-hochberg"];
    let printed = driftline(&[&drift[..], &window, &flags, &["--drift-threshold", "0.2"]].concat()).succeeded();
    for word in ["columns drifted by p_value at most 0.2 (benjamini-hochberg)", "dataset drift", "value=late"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let message = run(&["--input", "label=lat"]).failed(1);
    assert!(message.contains("lat") && message.contains("unknown_column"), "{message}");
}

#[tokio::test]
async fn queries_print_tables_and_say_when_there_is_more() {
    let server = Server::start().await;
    let rows = json!([
        {"time": 0, "metrics": {"score": 0.5, "place": "a,b", "vector": [1, 2.5]}},
        {"time": 1000, "metrics": {"score": 12.25}},
    ]);
    server.post("/v1/models/m/predictions", &rows).await.expect(200);
    let query = |sql: &str, more: &[&str]| driftline(&[&["query", sql, "--url", server.url()], more].concat());
    let all = "SELECT time, score, place, vector FROM m ORDER BY time";
    let printed = query(all, &[]).succeeded();
    for word in ["time", "1970-01-01T00:00:01Z", "12.25", "a,b", "[1.0, 2.5]", "–"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let csv = query(all, &["--format", "csv"]).succeeded();
    let expected =
        "time,score,place,vector\n1970-01-01T00:00:00Z,0.5,\"a,b\",\"[1.0, 2.5]\"\n1970-01-01T00:00:01Z,12.25,,\n";
    assert_eq!(csv, expected);
    let answer: Value = serde_json::from_str(&query(all, &["--format", "json"]).succeeded()).expect("JSON");
    assert_eq!((&answer["rows"][1]["score"], &answer["truncated"]), (&json!(12.25), &json!(false)));
    let first = query(all, &["--limit", "1"]);
    assert!(first.err.contains("--limit") && !first.out.contains("12.25"), "{}{}", first.out, first.err);
    for (sql, word) in [("SELECT nothing FROM m", "unknown_column"), ("DROP TABLE m", "sql_not_read_only")] {
        let message = query(sql, &[]).failed(1);
        assert!(message.contains(word), "{message}");
    }
}

#[tokio::test]
async fn plugins_are_pushed_listed_and_shown() {
    let server = Server::start().await;
    let command = |arguments: &[&str]| driftline(&[&["plugin"], arguments, &["--server", server.url()]].concat());
    let listed = command(&["list"]).succeeded();
    for word in
        ["Drift against a reference", "Quality of a model", "ks@", "psi@", "roc-auc@", "value: number", "p_value"]
    {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    assert!(listed.lines().all(|line| line.chars().count() < 480), "a line for each plugin: {listed}");
    let shown = command(&["show", "psi"]).succeeded();
    let example = "driftline evaluate --model MODEL --plugin psi --input 'value=*' --last 7d --reference training";
    for word in ["psi", "value", "bins", "sha256:", "reference", "warn at", "0.25", "0 …", "lower", "integer", example]
    {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    let custom = repository("examples/custom-metric/rust/cost-by-segment.wasm");
    let pushed = command(&["push", custom.to_str().expect("UTF-8")]).succeeded();
    assert!(pushed.contains("cost-by-segment") && pushed.contains("sha256:"), "{pushed}");
    assert!(pushed.contains("Laws: 10 hold, 1 not checked (nulls); on "), "{pushed}");
    let shown = command(&["show", "cost-by-segment"]).succeeded();
    assert!(shown.contains("parts can be merged in any order"), "{shown}");
    assert!(command(&["list"]).succeeded().contains("cost-by-segment"));
    let not_wasm: &Path = &repository("README.md");
    let message = command(&["push", not_wasm.to_str().expect("UTF-8")]).failed(1);
    assert!(message.contains("not_wasm"), "{message}");
    let message = command(&["show", "nothing"]).failed(1);
    assert!(message.contains("plugin_not_found") && message.contains("nothing"), "{message}");
}

#[test]
fn the_demo_runs_from_nothing_and_again_from_its_data() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("demo");
    for run in ["first", "second"] {
        let printed =
            driftline(&["demo", "--exit", "--listen", "127.0.0.1:0", "--data", data.to_str().expect("UTF-8")])
                .succeeded();
        for word in ["ROC AUC", "PSI", "KS", "2001-02-01", "2001-06-28"] {
            assert!(printed.contains(word), "{run}, {word}: {printed}");
        }
    }
}

/// Without what the server makes: ids, and when labels arrived.
fn without_ids(mut page: Value) -> Value {
    for row in page["items"].as_array_mut().expect("items") {
        row["id"].take();
        row["labelled_at"].take();
    }
    page
}
