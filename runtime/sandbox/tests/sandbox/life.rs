//! An ordinary plugin: opened, updated, merged, evaluated, closed.

use driftline_core::{FailureCode, Kind, MetricFactory};
use driftline_sandbox::Limits;

use crate::guest::{DESCRIPTION, Place, SUM, layout, numbers, wasm, window};

#[test]
fn merging_the_parts_equals_the_whole() {
    let place = Place::new(Limits::default());
    let mut metric = place.start(&[("UPDATE", SUM)], &[Kind::Number]);
    let (one, two) = (metric.open("{}").expect("open"), metric.open("{}").expect("open"));
    metric.update(one, numbers(&[1.0, 2.0, 3.0])).expect("update");
    metric.update(one, numbers(&[])).expect("an empty batch");
    metric.update(two, numbers(&[10.0, f64::NAN])).expect("update");
    metric.close(two).expect("close");
    let three = metric.open("{}").expect("open");
    metric.update(three, numbers(&[10.0, 20.0])).expect("update");
    let state = metric.state(three).expect("state");
    assert_eq!(state, 30.0_f64.to_le_bytes());

    let mut other = place.start(&[("UPDATE", SUM)], &[Kind::Number]);
    let empty = other.open("{}").expect("open");
    other.merge(empty, &state).expect("merge");
    metric.merge(one, &other.state(empty).expect("state")).expect("merge");
    let report = metric.evaluate(one, Some(three)).expect("evaluate");
    assert_eq!(report.values[0].number, Some(36.0));
    assert_eq!(report.values[0].name, "a");
    assert!(metric.take_log().is_empty());
}

#[test]
fn an_accumulator_that_is_closed_or_foreign_is_refused_and_the_rest_go_on() {
    let place = Place::new(Limits::default());
    let mut metric = place.start(&[("UPDATE", SUM)], &[Kind::Number]);
    let one = metric.open("{}").expect("open");
    let two = metric.open("{}").expect("open");
    metric.close(one).expect("close");
    assert_eq!(metric.state(one).expect_err("closed").code, FailureCode::Failed);
    assert_eq!(metric.close(one).expect_err("closed").code, FailureCode::Failed);
    assert!(metric.update(two, numbers(&[1.0])).is_ok());
}

#[test]
fn inspect_says_what_the_plugin_is() {
    let place = Place::new(Limits::default());
    let bytes = wasm(&[("UPDATE", SUM)]);
    let inspected = place.sandbox.inspect(&bytes).expect("accepted");
    assert_eq!(inspected.digest, driftline_core::Digest::of(&bytes));
    assert_eq!(inspected.description.name.as_str(), "test");
    assert_eq!(inspected.world_version, "0.1.0");
    assert_eq!(driftline_sandbox::parse_description(DESCRIPTION).expect("valid").1, inspected.description_json);
    assert_eq!(place.sandbox.inspect(&bytes).expect("accepted again"), inspected);
}

#[test]
fn a_plugins_own_failures_keep_its_words_and_leave_it_usable() {
    let place = Place::new(Limits { message_bytes: 8, ..Limits::default() });
    for (case, code) in [(0, FailureCode::InvalidParameters), (1, FailureCode::InvalidData), (2, FailureCode::Failed)] {
        // Fails as long as the parameters are empty, with its own description as the text.
        let fails = format!(
            "(if (i32.eq (local.get $size) (i32.const 2)) (then
               (call $log (i32.const 2) (i32.const 2049) (i32.const 6))
               (i32.store8 (i32.const 0) (i32.const 1)) (i32.store8 (i32.const 4) (i32.const {case}))
               (i32.store (i32.const 8) (i32.const 2049)) (i32.store (i32.const 12) (i32.const 20))
               (return (i32.const 0))))"
        );
        let mut metric = place.start(&[("OPEN", &fails)], &[Kind::Number]);
        let failure = metric.open("{}").expect_err("it fails");
        assert_eq!(failure.code, code);
        assert_eq!(failure.message, "\"name\": … (12 more bytes)");
        assert_eq!(failure.log, ["warn: \"name\""]);
        assert!(metric.open("{\"a\":1}").is_ok());
    }
}

#[test]
fn a_batch_that_does_not_fit_the_run_is_refused() {
    let place = Place::new(Limits::default());
    let plugin = place.plugin(&wasm(&[("UPDATE", SUM)])).expect("a plugin");
    let mut metric = plugin.start(&layout(&[Kind::Category]), window()).expect("an instance");
    let accumulator = metric.open("{}").expect("open");
    let failure = metric.update(accumulator, numbers(&[1.0])).expect_err("another kind");
    assert_eq!(failure.code, FailureCode::Contract);
}
