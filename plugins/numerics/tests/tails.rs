//! Kolmogorov-Smirnov tails against SciPy, over every method and its borders.

use driftline_numerics::kolmogorov::{Alternative, Method, one_sample, two_sample};
use serde_json::Value;

fn close(given: f64, expected: f64) -> bool {
    // Where SciPy subtracts from one, it keeps no more than this.
    given == expected || (given - expected).abs() <= 1e-9 * expected.abs() + 1e-15
}

#[test]
fn one_sample_equals_scipy() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("one_sample.json")).expect("cases");
    let mut off = Vec::new();
    for case in &cases {
        let number = |key: &str| case[key].as_f64().expect("a number");
        let (n, x, expected) = (number("n"), number("x"), number("tail"));
        let given = one_sample(n, x);
        if !close(given, expected) {
            off.push(format!("n = {n}, x = {x}: {given} instead of {expected}"));
        }
    }
    assert!(off.is_empty(), "{}", off.join("\n"));
}

#[test]
fn two_samples_equal_scipy() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("two_sample.json")).expect("cases");
    for case in &cases {
        let whole = |key: &str| case[key].as_u64().expect("a whole number");
        let alternative = if case["alternative"] == "less" { Alternative::Less } else { Alternative::TwoSided };
        let d = case["d"].as_f64().expect("a number");
        let tail = two_sample(d, whole("n1"), whole("n2"), alternative, Method::Exact);
        match case["p_value"].as_f64() {
            Some(expected) => assert!(tail.exact && close(tail.p_value, expected), "{tail:?} for {case}"),
            None => assert!(!tail.exact, "{tail:?} for {case}"),
        }
        assert!(
            !tail.exact || close(tail.statistic, case["statistic"].as_f64().expect("a number")),
            "{tail:?} for {case}"
        );
    }
}
