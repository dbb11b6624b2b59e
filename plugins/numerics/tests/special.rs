//! Tails of common distributions against SciPy.

use driftline_numerics::special::{chi_squared_above, normal_above, student_outside};
use serde_json::Value;

#[test]
fn tails_equal_scipy() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("special.json")).expect("cases");
    let (mut worst, mut off) = (0.0_f64, Vec::new());
    for case in &cases {
        let number = |key: &str| case[key].as_f64().expect("a number");
        let (x, freedom, expected) = (number("x"), case["freedom"].as_f64().unwrap_or(0.0), number("tail"));
        let given = match case["distribution"].as_str() {
            Some("normal") => normal_above(x),
            Some("chi_squared") => chi_squared_above(x, freedom),
            _ => student_outside(x, freedom),
        };
        let difference = if given == expected { 0.0 } else { (given - expected).abs() / expected.abs() };
        worst = worst.max(difference);
        if difference > 1e-10 {
            off.push(format!("{case}: {given}"));
        }
    }
    assert!(off.is_empty(), "{}", off.join("\n"));
    println!("{} tails, off by at most {worst:.1e}", cases.len());
    assert!(cases.len() > 150);
}
