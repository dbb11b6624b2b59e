//! What it costs to start a plugin, to call it, and to hand it a column.

use std::time::{Duration, Instant};

use arrow::array::StringArray;
use driftline_core::{Cells, InputBatch, Kind, MetricFactory};
use driftline_sandbox::Limits;

#[allow(dead_code)]
#[path = "../tests/sandbox/guest.rs"]
mod guest;

use guest::{Place, SUM, layout, numbers, wasm, window};

const ROWS: usize = 8_192;
const PULL: &str = "(global.set $heap (i32.const 65536)) (call $numbers (i32.const 0) (i32.const 256))";
const BYTES: &str = "(global.set $heap (i32.const 65536)) (call $bytes (i32.const 0) (i32.const 256))";
const CODES: &str = "(global.set $heap (i32.const 65536)) (call $codes (i32.const 0) (i32.const 256))";

fn main() {
    let place = Place::new(Limits { total_ms: u64::MAX, ..Limits::default() });
    let bytes = wasm(&[("UPDATE", SUM)]);
    let begun = Instant::now();
    let plugin = place.plugin(&bytes).expect("a plugin");
    println!("inspect (compile, check, describe)  {:>10.1} µs", micros(begun.elapsed()));
    let again = best(200, || drop(place.sandbox.inspect(&bytes).expect("accepted")));
    println!("inspect again (in memory)           {:>10.1} µs", micros(again));
    let start = best(2_000, || drop(plugin.start(&layout(&[Kind::Number]), window()).expect("an instance")));
    println!("start and drop an instance          {:>10.1} µs", micros(start));

    let mut metric = place.start(&[], &[Kind::Number]);
    let one = metric.open("{}").expect("open");
    let empty = numbers(&[]);
    let call = best(20, || (0..1_000).for_each(|_| metric.update(one, empty.clone()).expect("update")));
    println!("an empty update                     {:>10.1} ns", micros(call));
    let state = best(20, || (0..1_000).for_each(|_| drop(metric.state(one).expect("state"))));
    println!("a state of 8 bytes                  {:>10.1} ns", micros(state));

    let values: Vec<f64> = (0..ROWS).map(|row| row as f64).collect();
    let few = StringArray::from_iter_values((0..ROWS).map(|row| ["ATL", "LAX", "JFK", "ORD"][row * 7 / 3 % 4]));
    let many = StringArray::from_iter_values((0..ROWS).map(|row| format!("customer {}", row * 7 % 5_000)));
    let labels = |cells: StringArray| InputBatch { rows: ROWS, columns: vec![Some(Cells::Categories(cells))] };
    for (what, body, kind, batch) in [
        ("numbers, one column", PULL, Kind::Number, numbers(&values)),
        ("bytes, one column", BYTES, Kind::Number, numbers(&values)),
        ("numbers and their sum", SUM, Kind::Number, numbers(&values)),
        ("codes, 4 labels", CODES, Kind::Category, labels(few)),
        ("codes, 5000 labels", CODES, Kind::Category, labels(many)),
    ] {
        let mut metric = place.start(&[("UPDATE", body)], &[kind]);
        let one = metric.open("{}").expect("open");
        let time = best(50, || (0..20).for_each(|_| metric.update(one, batch.clone()).expect("update")));
        println!("{what:<36}{:>10.2} ns per cell", time.as_nanos() as f64 / (20 * ROWS) as f64);
    }
}

/// The shortest of some runs: the others were disturbed.
fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    };
    (0..runs).map(time).min().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1_000.0
}
