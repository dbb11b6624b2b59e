//! What an author of plugins does without a server: check, run, test, begin a new one.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{KEEP_FIRST, SUM, driftline, float, guest, integer, parquet, repository, succeed, table};

const SUMMING: &str = r#"{"name": "adder", "version": "1.2.0", "doc": "Adds up.", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}]}"#;

/// A folder with files in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    /// Writes a file, and gives its path.
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, bytes).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    fn path(&self) -> &str {
        self.0.path().to_str().expect("UTF-8")
    }
}

fn built(name: &str) -> String {
    repository(&format!("plugins/built/{name}.wasm")).to_str().expect("UTF-8").to_owned()
}

/// What a command printed that must fail.
fn fail(arguments: &[&str]) -> String {
    let (code, printed) = driftline(arguments, &[]);
    assert_eq!(code, Some(1), "{arguments:?}: {printed}");
    assert!(!printed.contains("thread '"), "{printed}");
    printed
}

#[test]
fn a_check_tells_all_that_an_upload_would() {
    let folder = Folder::new();
    let good = folder.put("good.wasm", guest(SUMMING, &[("UPDATE", SUM)]));
    let printed = succeed(&["plugin", "check", &good], &[]);
    for word in [
        "adder@1.2.0",
        "fits metric-plugin",
        "a core module",
        "value",
        "10 hold",
        "not checked (nulls)",
        "of `update`",
        "Fuel: ",
        "takes this plugin",
    ] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let lawless = folder.put("lawless.wasm", guest(SUMMING, &[("UPDATE", SUM), ("MERGE", KEEP_FIRST)]));
    let printed = fail(&["plugin", "check", &lawless]);
    for word in ["BROKEN", "law_broken", "`split`", r#"{"value":-14.875}"#] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let module = folder.put("module.wasm", wat::parse_str(r#"(module (func (export "discribe")))"#).expect("valid"));
    let printed = fail(&["plugin", "check", &module]);
    for word in ["world_mismatch", "wanted", "found", "discribe", "#describe"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let text = folder.put("text.wasm", "nothing");
    assert!(fail(&["plugin", "check", &text]).contains("not_wasm"));
    assert!(fail(&["plugin", "check", "no-such-file.wasm"]).contains("no-such-file.wasm"));
}

#[test]
fn a_run_reads_every_format_and_its_fuel_is_always_the_same() {
    let folder = Folder::new();
    let rows: Vec<(f64, i64)> = (0..40).map(|n| (f64::from(n * 7 % 20), i64::from(n % 3 % 2))).collect();
    let csv: String = rows.iter().map(|(score, label)| format!("{score},{label}\n")).collect();
    let ndjson: String =
        rows.iter().map(|(score, label)| format!("{}\n", json!({"metrics": {"p": score, "label": label}}))).collect();
    let batch =
        table(vec![("p", float(rows.iter().map(|row| row.0))), ("label", integer(rows.iter().map(|row| row.1)))]);
    let files = [
        folder.put("rows.csv", format!("p,label\n{csv}")),
        folder.put("rows.ndjson", ndjson),
        folder.put("rows.parquet", parquet(&batch)),
    ];
    let mut first: Option<Value> = None;
    for file in files.iter().chain(&files[..1]) {
        let json = succeed(&["plugin", "run", &built("roc-auc"), "--data", file, "--input", "score=p", "--json"], &[]);
        let mut answer: Value = serde_json::from_str(&json).expect("JSON");
        assert!(answer["usage"]["fuel"].as_u64().is_some_and(|fuel| fuel > 1000), "{answer}");
        assert!(answer["usage"]["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 65_535), "{answer}");
        for (_, call) in answer["usage"]["calls"].as_object_mut().expect("calls") {
            call["ms"].take();
        }
        assert_eq!(&answer, first.get_or_insert_with(|| answer.clone()), "{file}");
    }
    let first = first.expect("an answer");
    assert_eq!((&first["rows"], &first["results"][0]["rows"]["used"]), (&json!(40), &json!(40)));

    let reference = folder.put("reference.csv", format!("p,label\n{}", csv.repeat(3)));
    let psi = built("psi");
    let base = ["plugin", "run", &psi, "--data", &files[0], "--input", "value=p", "--reference", &reference];
    let ask = |more: &[&str]| -> Vec<String> { base.iter().chain(more).map(|&argument| argument.to_owned()).collect() };
    let succeed_with = |more: &[&str]| succeed(&ask(more).iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let fail_with = |more: &[&str]| fail(&ask(more).iter().map(String::as_str).collect::<Vec<_>>());
    let printed = succeed_with(&["--parameters", r#"{"bins": 4}"#, "--group-by", "label"]);
    for word in ["on 40 rows, compared with 120", "psi", "label=1", "█", "Fuel: ", "a row", "Memory: ", "evaluate"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let printed = succeed_with(&["--no-fuel", "--where", "p > 3"]);
    assert!(!printed.contains("Fuel") && printed.contains("Time: "), "{printed}");
    for (more, word) in [
        (&["--parameters", r#"{"bin": 4}"#][..], "parameters.bin"),
        (&["--where", "q > 3"], "unknown_column"),
        (&["--input", "value=q"], "q"),
        (&["--every", "soon"], "every"),
    ] {
        assert!(fail_with(more).contains(word), "{word}");
    }
    let bad = folder.put("bad.csv", "p,label\n1,0\nx,1\n");
    let printed = fail(&["plugin", "run", &built("roc-auc"), "--data", &bad, "--input", "score=p"]);
    assert!(printed.contains("bad.csv") || printed.contains("p"), "{printed}");
}

#[test]
fn the_log_of_a_plugin_is_shown_also_when_it_fails() {
    let folder = Folder::new();
    let log = "(call $log (i32.const 1) (i32.const 2049) (i32.const 6))";
    let rows = folder.put("rows.csv", "value\n1\n2\n");
    let talking = folder.put("talking.wasm", guest(SUMMING, &[("UPDATE", &format!("{log} {SUM}"))]));
    let printed = succeed(&["plugin", "run", &talking, "--data", &rows], &[]);
    assert!(printed.contains("log: info: \"name\""), "{printed}");
    let failing = folder.put("failing.wasm", guest(SUMMING, &[("UPDATE", &format!("{log} unreachable"))]));
    let printed = fail(&["plugin", "run", &failing, "--data", &rows]);
    assert!(printed.contains("log: info: \"name\"") && printed.contains("plugin_trap"), "{printed}");
}

#[test]
fn cases_are_run_and_what_differs_is_told() {
    let folder = Folder::new();
    let plugin = folder.put("adder.wasm", guest(SUMMING, &[("UPDATE", SUM)]));
    for (case, rows, request, expected) in [
        ("all", "value\n1\n2\n3.5\n", "{}", Some(r#"{"values": {"a": 6.5}}"#)),
        ("near", "value\n1\n", "{}", Some(r#"{"values": {"a": 1.01}, "tolerance": 0.1}"#)),
        ("some", "value,kind\n1,x\n2,y\n", r#"{"where": "kind = 'x'"}"#, Some(r#"{"values": {"a": 1}}"#)),
        ("slices", "value,kind\n1,x\n2,y\n", r#"{"group_by": ["kind"]}"#, None),
    ] {
        folder.put(&format!("cases/{case}/data.csv"), rows);
        folder.put(&format!("cases/{case}/request.json"), request);
        if let Some(expected) = expected {
            folder.put(&format!("cases/{case}/expected.json"), expected);
        }
    }
    let printed = fail(&["plugin", "test", folder.path()]);
    for word in ["ok   all", "ok   near", "ok   some", "DIFF slices", "--write", "1 of 4 cases differ"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let slices = folder.0.path().join("cases/slices");
    succeed(&["plugin", "test", slices.to_str().expect("UTF-8"), "--plugin", &plugin, "--write"], &[]);
    let written: Value =
        serde_json::from_slice(&fs::read(slices.join("expected.json")).expect("written")).expect("JSON");
    assert_eq!(written["results"][1], json!({"slice": {"kind": "y"}, "values": {"a": 2.0}}));
    assert!(succeed(&["plugin", "test", folder.path()], &[]).contains("4 cases, none differs"));

    folder.put("cases/all/expected.json", r#"{"values": {"a": 6, "b": 1}}"#);
    folder.put("cases/some/expected.json", r#"{"failure": "plugin_trap"}"#);
    let printed = fail(&["plugin", "test", folder.path()]);
    for word in ["`a` is 6.5, and must be 6", "there is no value `b`", "must fail with plugin_trap", "2 of 4"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    assert!(
        fail(&[
            "plugin",
            "test",
            Path::new(folder.path()).join("cases/all/..").join("..").join("nowhere").to_str().expect("UTF-8")
        ])
        .contains("nowhere")
    );
}

#[test]
fn a_new_project_is_whole_and_its_case_holds_for_the_metric_that_it_is() {
    let folder = Folder::new();
    let project = folder.0.path().join("late");
    let project = project.to_str().expect("UTF-8");
    let printed = succeed(&["plugin", "new", "late-arrivals", "--language", "rust", "--dir", project], &[]);
    for word in ["./build", "driftline plugin push metric.wasm", "in Rust"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let manifest = fs::read_to_string(Path::new(project).join("Cargo.toml")).expect("a manifest");
    assert!(manifest.contains("name = \"late-arrivals\"") && manifest.contains("path = \"sdk\""), "{manifest}");
    // The same metric under the name that it has in this repository.
    let example = repository("examples/custom-metric/rust/cost-by-segment.wasm");
    let tested = succeed(&["plugin", "test", project, "--plugin", example.to_str().expect("UTF-8")], &[]);
    assert!(tested.contains("ok   errors"), "{tested}");
    let again = fail(&["plugin", "new", "late-arrivals", "--language", "rust", "--dir", project]);
    assert!(again.contains("not empty"), "{again}");
    let (code, printed) = driftline(&["plugin", "new", "Late", "--language", "rust"], &[]);
    assert_eq!(code, Some(2), "{printed}");
}
