//! Guests that misbehave: each ends as its own failure while another beside it goes on.

use driftline_core::{Failure, FailureCode, Kind, Metric, MetricFactory};
use driftline_sandbox::Limits;

use crate::guest::{Place, SUM, layout, numbers, wasm, window};

fn tight() -> Limits {
    Limits {
        call_ms: 200,
        memory_bytes: 4 << 20,
        table_elements: 100,
        handles: 100,
        dictionary_bytes: 1 << 20,
        output_bytes: 1 << 20,
        report_bytes: 1 << 20,
        log_flood_bytes: 1 << 20,
        log_flood_messages: 50,
        ..Limits::default()
    }
}

const LOOP: &str = "(loop $ever (br $ever))";
const TRAP: &str = "unreachable";
const WILD: &str = "(drop (i32.load (i32.const -8)))";
const DIVIDE: &str = "(drop (i32.div_u (i32.const 1) (i32.load (i32.const 60))))";
const HUNGRY: &str = "(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 16)) (i32.const 0)))) unreachable";
const TABLES: &str = "(drop (table.grow $t (ref.null func) (i32.const 1000))) unreachable";
const SIDE_MEMORIES: &str = "(drop (memory.grow $side (i32.const 32))) (if (i32.ge_s (memory.grow (i32.const 32)) (i32.const 0)) (then) (else unreachable))";
const HANDLES: &str = "(loop $ever (drop (call $new (i32.const 8192))) (br $ever))";
const RECURSE: &str = "(call $deep)";
const DEEP: &str = "(func $deep (call $deep) (drop (memory.size)))";
const SHADOW: &str = "(call $shadow (i32.const 4096))";
const SHADOWED: &str = "(func $shadow (param $sp i32)
    (i32.store (local.get $sp) (i32.const 1))
    (call $shadow (i32.sub (local.get $sp) (i32.const 16)))
    (i32.store (local.get $sp) (i32.const 1)))";
const LONG_STATE: &str = "(drop (memory.grow (i32.const 40)))
    (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 0)) (i32.store (i32.const 8) (i32.const 2000000))
    (return (i32.const 0))";
const OUTSIDE_STATE: &str =
    "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const -16)) (i32.store (i32.const 8) (i32.const 99))
    (return (i32.const 0))";
const MANY_VALUES: &str =
    "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 65536)) (i32.store (i32.const 8) (i32.const 30000))
    (drop (memory.grow (i32.const 40))) (return (i32.const 0))";
const OTHER_VALUE: &str = "(i32.store8 (i32.const 1024) (i32.const 98))";
const BAD_TEXT: &str = "(i32.store8 (i32.const 1024) (i32.const 255))";
const LONG_LINE: &str =
    "(drop (memory.grow (i32.const 20))) (call $log (i32.const 1) (i32.const 0) (i32.const 1200000))";
const MANY_LINES: &str = "(loop $ever (call $log (i32.const 1) (i32.const 2048) (i32.const 5)) (br $ever))";
const BAD_LEVEL: &str = "(call $log (i32.const 9) (i32.const 2048) (i32.const 5))";
const UNBOUND: &str = "(call $numbers (i32.const 1) (i32.const 256))";
const WRONG_KIND: &str = "(call $codes (i32.const 0) (i32.const 256))";
const NO_INPUT: &str = "(call $bound (i32.const 7) (i32.const 256))";
const NO_HANDLE: &str =
    "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 99)) (return (i32.const 0))";
const OUTSIDE: &str = "(drop (call $rows))";
const OUTSIDE_CELLS: &str = "(call $bytes (i32.const 0) (i32.const 256))";
const PULL: &str =
    "(loop $ever (global.set $heap (i32.const 65536)) (call $numbers (i32.const 0) (i32.const 256)) (br $ever))";

#[test]
fn each_hostile_behaviour_ends_as_its_own_failure() {
    use FailureCode::{Column, Contract, Deadline, Log, Memory, Output, Stack, Trap};
    let cases: &[(&str, &str, &str, FailureCode, &str)] = &[
        ("OPEN", LOOP, "", Deadline, "`open` ran longer than its 200 ms"),
        ("UPDATE", LOOP, "", Deadline, "`update` ran longer"),
        ("UPDATE", PULL, "", Deadline, "`update` ran longer"),
        ("STATE", LOOP, "", Deadline, "`state` ran longer"),
        ("MERGE", LOOP, "", Deadline, "`merge` ran longer"),
        ("EVALUATE", LOOP, "", Deadline, "`evaluate` ran longer"),
        ("DROP", LOOP, "", Deadline, "`drop` ran longer"),
        ("OPEN", TRAP, "", Trap, "`open` trapped: it panicked"),
        ("UPDATE", TRAP, "", Trap, "`update` trapped"),
        ("STATE", TRAP, "", Trap, "`state` trapped"),
        ("MERGE", TRAP, "", Trap, "`merge` trapped"),
        ("EVALUATE", TRAP, "", Trap, "`evaluate` trapped"),
        ("DROP", TRAP, "", Trap, "`drop` trapped"),
        ("UPDATE", WILD, "", Trap, "outside its own"),
        ("UPDATE", DIVIDE, "", Trap, "integer divide by zero"),
        ("UPDATE", HUNGRY, "", Memory, "5 MiB of memory in all its memories together and may have 4 MiB"),
        ("UPDATE", SIDE_MEMORIES, "(memory $side 0)", Memory, "in all its memories together"),
        ("UPDATE", TABLES, "(table $t 1 funcref)", Memory, "table elements and may have 100"),
        ("UPDATE", HANDLES, "", Memory, "ran out of handles"),
        ("UPDATE", RECURSE, DEEP, Stack, "endless recursion"),
        ("UPDATE", SHADOW, SHADOWED, Stack, "endless recursion"),
        ("STATE", LONG_STATE, "", Output, "`state` gave the runtime more"),
        ("STATE", OUTSIDE_STATE, "", Contract, "what `state` gave back breaks the contract"),
        ("EVALUATE", MANY_VALUES, "", Output, "`evaluate` gave the runtime more"),
        ("EVALUATE", OTHER_VALUE, "", Contract, "a value named `b`, which the description does not declare"),
        ("EVALUATE", BAD_TEXT, "", Contract, "utf-8"),
        ("UPDATE", LONG_LINE, "", Log, "logged 1 messages of 1200000 bytes"),
        ("UPDATE", MANY_LINES, "", Log, "logged 51 messages"),
        ("UPDATE", BAD_LEVEL, "", Contract, "unexpected discriminant"),
        ("UPDATE", UNBOUND, "", Column, "the plugin asked for column 1, but this run has 1"),
        ("UPDATE", WRONG_KIND, "", Column, "column 0 (`c0`) is a number column and cannot be read with `codes`"),
        ("UPDATE", NO_INPUT, "", Column, "the plugin asked for input 7, but its description has 1"),
        ("OPEN", NO_HANDLE, "", Contract, "unknown handle index 99"),
        // Out of the allocator, which the host calls while it hands something over, there is no way back into the host.
        ("REALLOC", OUTSIDE, "", Trap, "cannot leave component instance"),
        ("MERGE", HUNGRY, "", Memory, "`merge` ran out of memory"),
        ("OPEN", OUTSIDE, "", Column, "`rows` outside `update`"),
        ("EVALUATE", OUTSIDE_CELLS, "", Column, "column 0 (`c0`) with `bytes` outside `update`"),
    ];
    let place = Place::new(tight());
    let mut beside = place.start(&[("UPDATE", SUM)], &[Kind::Number]);
    let total = beside.open("{}").expect("open");
    for (part, body, extra, code, text) in cases {
        let mut metric = place.start(&[(part, body), ("EXTRA", extra)], &[Kind::Number]);
        let failure = whole_life(metric.as_mut()).expect_err(text);
        assert_eq!(failure.code, *code, "{part} {body}: {failure}");
        assert!(failure.message.contains(text), "{part} {body}: {failure}");
        let again = metric.open("{}").expect_err("a failed instance stays failed");
        assert!(again.message.starts_with("the plugin failed before: "), "{again}");
        beside.update(total, numbers(&[1.0])).expect("the instance beside goes on");
    }
    let report = beside.evaluate(total, None).expect("the instance beside goes on");
    assert_eq!(report.values[0].number, Some(cases.len() as f64));
}

fn whole_life(metric: &mut dyn Metric) -> Result<(), Failure> {
    let one = metric.open("{}")?;
    metric.update(one, numbers(&[1.0, 2.0]))?;
    let state = metric.state(one)?;
    metric.merge(one, &state)?;
    metric.evaluate(one, None)?;
    metric.close(one)
}

#[test]
fn growth_beyond_the_limit_is_refused_but_a_guest_may_live_with_it() {
    let place = Place::new(tight());
    let grow = "(drop (memory.grow (i32.const 1000)))";
    let mut metric = place.start(&[("UPDATE", grow)], &[Kind::Number]);
    assert_eq!(whole_life(metric.as_mut()), Ok(()));
}

#[test]
fn all_calls_together_have_a_limit_too() {
    let place = Place::new(Limits { call_ms: 60_000, total_ms: 100, ..Limits::default() });
    let long = "(local.set $cell (i32.const 10000000))
        (loop $next (local.set $cell (i32.sub (local.get $cell) (i32.const 1))) (br_if $next (local.get $cell)))";
    let mut metric = place.start(&[("UPDATE", long)], &[Kind::Number]);
    let one = metric.open("{}").expect("open");
    let failure = (0..1_000).find_map(|_| metric.update(one, numbers(&[])).err()).expect("it ends");
    assert_eq!(failure.code, FailureCode::Deadline);
}

#[test]
fn what_a_plugin_logged_comes_with_its_failure() {
    let place = Place::new(Limits::default());
    let body = "(call $log (i32.const 0) (i32.const 2048) (i32.const 7)) unreachable";
    let mut metric = place.start(&[("UPDATE", body)], &[Kind::Number]);
    let failure = whole_life(metric.as_mut()).expect_err("it traps");
    assert_eq!(failure.log, ["debug: {\"name\""]);
    assert!(metric.take_log().is_empty());
}

#[test]
fn a_plugin_that_cannot_start_says_so() {
    let place = Place::new(tight());
    // It starts once, for its description, as long as its clock shows 1970.
    let wasi = [
        (
            "IMPORTS",
            r#"(import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))"#,
        ),
        (
            "EXTRA",
            r#"(func (export "_initialize") (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 512)))
                 (if (i64.ne (i64.load (i32.const 512)) (i64.const 0)) (then unreachable)))"#,
        ),
    ];
    let plugin = place.plugin(&wasm(&wasi)).expect("a plugin");
    let failure = plugin.start(&layout(&[Kind::Number]), window()).err().expect("no instance");
    assert_eq!(failure.code, FailureCode::Start, "{failure}");
}

/// Fills 18 pages of its memory.
const FILL: &str = "(drop (memory.grow (i32.const 16)))
    (memory.fill (i32.const 131072) (i32.const 171) (i32.const 1179648))";
/// Adds up whether any of these pages holds anything.
const SEARCH: &str = "(drop (memory.grow (i32.const 16)))
    (global.set $next (i32.const 131072))
    (loop $more
      (if (i64.ne (i64.load (global.get $next)) (i64.const 0)) (then (f64.store (local.get $self) (f64.const 1))))
      (global.set $next (i32.add (global.get $next) (i32.const 8)))
      (br_if $more (i32.lt_u (global.get $next) (i32.const 1310720))))";

#[test]
fn a_fresh_instance_sees_nothing_of_earlier_ones() {
    let place = Place::new(Limits { call_ms: 10_000, ..tight() });
    let plugin = place.plugin(&wasm(&[("UPDATE", FILL), ("STATE", SEARCH)])).expect("a plugin");
    let seen = |fill: bool| {
        let mut metric = plugin.start(&layout(&[Kind::Number]), window()).expect("an instance");
        let one = metric.open("{}").expect("open");
        if fill {
            metric.update(one, numbers(&[])).expect("update");
        }
        metric.state(one).expect("state")
    };
    for _ in 0..20 {
        assert_eq!(seen(true), 1.0_f64.to_le_bytes(), "it finds what it wrote itself");
        assert_eq!(seen(false), 0.0_f64.to_le_bytes(), "and nothing of another run");
    }
}
