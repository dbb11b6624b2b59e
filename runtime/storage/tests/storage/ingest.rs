//! Rows in: growth and refusal of columns, idempotency keys, many writers at once.

use std::{sync::Barrier, thread, time::Duration};

use arrow::{
    array::{ArrayRef, Int32Array, ListArray, RecordBatch, UInt64Array},
    datatypes::Float64Type,
};
use driftline_core::{ColumnType, Digest};
use driftline_storage::{Append, Appended, Error, Kind, Retry};
use futures::executor::block_on;

use crate::world::{Float, Int, Null, World, batch, delayed, name, prediction, text, window};

#[test]
fn appended_rows_are_read_back_at_once_and_after_a_restart() {
    let mut world = World::new();
    let rows = [
        prediction(7, 20, &[("score", Float(0.5)), ("region", text("eu"))]),
        prediction(8, 10, &[("score", Float(0.25))]),
        prediction(9, 30, &[("region", text("us")), ("count", Int(i64::MAX))]),
    ];
    world.append(&rows);
    let expected = [rows[1].clone(), rows[0].clone(), rows[2].clone()];
    assert_eq!(world.read(None), expected);
    world.restart();
    assert_eq!(world.read(None), expected);
    assert_eq!(world.read(Some(window(10, 20))), expected[..1]);
}

#[test]
fn a_schema_grows_and_integers_widen_to_floats() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(3))])]);
    world.seal();
    world.append(&[prediction(2, 2, &[("a", Int(4)), ("b", text("x"))])]);
    world.append(&[prediction(3, 3, &[("a", Float(0.5))])]);
    world.append(&[prediction(4, 4, &[("a", Int(5))])]);
    assert_eq!(world.model().schema.column_type("a"), Some(ColumnType::Float));
    let unsealed = &world.snapshot(None).unsealed;
    assert_eq!(unsealed.iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
    let read = world.read(None);
    let a: Vec<_> = read.iter().map(|row| row.cells["a"].clone()).collect();
    // The first segment was written with integers; a query engine casts when it reads.
    assert_eq!(a, [Float(3.0), Float(4.0), Float(0.5), Float(5.0)]);
}

#[test]
fn a_refused_append_names_the_column_and_changes_nothing() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(3))])]);
    let before = (world.model(), world.read(None));
    let error =
        world.try_append(&[prediction(2, 2, &[("a", text("x")), ("new", Int(1))])], None, "").expect_err("refused");
    assert!(matches!(error, Error::Schema(_)) && error.to_string().contains("`a`"), "{error}");
    assert_eq!((world.model(), world.read(None)), before);
}

#[test]
fn batches_that_cannot_be_kept_are_refused_with_the_place() {
    let world = World::new();
    let good = batch(&[prediction(1, 1, &[("a", Int(1))]), prediction(2, 2, &[])]);
    let with = |column: &str, array: ArrayRef| {
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (field, held) in good.schema().fields().iter().zip(good.columns()) {
            columns.push((field.name().clone(), if field.name() == column { array.clone() } else { held.clone() }));
        }
        if good.column_by_name(column).is_none() {
            columns.push((column.into(), array));
        }
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).expect("a batch")
    };
    let without = |column: &str| {
        let kept = good.schema().fields().iter().position(|field| field.name() != column).into_iter();
        let kept: Vec<usize> = kept.chain(2..good.num_columns()).collect();
        good.project(&kept).expect("a projection")
    };
    let null_time = arrow::array::TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("UTC");
    let far_time = arrow::array::TimestampMicrosecondArray::from(vec![1, i64::MAX]).with_timezone("UTC");
    let cases: [(&str, RecordBatch, &str); 7] = [
        ("no id", without("id"), "`id` is missing"),
        ("no time", without("time"), "`time` is missing"),
        ("a null time", with("time", std::sync::Arc::new(null_time)), "row 1: `time` is missing"),
        ("a time beyond the calendar", with("time", std::sync::Arc::new(far_time)), "row 1: `time` lies outside"),
        (
            "an id of another type",
            with("id", std::sync::Arc::new(Int32Array::from(vec![1, 2]))),
            "`id` has the type Int32",
        ),
        ("a number beyond 64 bits", with("a", std::sync::Arc::new(UInt64Array::from(vec![1, u64::MAX]))), "column `a`"),
        (
            "a type without a column type",
            with("a", std::sync::Arc::new(arrow::array::BinaryArray::from_vec(vec![b"x", b"y"]))),
            "column `a` has the type Binary",
        ),
    ];
    for (case, rows, expected) in cases {
        let append = Append {
            model: name("m"),
            kind: Kind::Predictions,
            batches: vec![good.clone(), rows],
            create_model: true,
            retry: None,
            answer: String::new(),
            unique: None,
        };
        let error = block_on(world.storage().append(append)).expect_err(case);
        assert!(error.to_string().contains(expected), "{case}: {error}");
    }
    assert_eq!(world.storage().model(&name("m")).expect("reads"), None);
}

#[test]
fn lists_of_numbers_are_kept() {
    let world = World::new();
    let rows = batch(&[prediction(1, 1, &[]), prediction(2, 2, &[])]);
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>([Some(vec![Some(1.0), None]), None]);
    let mut columns: Vec<(String, ArrayRef)> = vec![("v".into(), std::sync::Arc::new(lists))];
    for (field, held) in rows.schema().fields().iter().zip(rows.columns()) {
        columns.push((field.name().clone(), held.clone()));
    }
    let given = RecordBatch::try_from_iter(columns).expect("a batch");
    let append = Append {
        model: name("m"),
        kind: Kind::Predictions,
        batches: vec![given.clone()],
        create_model: true,
        retry: None,
        answer: String::new(),
        unique: None,
    };
    block_on(world.storage().append(append)).expect("appends");
    let of = |batch: &RecordBatch| batch.column_by_name("v").cloned().expect("the column");
    assert_eq!(&of(&world.snapshot(None).unsealed[0]), &of(&given));
    world.seal();
    let segment = &world.snapshot(None).segments[0];
    assert_eq!(&of(&crate::world::segment_rows(world.storage(), &segment.path)), &of(&given));
}

#[test]
fn rows_for_an_unknown_model_are_refused_unless_it_may_be_created() {
    let world = World::new();
    let append = |create_model| Append {
        model: name("m"),
        kind: Kind::Delayed,
        batches: vec![batch(&[delayed(1, &[("late", Int(1))])])],
        create_model,
        retry: None,
        answer: String::new(),
        unique: None,
    };
    let error = block_on(world.storage().append(append(false))).expect_err("refused");
    assert_eq!(error.to_string(), "there is no model `m`");
    assert_eq!(block_on(world.storage().append(append(true))).expect("appends"), Appended::Fresh);
}

fn retry(key: &str, request: &str) -> Option<Retry> {
    Some(Retry { key: key.into(), fingerprint: Digest::of(request.as_bytes()) })
}

#[test]
fn a_retried_append_gets_its_first_answer_and_counts_once_also_after_a_restart() {
    let mut world = World::new();
    let rows = [prediction(1, 1, &[("a", Int(1))])];
    assert_eq!(world.try_append(&rows, retry("k", "r"), "first").expect("appends"), Appended::Fresh);
    for _ in 0..2 {
        let again = world.try_append(&rows, retry("k", "r"), "second").expect("replays");
        assert_eq!(again, Appended::Replayed("first".into()));
        world.restart();
    }
    assert_eq!(world.read(None).len(), 1);
    assert!(matches!(world.try_append(&rows, retry("k", "other"), ""), Err(Error::KeyReused { .. })));
    assert_eq!(world.try_append(&rows, retry("k2", "r"), "").expect("appends"), Appended::Fresh);
    assert_eq!(world.read(None).len(), 2);
}

#[test]
fn a_key_of_a_refused_append_stays_free() {
    let world = World::new();
    world.append(&[prediction(1, 1, &[("a", Int(3))])]);
    assert!(world.try_append(&[prediction(2, 2, &[("a", text("x"))])], retry("k", "bad"), "").is_err());
    let good = [prediction(2, 2, &[("a", Int(1))])];
    assert_eq!(world.try_append(&good, retry("k", "good"), "").expect("appends"), Appended::Fresh);
}

#[test]
fn many_writers_at_once_lose_nothing_and_a_refused_one_harms_no_other() {
    const WRITERS: u128 = 16;
    const EACH: u128 = 20;
    let world = World::new();
    world.append(&[prediction(0, 0, &[("a", Int(0))])]);
    let start = Barrier::new(WRITERS as usize);
    thread::scope(|scope| {
        for writer in 1..=WRITERS {
            let (world, start) = (&world, &start);
            scope.spawn(move || {
                start.wait();
                for n in 0..EACH {
                    let id = writer * 1_000 + n;
                    let fresh = format!("c{}", id % 7);
                    let good = [prediction(id, id as i64, &[("a", Int(id as i64)), (fresh.as_str(), Int(1))])];
                    world.append(&good);
                    assert!(world.try_append(&[prediction(id, 1, &[("a", text("bad"))])], None, "").is_err());
                }
            });
        }
    });
    let read = world.read(None);
    assert_eq!(read.len() as u128, WRITERS * EACH + 1);
    assert!(read.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert!(read.iter().skip(1).all(|row| row.cells.len() == 2 && row.cells["a"] == Int(row.id as i64)));
}

#[test]
fn an_empty_append_creates_the_model_and_nothing_else() {
    let world = World::new();
    let none = batch(&[prediction(1, 1, &[])]).slice(0, 0);
    let append = Append {
        model: name("m"),
        kind: Kind::Predictions,
        batches: vec![none],
        create_model: true,
        retry: None,
        answer: String::new(),
        unique: None,
    };
    block_on(world.storage().append(append)).expect("appends");
    assert_eq!(world.read(None), []);
    world.seal();
    assert_eq!(world.snapshot(None).segments, []);
}

#[test]
fn large_appends_are_kept_whole() {
    let world = World::new();
    let rows: Vec<_> = (0..150_000).map(|n| prediction(n, n as i64, &[("a", Int(n as i64))])).collect();
    world.append(&rows);
    world.append(&[prediction(150_000, 150_000, &[("a", Null)])]);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.read(None).len(), 150_001);
    world.seal();
    assert_eq!(world.read(None)[..150_000], rows);
}
