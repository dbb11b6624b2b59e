//! The joint summary beside exact ranks.

use driftline_numerics::{CoMoments, Joint, key::key};
use proptest::prelude::*;

fn joint(limit: u32, pairs: &[(f64, f64)], parts: usize) -> Joint {
    let mut whole = Joint::new(limit);
    for part in pairs.chunks(pairs.len().div_ceil(parts).max(1)) {
        let mut one = Joint::new(limit);
        one.extend(part.iter().map(|(x, y)| (key(*x), key(*y))));
        one.settle();
        assert!(whole.merge(one));
    }
    whole
}

fn exact(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |of: fn(&(f64, f64)) -> f64| -> Vec<f64> {
        let column: Vec<f64> = pairs.iter().map(of).collect();
        let mut sorted = column.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = |x: &f64| (sorted.partition_point(|y| y < x) + sorted.partition_point(|y| y <= x)) as f64 / 2.0;
        column.iter().map(rank).collect()
    };
    let mut moments = CoMoments::default();
    moments.extend(&ranks(|pair| pair.0), &ranks(|pair| pair.1));
    moments.correlation()
}

proptest! {
    #[test]
    fn the_error_is_within_its_bound_and_parts_are_the_whole(
        pairs in proptest::collection::vec((-100.0..100.0_f64, -1.0..1.0_f64), 2..400),
        slope in -1.0..1.0_f64, offset in prop_oneof![Just(0.0), Just(1e6), Just(-1e15)],
        limit in 4_u32..64, parts in 1_usize..9,
    ) {
        let pairs: Vec<(f64, f64)> = pairs.into_iter().map(|(x, noise)| (x.round() / 4.0 + offset, x * slope + noise)).collect();
        let (whole, merged, exact) = (joint(limit, &pairs, 1), joint(limit, &pairs, parts), exact(&pairs));
        prop_assert_eq!(&whole, &merged);
        let found = whole.spearman();
        prop_assert_eq!(found.correlation.is_nan(), exact.is_nan() || found.correlation.is_nan());
        if found.correlation.is_finite() {
            prop_assert!((found.correlation - exact).abs() <= found.bound + 1e-12, "{found:?} for {exact}");
        }
    }
}

#[test]
fn few_values_are_exact_and_many_are_close() {
    let pairs = |count: u32| -> Vec<(f64, f64)> {
        let noise = |i: u32, by: u32| f64::from(i.wrapping_mul(by) % 10_007) / 10_007.0;
        (0..count).map(|i| (1.7e9 + 86_400.0 * noise(i, 7919), noise(i, 7919) + noise(i, 104_729))).collect()
    };
    let few = joint(64, &pairs(60), 3).spearman();
    assert!(few.bound == 0.0 && (few.correlation - exact(&pairs(60))).abs() < 1e-12, "{few:?}");
    for (limit, bound) in [(64, 0.1), (512, 0.015), (4096, 0.002)] {
        let (found, exact) = (joint(limit, &pairs(10_000), 7).spearman(), exact(&pairs(10_000)));
        assert!((found.correlation - exact).abs() <= found.bound && found.bound < bound, "{found:?} for {exact}");
    }
}
