//! The same plugin sees the same clock and the same random numbers at every start.

use driftline_core::{Kind, MetricFactory, Time, Window};
use driftline_sandbox::Limits;

use crate::guest::{Place, layout, wasm, window};

const WASI: &str = r#"
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))"#;

/// Gives 64 bytes as the state: wall clock, monotonic clock, environment, then random bytes.
const STATE: &str = "
  (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 600)))
  (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 608)))
  (drop (call $environ (i32.const 616) (i32.const 620)))
  (drop (call $random (i32.const 624) (i32.const 40)))
  (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 600)) (i32.store (i32.const 8) (i32.const 64))
  (return (i32.const 0))";

fn observe(place: &Place, window: Window) -> Vec<u8> {
    let plugin = place.plugin(&wasm(&[("IMPORTS", WASI), ("STATE", STATE)])).expect("a plugin");
    let mut metric = plugin.start(&layout(&[Kind::Number]), window).expect("an instance");
    let one = metric.open("{}").expect("open");
    metric.state(one).expect("state")
}

#[test]
fn two_instances_see_the_same_and_time_is_the_windows_end() {
    let place = Place::new(Limits::default());
    let seen = observe(&place, window());
    assert_eq!(seen, observe(&place, window()));
    assert_eq!(seen, observe(&Place::new(Limits::default()), window()));
    let nanos = (1_000_000_000_000_000_u64 * 1_000).to_le_bytes();
    assert_eq!(seen[..8], nanos, "wall clock");
    assert_eq!(seen[8..16], nanos, "monotonic clock");
    assert_eq!(seen[16..24], [0; 8], "environment");
    assert!(seen[24..].iter().any(|byte| *byte != 0), "random bytes");

    let time = |micros| Time::from_micros(micros).expect("in range");
    let early = observe(&place, Window::new(time(-5), time(-1)).expect("not empty"));
    assert_eq!(early[..8], [0; 8], "times before 1970 are 1970");
    assert_eq!(early[8..16], 1_u64.to_le_bytes(), "Go does not start on a monotonic clock of 0");
    assert_eq!(early[24..], seen[24..], "random numbers do not depend on the window");
}

#[test]
fn a_plugin_that_sleeps_holds_nobody_up() {
    // A subscription to the clock: an hour from now, as WASI preview 1 lays it out.
    let sleep = "
      (i32.store8 (i32.const 608) (i32.const 0)) (i32.store (i32.const 616) (i32.const 1))
      (i64.store (i32.const 624) (i64.const 3600000000000))
      (drop (call $poll (i32.const 600) (i32.const 700) (i32.const 1) (i32.const 800)))";
    let place = Place::new(Limits { call_ms: 60_000, ..Limits::default() });
    let mut metric = place.start(&[("IMPORTS", WASI), ("UPDATE", sleep)], &[Kind::Number]);
    let one = metric.open("{}").expect("open");
    let begun = std::time::Instant::now();
    metric.update(one, crate::guest::numbers(&[])).expect("update");
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn console_text_ends_in_the_log() {
    let print = "
      (i32.store (i32.const 600) (i32.const 2049)) (i32.store (i32.const 604) (i32.const 6))
      (drop (call $write (i32.const 1) (i32.const 600) (i32.const 1) (i32.const 640)))
      (drop (call $write (i32.const 2) (i32.const 600) (i32.const 1) (i32.const 640)))
      unreachable";
    let place = Place::new(Limits::default());
    let mut metric = place.start(&[("IMPORTS", WASI), ("UPDATE", print)], &[Kind::Number]);
    let one = metric.open("{}").expect("open");
    let failure = metric.update(one, crate::guest::numbers(&[])).expect_err("it traps");
    assert_eq!(failure.log, ["stdout: \"name\"", "stderr: \"name\""]);
}

#[test]
fn a_plugin_that_exits_has_trapped() {
    let exit = [
        ("IMPORTS", r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#),
        ("UPDATE", "(call $exit (i32.const 3))"),
    ];
    let place = Place::new(Limits::default());
    let mut metric = place.start(&exit, &[Kind::Number]);
    let one = metric.open("{}").expect("open");
    let failure = metric.update(one, crate::guest::numbers(&[])).expect_err("it exits");
    assert_eq!(failure.code, driftline_core::FailureCode::Trap);
    assert!(failure.message.contains("exit status"), "{failure}");
}
