//! The laws of plugins: the standard ones keep all of them, and each way to break one is found, with rows and both values.

use std::{fs, iter, path::Path, time::Duration};

use driftline_core::MetricFactory;
use driftline_sandbox::{Law, Laws, Limits, RefusalCode, Verdict};

use crate::guest::{Place, SUM, text::KEEP_FIRST, wasm};

const NULLABLE: &str = r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value", "nullable": true}], "outputs": [{"name": "a"}]}"#;
const UNMERGED: &str = r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}], "merges": false}"#;
const ROUGH: &str = r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}], "tolerance": 0.01}"#;
const COMPARING: &str = r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}], "reference": "required"}"#;
const CHOOSY: &str = r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}],
    "parameters": {"type": "object", "properties": {"k": {"type": "number"}}, "required": ["k"]}}"#;

const DONE: &str = "(i32.store (i32.const 0) (i32.const 0)) (return (i32.const 0))";
/// Keeps the first cell that is not 0.
const FIRST: &str = "
    (global.set $heap (i32.const 65536))
    (call $numbers (i32.const 0) (i32.const 256))
    (if (i32.and (f64.eq (f64.load (local.get $self)) (f64.const 0)) (i32.ne (i32.load (i32.const 260)) (i32.const 0)))
      (then (f64.store (local.get $self) (f64.load (i32.load (i32.const 256))))))";
const TRAP_AT_NULLS: &str = "(call $validity (i32.const 0) (i32.const 600))
    (if (i32.load8_u (i32.const 600)) (then unreachable))";
const REFUSE_ROWS: &str = "(i32.store (i32.const 0) (i32.const 1)) (i32.store (i32.const 4) (i32.const 1))
    (i32.store (i32.const 8) (i32.const 2050)) (i32.store (i32.const 12) (i32.const 4)) (return (i32.const 0))";
const TRAP_AT_ZERO: &str = "(if (f64.eq (f64.load (local.get $self)) (f64.const 0)) (then unreachable))";
const FORGET: &str = "(i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 768))
    (i32.store (i32.const 8) (i32.const 8)) (return (i32.const 0))";
/// Saves and starts anew.
const EMPTIED: &str =
    "(f64.store (i32.const 776) (f64.load (local.get $self))) (f64.store (local.get $self) (f64.const 0))
    (i32.store (i32.const 0) (i32.const 0)) (i32.store (i32.const 4) (i32.const 776))
    (i32.store (i32.const 8) (i32.const 8)) (return (i32.const 0))";
const OVERWRITE: &str = "(f64.store (local.get $self) (f64.const 0))";
const ROUND: &str = "(f64.store (local.get $at) (f64.mul (f64.load (local.get $at)) (f64.const 1.0001)))";
const TRAP_BELOW_ZERO: &str = "(call $numbers (i32.const 0) (i32.const 256))
    (if (f64.lt (f64.load (i32.load (i32.const 256))) (f64.const 0)) (then unreachable))";
const LOOP: &str = "(loop $ever (br $ever))";

/// What bounds the memory of plugins whose exact state grows.
const BOUNDED: &[(&str, &str)] = &[
    ("average-precision", r#"{"bins": 20}"#),
    ("correlation", r#"{"sketch": 16}"#),
    ("distribution-distance", r#"{"sketch": 3}"#),
    ("drift-auto", r#"{"sketch": 3}"#),
    ("estimated-performance", r#"{"sketch": 3}"#),
    ("ks", r#"{"sketch": 3}"#),
    ("multiclass-roc-auc", r#"{"bins": 20}"#),
    ("multivariate-drift", r#"{"bounded": true}"#),
    ("psi", r#"{"sketch": 3}"#),
    ("ranking", r#"{"sample": 2}"#),
    ("regression", r#"{"sketch": 3}"#),
    ("roc-auc", r#"{"bins": 20}"#),
    ("two-sample", r#"{"sketch": 3}"#),
    ("wasserstein", r#"{"sketch": 3}"#),
];

/// What is put in at which places of a guest.
type Parts<'a> = &'a [(&'a str, &'a str)];

fn laws(parts: Parts<'_>, limits: Limits) -> Laws {
    Place::new(limits).plugin(&wasm(parts)).expect("a plugin").laws()
}

fn verdict(laws: &Laws, law: Law) -> &Verdict {
    &laws.findings.iter().find(|finding| finding.law == law).expect("each law has a finding").verdict
}

#[test]
fn each_broken_law_is_found_with_rows_and_both_values() {
    // Adds up in one place for all accumulators.
    let shared = SUM.replace("(local.get $self)", "(i32.const 800)");
    let shared = format!("{shared} (f64.store (local.get $self) (f64.load (i32.const 800)))");
    let empty_first = format!("(f64.store (local.get $self) (f64.const 0)) {SUM}");
    let cases: &[(Parts<'_>, Law, &str)] = &[
        (
            &[("UPDATE", "unreachable")],
            Law::Rows,
            "of the row {\"value\":-14.875}, the answer is a failure, `update` trapped",
        ),
        (&[("OPEN", "unreachable")], Law::Rows, "of no rows, the answer is a failure, `open` trapped"),
        (&[("UPDATE", SUM), ("EVALUATE", "unreachable")], Law::Rows, "plugin_trap"),
        (&[("UPDATE", SUM), ("EVALUATE", TRAP_AT_ZERO)], Law::Empty, "of no rows, the answer is a failure"),
        (&[("UPDATE", &shared)], Law::Independence, "`a` is"),
        (&[("UPDATE", &empty_first)], Law::Batches, "in batches of 1, 0, 1"),
        (&[("DESCRIPTION", NULLABLE), ("UPDATE", TRAP_AT_NULLS)], Law::Nulls, "plugin_trap"),
        (&[("UPDATE", SUM), ("STATE", FORGET)], Law::State, "`a` is 0 once its state is saved"),
        (&[("UPDATE", SUM), ("STATE", EMPTIED)], Law::State, "when its state is saved"),
        (&[("UPDATE", SUM), ("MERGE", DONE)], Law::State, "`a` is 0 once its state is saved"),
        (&[("UPDATE", SUM), ("MERGE", REFUSE_ROWS)], Law::State, "plugin_invalid_data"),
        (&[("UPDATE", SUM), ("MERGE", "unreachable")], Law::State, "plugin_trap"),
        (&[("UPDATE", SUM), ("MERGE", OVERWRITE)], Law::Identity, "before a state of no rows"),
        (&[("UPDATE", SUM), ("MERGE", KEEP_FIRST)], Law::Split, "in parts of 1, 1, 0 that are merged"),
        (&[("UPDATE", FIRST), ("MERGE", KEEP_FIRST)], Law::Order, "the other way round"),
        (&[("UPDATE", SUM), ("MERGE", ROUND)], Law::State, "and must be"),
        (&[("DESCRIPTION", COMPARING), ("UPDATE", SUM), ("MERGE", KEEP_FIRST)], Law::Split, "in parts of"),
    ];
    for (parts, law, words) in cases {
        let laws = laws(parts, Limits::default());
        let refusal = laws.refusal().unwrap_or_else(|| panic!("{parts:?}: {laws:?}"));
        assert_eq!(laws.broken().map(|(law, _)| law), Some(*law), "{refusal}");
        assert_eq!(refusal.code, RefusalCode::LawBroken);
        assert!(refusal.message.contains(words), "{refusal}");
        assert_eq!(refusal.message.contains("\"merges\": false"), law.is_of_merging(), "{refusal}");
    }
}

#[test]
fn a_breach_is_shown_with_as_few_rows_as_are_enough() {
    let laws = laws(&[("UPDATE", SUM), ("MERGE", KEEP_FIRST)], Limits::default());
    let (_, breach) = laws.broken().expect("broken");
    assert_eq!((breach.rows, breach.shown.len()), (2, 2), "{breach}");
    assert_eq!(breach.shown[0], r#"{"value":-14.875}"#);
    let (expected, found): (f64, f64) = (breach.expected.parse().expect("one"), breach.found.parse().expect("one"));
    assert!((expected - found).abs() > 1.0, "{breach}");
}

#[test]
fn what_is_not_claimed_and_what_cannot_be_checked_is_no_breach() {
    let honest = laws(&[("UPDATE", SUM)], Limits::default());
    assert_eq!(honest.refusal(), None, "{honest:?}");
    let held = honest.findings.iter().filter(|finding| finding.verdict == Verdict::Holds(None)).count();
    assert_eq!(held, Law::ALL.len() - 1, "{honest:?}");
    assert!(honest.rows > 0, "{honest:?}");
    assert!(matches!(verdict(&honest, Law::Nulls), Verdict::NotChecked(why) if why.contains("nullable")));

    let unmerged = laws(&[("DESCRIPTION", UNMERGED), ("UPDATE", SUM), ("MERGE", "unreachable")], Limits::default());
    assert_eq!(unmerged.refusal(), None, "{unmerged:?}");
    for law in Law::ALL {
        assert_eq!(*verdict(&unmerged, law) == Verdict::NotClaimed, law.is_of_merging(), "{law}: {unmerged:?}");
    }
    let rough = laws(&[("DESCRIPTION", ROUGH), ("UPDATE", SUM), ("MERGE", ROUND)], Limits::default());
    assert_eq!(rough.refusal(), None, "a tolerance of 1 % holds 0.01 %: {rough:?}");

    for (parts, words) in [
        (&[("DESCRIPTION", CHOOSY)][..], "parameter `k` has neither a default nor an example"),
        (&[("UPDATE", REFUSE_ROWS)], "does not take generated rows: name"),
    ] {
        let laws = laws(parts, Limits::default());
        assert_eq!(laws.refusal(), None, "{laws:?}");
        for finding in &laws.findings {
            assert!(matches!(&finding.verdict, Verdict::NotChecked(why) if why.contains(words)), "{finding:?}");
        }
    }
}

#[test]
fn a_plugin_that_takes_some_rows_and_traps_on_others_is_told_so() {
    let laws = laws(&[("UPDATE", &format!("{TRAP_BELOW_ZERO} {SUM}"))], Limits::default());
    assert_eq!(laws.refusal(), None, "{laws:?}");
    let Verdict::Holds(Some(remark)) = verdict(&laws, Law::Rows) else { panic!("{laws:?}") };
    assert!(remark.contains("{\"value\":-14.875}") && remark.contains("plugin_trap"), "{remark}");
    assert_eq!(*verdict(&laws, Law::Split), Verdict::Holds(None), "{laws:?}");
}

#[test]
fn fuel_depends_on_the_bytes_and_grows_with_the_work() {
    let fuel = |body: &str| {
        let place = Place::new(Limits::default());
        place.sandbox.fuel(&wasm(&[("UPDATE", body)]), None).expect("compiled").expect("not stopped").expect("measured")
    };
    let once = fuel(SUM);
    assert_eq!(once, fuel(SUM));
    assert_eq!(once.rows, 1024);
    assert_eq!(
        once.calls.keys().copied().collect::<Vec<_>>(),
        ["evaluate", "merge", "open", "start", "state", "update"]
    );
    let twice = fuel(&format!("{SUM} {SUM}"));
    assert!(once.a_row() > 3.0 && twice.a_row() > 1.9 * once.a_row(), "{once:?} {twice:?}");
    let place = Place::new(Limits::default());
    let choosy = place.sandbox.fuel(&wasm(&[("DESCRIPTION", CHOOSY)]), None).expect("compiled").expect("not stopped");
    assert!(choosy.as_ref().is_err_and(|why| why.contains("`k`")), "{choosy:?}");
}

#[test]
fn the_time_for_all_laws_is_bounded() {
    let limits = Limits { laws_ms: 300, ..Limits::default() };
    let laws = laws(&[("UPDATE", SUM), ("MERGE", LOOP)], limits);
    assert_eq!(laws.refusal(), None, "{laws:?}");
    assert!(laws.took < Duration::from_secs(3), "{laws:?}");
    assert!(matches!(verdict(&laws, Law::Batches), Verdict::Holds(_)), "{laws:?}");
    assert!(matches!(verdict(&laws, Law::Split), Verdict::NotChecked(why) if why.contains("time")), "{laws:?}");
}

#[test]
fn every_built_plugin_keeps_the_laws() {
    let place = Place::new(Limits { laws_ms: 60_000, ..Limits::default() });
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    let mut checked = 0;
    for file in fs::read_dir(built).expect("the built plugins").map(|file| file.expect("listed").path()) {
        if file.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        let plugin = place.plugin(&fs::read(&file).expect("read")).expect("a plugin");
        let name = plugin.description().name.as_str();
        let nullable = plugin.description().inputs.iter().any(|input| input.nullable);
        let bounded = BOUNDED.iter().filter(|(of, _)| *of == name).map(|(_, parameters)| plugin.laws_with(parameters));
        for laws in iter::once(plugin.laws()).chain(bounded) {
            assert_eq!(laws.refusal(), None, "{name}");
            for finding in &laws.findings {
                let held = finding.verdict == Verdict::Holds(None) || finding.law == Law::Nulls && !nullable;
                assert!(held, "{name}: {finding:?}");
            }
            println!("{name}: {:.1?}", laws.took);
            checked += 1;
        }
    }
    assert_eq!(checked, 23 + BOUNDED.len());
}
