//! A guest that gives back the bytes it was given, as whatever it is asked for.

use std::{path::Path, sync::Arc};

use driftline_core::{BoundColumn, InputLayout, Kind};
use driftline_sandbox::{Limits, Metering, Plugin};

use super::{
    life,
    text::{TEXT, assembled},
};

/// Where the first state merged lies in the guest's memory, and where all of its later answers do.
pub const IMAGE: u32 = 65536;

const DESCRIPTION: &str = r#"{"name": "echo", "version": "1.0.0", "inputs": [
  {"name": "number"}, {"name": "category", "kinds": ["category"]}, {"name": "timestamp", "kinds": ["timestamp"]}],
  "outputs": [{"name": "a"}, {"name": "f1/*"}]}"#;

const IMPORTS: &str = r#"(import "driftline:metric/columns@0.1.0" "texts" (func $texts (param i32 i32)))"#;
const FOUND: &str = "(global $end (mut i32) (i32.const 0))";
const OPEN: &str = "(global.set $heap (i32.const 65536))";
const ANSWER: &str = "(if (global.get $end) (then (return (i32.const 65536))))";
const KEEP: &str = "(global.set $end (i32.add (local.get $at) (local.get $size)))";

/// The functions that `update` calls when told to, each with the words before its place for the answer.
const CALLS: [&str; 11] = [
    "(call $numbers {0} {2})",
    "(call $codes {0} {2})",
    "(call $labels {0} {1} {2})",
    "(call $timestamps {0} {2})",
    "(call $texts {0} {2})",
    "(call $bytes {0} {2})",
    "(call $validity {0} {2})",
    "(call $bound {0} {2})",
    "(call $name {0} {2})",
    "(call $kind {0} {2})",
    "(call $log {0} {1} {2})",
];

/// The guest, started once for nothing.
pub fn plugin(cache: &Path, limits: Limits) -> Arc<Plugin> {
    let (answering, merging, opening) = (ANSWER.to_owned(), format!("{ANSWER} {KEEP}"), format!("{ANSWER} {OPEN}"));
    let parts = [
        ("IMPORTS", IMPORTS.to_owned()),
        ("EXTRA", FOUND.to_owned()),
        ("OPEN", opening),
        ("MERGE", merging),
        ("STATE", answering.clone()),
        ("EVALUATE", answering),
        ("UPDATE", program()),
    ];
    let text = assembled(TEXT, DESCRIPTION, parts.iter().map(|(part, body)| (*part, body.as_str())));
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    life::plugin(&life::sandbox(cache, limits, Metering::Off), &wasm)
}

/// Runs what was merged first as a list of calls, 16 bytes each: which, and three words.
fn program() -> String {
    let word = |offset: u32| format!("(i32.load offset={offset} (local.get $cell))");
    let call = |(which, call): (usize, &&str)| {
        let call = (0..3).fold((*call).to_owned(), |call, at| call.replace(&format!("{{{at}}}"), &word(4 * at + 4)));
        format!("(if (i32.eq (i32.load8_u (local.get $cell)) (i32.const {which})) (then {call}))")
    };
    let calls: String = CALLS.iter().enumerate().map(call).collect();
    format!(
        "(local.set $cell (i32.const {IMAGE}))
         (block $done (loop $next
           (br_if $done (i32.gt_u (i32.add (local.get $cell) (i32.const 16)) (global.get $end)))
           {calls}
           (local.set $cell (i32.add (local.get $cell) (i32.const 16)))
           (br $next)))"
    )
}

/// A column of each kind.
pub fn layout() -> InputLayout {
    let column = |(name, kind): (&str, Kind)| Some(BoundColumn { name: name.into(), kind });
    let columns = [("number", Kind::Number), ("category", Kind::Category), ("timestamp", Kind::Timestamp)];
    InputLayout { columns: columns.into_iter().map(column).collect(), bound: (0..3).map(|at| vec![at]).collect() }
}
