//! Delayed metrics: before, after, twice, unknown, null; sealed or not.

use driftline_storage::Error;

use crate::world::{Float, Int, Null, Row, World, cells, delayed, prediction, text, window};

/// One case: what is sent, in order, and what prediction 1 then holds.
struct Case {
    name: &'static str,
    sent: Vec<Row>,
    expected: Vec<(&'static str, crate::world::Cell)>,
}

fn cases() -> Vec<Case> {
    let p = || prediction(1, 10, &[("score", Float(0.5)), ("late", Int(0))]);
    let case = |name, sent, expected| Case { name, sent, expected };
    let score = ("score", Float(0.5));
    vec![
        case("after", vec![p(), delayed(1, &[("late", Int(1))])], vec![score.clone(), ("late", Int(1))]),
        case("before", vec![delayed(1, &[("late", Int(1))]), p()], vec![score.clone(), ("late", Int(1))]),
        case(
            "twice",
            vec![p(), delayed(1, &[("late", Int(1))]), delayed(1, &[("late", Int(2))])],
            vec![score.clone(), ("late", Int(2))],
        ),
        case(
            "twice in one request",
            vec![p(), delayed(1, &[("late", Int(2))]), delayed(1, &[("late", Int(1))])],
            vec![score.clone(), ("late", Int(1))],
        ),
        case(
            "a null does not take a value back",
            vec![p(), delayed(1, &[("late", Int(1)), ("why", text("snow"))]), delayed(1, &[("late", Null)])],
            vec![score.clone(), ("late", Int(1)), ("why", text("snow"))],
        ),
        case(
            "each column by itself",
            vec![p(), delayed(1, &[("late", Int(1))]), delayed(1, &[("minutes", Float(3.5))])],
            vec![score.clone(), ("late", Int(1)), ("minutes", Float(3.5))],
        ),
        case("for an unknown id", vec![p(), delayed(9, &[("late", Int(1))])], vec![score.clone(), ("late", Int(0))]),
        case("none", vec![p()], vec![score, ("late", Int(0))]),
    ]
}

#[test]
fn the_last_value_for_an_id_and_column_wins() {
    for case in cases() {
        // Bit i of the pattern says whether to seal after row i.
        for pattern in 0..1_u32 << case.sent.len() {
            let mut world = World::new();
            for (at, row) in case.sent.iter().enumerate() {
                world.append(std::slice::from_ref(row));
                if pattern >> at & 1 == 1 {
                    world.seal();
                }
            }
            let expected = vec![Row { id: 1, time: Some(10), cells: cells(&case.expected) }];
            assert_eq!(world.read(None), expected, "{}, sealed {pattern:b}", case.name);
            if pattern == 1 {
                world.restart();
                assert_eq!(world.read(None), expected, "{} after a restart", case.name);
            }
        }
    }
}

#[test]
fn an_integer_becomes_a_float_in_what_was_sealed_before() {
    let world = World::new();
    world.append(&[prediction(1, 10, &[]), prediction(2, 11, &[])]);
    world.append(&[delayed(1, &[("late", Int(1))])]);
    world.seal();
    world.append(&[delayed(2, &[("late", Float(0.5))])]);
    let read = world.read(None);
    assert_eq!([&read[0].cells["late"], &read[1].cells["late"]], [&Float(1.0), &Float(0.5)]);
}

#[test]
fn only_asked_for_columns_are_joined_and_missing_ones_added() {
    let world = World::new();
    world.append(&[prediction(1, 10, &[("score", Float(0.5))]), prediction(2, 11, &[])]);
    world.append(&[delayed(1, &[("late", Int(1)), ("minutes", Int(7))])]);
    let snapshot = world.snapshot(None);
    let ids = snapshot.unsealed[0].project(&[0]).expect("a projection");
    let joined = snapshot.delayed(&["minutes", "score"]).expect("cells").apply(&ids).expect("joins");
    let names: Vec<_> = joined.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["id", "minutes", "score"]);
    assert_eq!([joined.column(1).null_count(), joined.column(2).null_count()], [1, 2]);
    let error = snapshot.delayed(&["nonsense"]).err().expect("refused");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    let without_id = joined.project(&[1]).expect("a projection");
    assert!(matches!(snapshot.delayed(&["late"]).expect("cells").apply(&without_id), Err(Error::Rows(_))));
}

#[test]
fn values_far_from_the_window_are_not_loaded() {
    let world = World::new();
    let count = 70_000_u128;
    world.append(&(0..count).map(|n| prediction(n, n as i64, &[])).collect::<Vec<_>>());
    world.append(&(0..count).map(|n| delayed(n, &[("late", Int(n as i64))])).collect::<Vec<_>>());
    world.seal();
    world.append(&[prediction(count, count as i64, &[]), delayed_free(count + 1)]);
    let all = world.snapshot(None).delayed(&["late"]).expect("cells");
    assert_eq!(all.len(), count as usize);
    let last = world.snapshot(Some(window(count as i64, count as i64 + 9))).delayed(&["late"]).expect("cells");
    assert!(last.is_empty());
    assert_eq!(
        world.read(None)[..count as usize].iter().filter(|row| row.cells["late"] == Int(row.id as i64)).count(),
        count as usize
    );
}

fn delayed_free(id: u128) -> Row {
    prediction(id, id as i64, &[])
}
