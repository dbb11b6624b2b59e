//! A prediction is kept once, however often and by however many its id is sent.

use std::{collections::BTreeMap, sync::Barrier, thread};

use driftline_core::Digest;
use driftline_storage::{Append, Appended, Error, Kind, Retry, Unique};
use futures::executor::block_on;
use proptest::prelude::*;

use crate::{
    upload::upload_with_ids,
    world::{Int, Row, World, batch, name, prediction},
};

/// Appends rows whose ids may have come before; gives how many had.
pub fn send(world: &World, rows: &[Row], retry: Option<Retry>) -> Result<u64, Error> {
    let append = Append {
        model: name("m"),
        kind: Kind::Predictions,
        batches: vec![batch(rows)],
        create_model: true,
        retry,
        answer: "0".into(),
        unique: Some(Unique { count: |_, duplicates| duplicates.to_string() }),
    };
    Ok(match block_on(world.storage().append(append))? {
        Appended::Fresh => 0,
        Appended::Partly { duplicates, answer } => {
            assert_eq!(answer, duplicates.to_string());
            duplicates
        }
        Appended::Replayed(answer) => answer.parse().expect("a number"),
    })
}

fn rows(ids: std::ops::Range<u128>, value: i64) -> Vec<Row> {
    ids.map(|id| prediction(id, id as i64, &[("a", Int(value))])).collect()
}

#[test]
fn the_first_row_of_an_id_stays_wherever_it_is() {
    let mut world = World::new();
    for (place, go) in [
        ("in the log", (|_| {}) as fn(&mut World)),
        ("in a segment", |world| world.seal()),
        ("in a segment after a restart", |world| world.restart()),
        ("in a merged segment", |world| world.storage().maintain().expect("merges")),
    ] {
        assert_eq!(send(&world, &rows(0..100, 1), None).expect("appends"), if place == "in the log" { 0 } else { 100 });
        go(&mut world);
        assert_eq!(send(&world, &rows(50..150, 2), None).expect("appends") % 50, 0, "{place}");
        assert_eq!(send(&world, &rows(0..150, 3), None).expect("appends"), 150, "{place}");
        let expected: Vec<Row> = rows(0..100, 1).into_iter().chain(rows(100..150, 2)).collect();
        assert_eq!(world.read(None), expected, "{place}");
    }
}

#[test]
fn a_row_is_unique_within_one_append_and_against_rows_that_needed_no_check() {
    let world = World::new();
    let twice: Vec<Row> = rows(0..10, 1).into_iter().chain(rows(5..15, 2)).collect();
    assert_eq!(send(&world, &twice, None).expect("appends"), 5);
    world.append(&rows(20..30, 1));
    assert_eq!(send(&world, &rows(0..40, 2), None).expect("appends"), 25);
    assert_eq!(world.read(None).len(), 40);
}

#[test]
fn a_retry_by_key_gets_the_count_of_the_first_attempt() {
    let mut world = World::new();
    let retry = |key: &str| Some(Retry { key: key.into(), fingerprint: Digest::of(b"same") });
    assert_eq!(send(&world, &rows(0..10, 1), retry("a")).expect("appends"), 0);
    assert_eq!(send(&world, &rows(0..20, 1), retry("b")).expect("appends"), 10);
    world.restart();
    assert_eq!(send(&world, &rows(0..10, 1), retry("a")).expect("replays"), 0);
    assert_eq!(send(&world, &rows(0..20, 1), retry("b")).expect("replays"), 10);
}

#[test]
fn the_same_ids_in_many_requests_at_once_are_kept_once_while_sealing_runs() {
    const SENDERS: u128 = 6;
    let world = World::with(|options| options.segment_rows = 100);
    send(&world, &rows(0..1, 1), None).expect("appends");
    let start = Barrier::new(SENDERS as usize + 1);
    let duplicates: u64 = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (world, start) = (&world, &start);
                scope.spawn(move || {
                    start.wait();
                    let parts = (0..30_u128).map(|n| (n * 7 + sender) % 30 * 20);
                    parts.map(|first| send(world, &rows(first..first + 20, 1), None).expect("appends")).sum::<u64>()
                })
            })
            .collect();
        start.wait();
        while senders.iter().any(|sender| !sender.is_finished()) {
            world.storage().maintain().expect("seals and merges");
        }
        senders.into_iter().map(|sender| sender.join().expect("no panic")).sum()
    });
    assert_eq!(world.read(None), rows(0..600, 1));
    assert_eq!(duplicates, (SENDERS as u64 - 1) * 600 + 1);
}

#[derive(Debug, Clone)]
enum Step {
    Send(Vec<(u8, i64)>),
    Unchecked(u8),
    Upload(BTreeMap<u8, i64>),
    Seal,
    Maintain,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec((0_u8..60, 0_i64..9), 1..20).prop_map(Step::Send),
        1 => (100_u8..120).prop_map(Step::Unchecked),
        2 => proptest::collection::btree_map(0_u8..60, 0_i64..9, 1..60).prop_map(Step::Upload),
        2 => Just(Step::Seal),
        1 => Just(Step::Maintain),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_the_first_row_of_each_id(steps in proptest::collection::vec(step(), 1..25), segment_rows in 1_usize..30) {
        let mut world = World::with(|options| options.segment_rows = segment_rows);
        world.storage().put_model(&name("m"), Default::default()).expect("writes");
        let mut naive: BTreeMap<u8, i64> = BTreeMap::new();
        let row = |id: u8, value: i64| prediction(id.into(), id.into(), &[("a", Int(value))]);
        for step in steps {
            match step {
                Step::Send(sent) => {
                    let rows: Vec<Row> = sent.iter().map(|(id, value)| row(*id, *value)).collect();
                    let before = naive.len();
                    for (id, value) in &sent {
                        naive.entry(*id).or_insert(*value);
                    }
                    let fresh = naive.len() - before;
                    prop_assert_eq!(send(&world, &rows, None).expect("appends"), (sent.len() - fresh) as u64);
                }
                Step::Unchecked(id) => {
                    if naive.insert(id, 0).is_none() {
                        world.append(&[row(id, 0)]);
                    }
                }
                Step::Upload(sent) => {
                    let rows: Vec<Row> = sent.iter().map(|(id, value)| row(*id, *value)).collect();
                    let there = sent.keys().filter(|id| naive.contains_key(id)).count();
                    for (id, value) in sent {
                        naive.entry(id).or_insert(value);
                    }
                    prop_assert_eq!(upload_with_ids(&world, &rows, || {}), Some(there as u64));
                }
                Step::Seal => world.seal(),
                Step::Maintain => world.storage().maintain().expect("maintains"),
                Step::Restart => world.restart(),
            }
            let expected: Vec<Row> = naive.iter().map(|(id, value)| row(*id, *value)).collect();
            prop_assert_eq!(world.read(None), expected);
        }
    }
}
