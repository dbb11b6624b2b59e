//! Plugins of an older version of the contract beside those of a newer one.

use arrow::array::StringArray;
use driftline_core::{Cells, FailureCode, InputBatch, Kind, MetricFactory};
use driftline_sandbox::{Error, Limits, RefusalCode, contract_version};

use crate::guest::{Place, SUM, layout, numbers, text, wasm, window};

/// The guest with a look at `texts`: the label of one cell becomes its state.
fn reading(cell: u32, version: &str) -> Vec<u8> {
    let import = "(import \"driftline:metric/columns@0.1.0\" \"texts\" (func $texts (param i32 i32)))";
    let update = format!(
        "(global.set $heap (i32.const 65536)) (call $texts (i32.const 0) (i32.const 256))
         (i32.store (i32.const 7000) (i32.load offset={} (i32.load (i32.const 256))))
         (i32.store (i32.const 7004) (i32.load offset={} (i32.load (i32.const 256))))",
        cell * 8,
        cell * 8 + 4
    );
    let state = "(i32.store (i32.const 0) (i32.const 0))
         (i32.store (i32.const 4) (i32.load (i32.const 7000)))
         (i32.store (i32.const 8) (i32.load (i32.const 7004)))
         (return (i32.const 0))";
    let text = text(&[("IMPORTS", import), ("UPDATE", &update), ("STATE", state)]).replace("@0.1.0", version);
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_older_contract_keeps_working_beside_a_newer_one() {
    let place = Place::new(Limits::default());
    let old = place.sandbox.inspect(&wasm(&[("UPDATE", SUM)])).expect("accepted");
    assert_eq!(old.world_version, "0.1.0");
    let mut running = place.start(&[("UPDATE", SUM)], &[Kind::Number]);
    let sum = running.open("{}").expect("open");

    let labels = StringArray::from(vec![Some("LAX"), None, Some("")]);
    let batch = InputBatch { rows: 3, columns: vec![Some(Cells::Categories(labels))] };
    for (cell, expected) in [(0, &b"LAX"[..]), (1, b""), (2, b"")] {
        let new = reading(cell, &format!("@{}", contract_version()));
        assert_eq!(place.sandbox.inspect(&new).expect("accepted").world_version, contract_version());
        let plugin = place.plugin(&new).expect("a plugin");
        let mut metric = plugin.start(&layout(&[Kind::Category]), window()).expect("an instance");
        let one = metric.open("{}").expect("open");
        metric.update(one, batch.clone()).expect("update");
        assert_eq!(metric.state(one).expect("state"), expected, "cell {cell}");
        running.update(sum, numbers(&[f64::from(cell)])).expect("the older one goes on");
    }
    assert_eq!(running.evaluate(sum, None).expect("evaluate").values[0].number, Some(3.0));
}

#[test]
fn what_is_newer_in_the_contract_is_checked_like_the_rest() {
    let place = Place::new(Limits::default());
    let plugin = place.plugin(&reading(0, "@0.1.1")).expect("a plugin");
    let mut metric = plugin.start(&layout(&[Kind::Number]), window()).expect("an instance");
    let one = metric.open("{}").expect("open");
    let failure = metric.update(one, numbers(&[1.0])).expect_err("no labels");
    assert_eq!(failure.code, FailureCode::Column);
    assert!(failure.message.contains("cannot be read with `texts`"), "{}", failure.message);
}

#[test]
fn an_unknown_contract_is_refused_before_anything_is_compiled() {
    // A compiler that can't be started shows that it was not asked.
    let dir = tempfile::tempdir().expect("a directory");
    let compiler = driftline_sandbox::Compiler::Command { program: "/nowhere".into(), args: Vec::new() };
    let sandbox = driftline_sandbox::Sandbox::new(driftline_sandbox::Options::new(dir.path(), compiler));
    let sandbox = sandbox.expect("a sandbox");
    let foreign = text(&[]).replace("@0.1.0", "@9.0.0");
    let foreign = wat::parse_str(foreign).unwrap_or_else(|error| panic!("{error}"));
    let Err(Error::Refused(refusal)) = sandbox.inspect(&foreign) else { panic!("it got to the compiler") };
    assert_eq!(refusal.code, RefusalCode::ContractVersion);
    for version in ["driftline:metric@9.0.0", &format!("driftline:metric@{}", contract_version())] {
        assert!(refusal.message.contains(version), "{refusal} lacks {version}");
    }
    assert!(matches!(sandbox.inspect(&wasm(&[])), Err(Error::Io { .. })), "this one gets there");
}
