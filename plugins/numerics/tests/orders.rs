//! What is counted from the order of two sides alone is what visiting every key gives.

use driftline_numerics::{Multiset, ecdf, key::key, roc};
use proptest::prelude::*;

/// The numbers as rows of their own, in runs of about `run`; or each with a weight of one, so that keys are visited.
fn multiset(numbers: &[f64], run: usize, weighted: bool) -> Multiset {
    let mut all = Multiset::default();
    for numbers in numbers.chunks(run) {
        let mut part = Multiset::default();
        match weighted {
            true => part.extend_pairs(numbers.iter().map(|number| (key(*number), 1.0))),
            false => part.extend(numbers.iter().copied()),
        }
        part.settle();
        all.merge(part);
    }
    all
}

/// Numbers of few or many different values, moved by some.
fn numbers(count: usize, values: f64, moved: f64, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((state ^ state >> 31) >> 11) as f64 / (1_u64 << 53) as f64 * values).floor() / values + moved
    };
    core::iter::repeat_with(next).take(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn orders_say_what_visits_say(
        first in 1_usize..30_000, second in 1_usize..30_000, values in prop_oneof![Just(50.0), Just(5e3), Just(1e15)],
        moved in prop_oneof![Just(0.0), Just(0.05), Just(2.0)], run in 500_usize..20_000, seed: u64
    ) {
        let a = numbers(first, values, 0.0, seed);
        let b = numbers(second, values, moved, seed ^ 1);
        let sides = |weighted| (multiset(&a, run, weighted), multiset(&b, run, weighted));
        let ((a, b), (visited_a, visited_b)) = (sides(false), sides(true));
        let plain = ecdf::distance(&a, &b, None::<fn(u64) -> bool>);
        let visited = ecdf::distance(&visited_a, &visited_b, None::<fn(u64) -> bool>);
        prop_assert_eq!(&plain, &visited);
        let (plain, visited) = (roc::roc(&a, &b, true), roc::roc(&visited_a, &visited_b, true));
        prop_assert!((plain.area - visited.area).abs() < 1e-13, "{} {}", plain.area, visited.area);
        prop_assert_eq!(plain.tied, visited.tied);
        if values > 1e9 {
            // Among equal scores of one class a point may lie between two others.
            prop_assert_eq!(plain.curve, visited.curve);
        }
        match (plain.standard_error, visited.standard_error) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() <= 1e-9 * b + 1e-9, "{a} {b}"),
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}
