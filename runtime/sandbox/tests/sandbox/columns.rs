//! Columns as a guest reads them: every accessor gives what the contract says.

use std::sync::Arc;

use arrow::array::{Array, Float64Array, StringArray, TimestampMicrosecondArray};
use driftline_core::{BoundColumn, Cells, InputBatch, InputLayout, Kind, Metric, MetricFactory};
use driftline_sandbox::Limits;

use crate::guest::{Place, layout, wasm, window};

/// Keeps what an accessor returned (pointer at `at`, length times `size` bytes) as the state.
fn keeping(call: &str, at: u32, size: u32) -> Vec<u8> {
    let update = format!(
        "(global.set $heap (i32.const 65536)) {call}
         (i32.store (i32.const 7000) (i32.load (i32.const {at})))
         (i32.store (i32.const 7004) (i32.mul (i32.load (i32.const {})) (i32.const {size})))",
        at + 4
    );
    let state = "(i32.store (i32.const 0) (i32.const 0))
         (i32.store (i32.const 4) (i32.load (i32.const 7000)))
         (i32.store (i32.const 8) (i32.load (i32.const 7004)))
         (return (i32.const 0))";
    wasm(&[("UPDATE", &update), ("STATE", state)])
}

fn batch() -> InputBatch {
    let numbers = Float64Array::from(vec![Some(9.0), Some(1.5), None, Some(-0.0)]).slice(1, 3);
    let labels = StringArray::from(vec![Some("x"), Some("b"), Some("a"), None]).slice(1, 3);
    let times =
        TimestampMicrosecondArray::from(vec![Some(1), Some(7), None, Some(-7)]).with_timezone("UTC").slice(1, 3);
    let columns = vec![Some(Cells::Numbers(numbers)), Some(Cells::Categories(labels)), Some(Cells::Timestamps(times))];
    InputBatch { rows: 3, columns }
}

const KINDS: [Kind; 3] = [Kind::Number, Kind::Category, Kind::Timestamp];

fn read(place: &Place, guest: &[u8], batches: &[InputBatch]) -> Vec<u8> {
    let plugin = place.plugin(guest).expect("a plugin");
    let mut metric = plugin.start(&layout(&KINDS), window()).expect("an instance");
    let one = metric.open("{}").expect("open");
    for batch in batches {
        metric.update(one, batch.clone()).expect("update");
    }
    metric.state(one).expect("state")
}

#[test]
fn every_accessor_gives_what_the_contract_says() {
    let numbers: Vec<u8> = [1.5, f64::NAN, -0.0].iter().flat_map(|cell: &f64| cell.to_le_bytes()).collect();
    let codes: Vec<u8> = [0, 1, u32::MAX].iter().flat_map(|cell: &u32| cell.to_le_bytes()).collect();
    let times: Vec<u8> = [7, i64::MIN, -7].iter().flat_map(|cell: &i64| cell.to_le_bytes()).collect();
    let at = 256;
    let cases = [
        ("(call $numbers (i32.const 0) (i32.const 256))", at, 8, &numbers[..]),
        ("(call $bytes (i32.const 0) (i32.const 256))", at, 1, &numbers),
        ("(call $codes (i32.const 1) (i32.const 256))", at, 4, &codes),
        ("(call $bytes (i32.const 1) (i32.const 256))", at, 1, &codes),
        ("(call $timestamps (i32.const 2) (i32.const 256))", at, 8, &times),
        ("(call $bytes (i32.const 2) (i32.const 256))", at, 1, &times),
        ("(call $validity (i32.const 0) (i32.const 256))", at + 4, 1, &[0b101]),
        ("(call $validity (i32.const 1) (i32.const 256))", at + 4, 1, &[0b011]),
        ("(call $validity (i32.const 2) (i32.const 256))", at + 4, 1, &[0b101]),
        ("(call $name (i32.const 1) (i32.const 256))", at, 1, b"c1"),
        ("(call $kind (i32.const 0) (i32.const 256))", at, 1, b"number"),
        ("(call $kind (i32.const 1) (i32.const 256))", at, 1, b"category"),
        ("(call $kind (i32.const 2) (i32.const 256))", at, 1, b"timestamp"),
        ("(call $bound (i32.const 2) (i32.const 256))", at, 4, &[2, 0, 0, 0]),
        (
            "(i32.store (i32.const 300) (call $rows)) (i32.store (i32.const 256) (i32.const 300)) (i32.store (i32.const 260) (i32.const 4))",
            at,
            1,
            &[3, 0, 0, 0],
        ),
    ];
    let place = Place::new(Limits::default());
    for (call, at, size, expected) in cases {
        assert_eq!(read(&place, &keeping(call, at, size), &[batch()]), expected, "{call}");
    }
}

#[test]
fn codes_stay_the_same_for_the_life_of_an_instance_and_labels_follow() {
    let place = Place::new(Limits::default());
    let labels = |cells: &[&str]| InputBatch {
        rows: cells.len(),
        columns: vec![None, Some(Cells::Categories(StringArray::from(cells.to_vec()))), None],
    };
    let columns = InputLayout {
        columns: vec![None, Some(BoundColumn { name: "origin".into(), kind: Kind::Category }), None],
        bound: vec![vec![], vec![1], vec![]],
    };
    let run = |guest: &[u8]| -> Vec<u8> {
        let plugin = place.plugin(guest).expect("a plugin");
        let mut metric = plugin.start(&columns, window()).expect("an instance");
        let one = metric.open("{}").expect("open");
        metric.update(one, labels(&["LAX", "ATL"])).expect("update");
        metric.update(one, labels(&["JFK", "ATL", "LAX", "JFK"])).expect("update");
        metric.state(one).expect("state")
    };
    let codes: Vec<u8> = [2, 1, 0, 2].iter().flat_map(|cell: &u32| cell.to_le_bytes()).collect();
    assert_eq!(run(&keeping("(call $codes (i32.const 1) (i32.const 256))", 256, 4)), codes);
    // The text of the first label asked for: codes are known once `codes` ran.
    let new = "(call $codes (i32.const 1) (i32.const 256)) (call $labels (i32.const 1) (i32.const 1) (i32.const 400))
        (i32.store (i32.const 256) (i32.load (i32.load (i32.const 400))))
        (i32.store (i32.const 260) (i32.load offset=4 (i32.load (i32.const 400))))";
    assert_eq!(run(&keeping(new, 256, 1)), b"ATL");
    let count = "(call $codes (i32.const 1) (i32.const 256)) (call $labels (i32.const 1) (i32.const 1) (i32.const 400))
        (i32.store (i32.const 256) (i32.const 404)) (i32.store (i32.const 260) (i32.const 4))";
    assert_eq!(run(&keeping(count, 256, 1)), [2, 0, 0, 0]);
}

#[test]
fn a_column_without_nulls_has_no_validity() {
    let place = Place::new(Limits::default());
    let guest = keeping("(call $validity (i32.const 0) (i32.const 256))", 256, 1);
    let plugin = place.plugin(&guest).expect("a plugin");
    let mut metric = plugin.start(&layout(&[Kind::Number]), window()).expect("an instance");
    let one = metric.open("{}").expect("open");
    metric.update(one, crate::guest::numbers(&[1.0, f64::NAN])).expect("update");
    assert_eq!(metric.state(one).map(|state| state.len()), Ok(0));
}

#[test]
fn an_optional_input_that_is_left_out_has_no_columns_and_reading_it_is_a_fault() {
    let place = Place::new(Limits::default());
    let columns = InputLayout { columns: vec![None], bound: vec![vec![]] };
    let plugin = place.plugin(&wasm(&[("UPDATE", "(call $numbers (i32.const 0) (i32.const 256))")])).expect("a plugin");
    let mut metric: Box<dyn Metric> = Arc::clone(&plugin).start(&columns, window()).expect("an instance");
    let one = metric.open("{}").expect("open");
    let failure = metric.update(one, InputBatch { rows: 1, columns: vec![None] }).expect_err("unbound");
    assert!(failure.message.contains("optional input that is not bound"), "{failure}");
}

#[test]
fn more_labels_than_fit_are_refused() {
    let place = Place::new(Limits { dictionary_bytes: 10_000, ..Limits::default() });
    let plugin = place.plugin(&wasm(&[("UPDATE", "(call $codes (i32.const 0) (i32.const 256))")])).expect("a plugin");
    let mut metric = plugin.start(&layout(&[Kind::Category]), window()).expect("an instance");
    let one = metric.open("{}").expect("open");
    let cells = StringArray::from_iter_values((0..5_000).map(|i| format!("user {i}")));
    let batch = InputBatch { rows: cells.len(), columns: vec![Some(Cells::Categories(cells))] };
    let failure = metric.update(one, batch).expect_err("too many");
    assert_eq!(failure.code, driftline_core::FailureCode::Memory);
    assert!(failure.message.contains("column 0 (`c0`) has more than"), "{failure}");
}
