//! Storage against a naive model in memory, over random histories.

mod naive;

use std::time::Duration;

use driftline_storage::Erasing;
use proptest::prelude::*;

use crate::{
    summed, unique, upload,
    world::{Cell, Cells, Float, Int, Null, Row, World, labelled_at, name, text, window},
};
use naive::{Labels, Naive};

#[derive(Debug, Clone)]
enum Step {
    Append(Way, Vec<Row>),
    /// Predictions whose ids may have come before.
    Repeat(Way, Vec<Row>),
    Delayed(Way, Vec<Row>),
    Delete(u128),
    Erase,
    /// Rolls up what is older than this.
    Retain(i64),
    Seal,
    Maintain,
    Restart,
    Read(i64, i64),
}

/// How rows come in.
#[derive(Debug, Clone, Copy)]
enum Way {
    Append,
    Upload,
}

impl Way {
    fn write(self, world: &World, rows: &[Row]) {
        match self {
            Self::Append => world.append(rows),
            Self::Upload => upload::upload(world, rows),
        }
    }

    /// Gives how many of the rows were there already.
    fn write_again(self, world: &World, rows: &[Row]) -> u64 {
        match self {
            Self::Append => unique::send(world, rows, None).expect("appends"),
            Self::Upload => upload::upload_with_ids(world, rows, || ()).expect("nobody else writes"),
        }
    }
}

/// Ids and times from small ranges, so that they often meet.
const IDS: std::ops::Range<u128> = 0..40;
const TIMES: std::ops::Range<i64> = 0..40;

const DAY_MICROS: i64 = 86_400_000_000;
/// Times are multiples of ten days: segments of several months.
const STEP_MICROS: i64 = 10 * DAY_MICROS;

fn cell(column: &str) -> BoxedStrategy<Cell> {
    let value = match column {
        "n" => any::<i64>().prop_map(Int).boxed(),
        "x" => (-9_i32..9).prop_map(|n| Float(f64::from(n) / 4.0)).boxed(),
        _ => "[a-c]{0,2}".prop_map(|label| text(&label)).boxed(),
    };
    prop_oneof![3 => value, 1 => Just(Null)].boxed()
}

fn cells() -> impl Strategy<Value = Cells> {
    let columns = ["n", "x", "label"].map(|column| (Just(column.to_owned()), proptest::option::of(cell(column))));
    columns.prop_map(|pairs| pairs.into_iter().filter_map(|(column, cell)| Some((column, cell?))).collect())
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![2 => Just(Way::Append), 1 => Just(Way::Upload)]
}

fn step() -> impl Strategy<Value = Step> {
    let predictions =
        (IDS, TIMES, cells()).prop_map(|(id, at, cells)| Row { id, time: Some(at * STEP_MICROS), cells }).boxed();
    let repeated = predictions.clone();
    let delayed = (IDS, cells()).prop_map(|(id, cells)| Row { id, time: None, cells });
    prop_oneof![
        4 => (way(), proptest::collection::vec(predictions, 1..6)).prop_map(|(way, rows)| Step::Append(way, rows)),
        4 => (way(), proptest::collection::vec(delayed, 1..6)).prop_map(|(way, rows)| Step::Delayed(way, rows)),
        3 => (way(), proptest::collection::vec(repeated, 1..6)).prop_map(|(way, rows)| Step::Repeat(way, rows)),
        1 => IDS.prop_map(Step::Delete),
        1 => Just(Step::Erase),
        1 => (TIMES.start..TIMES.end / 2).prop_map(|at| Step::Retain(at * STEP_MICROS)),
        2 => Just(Step::Seal),
        2 => Just(Step::Maintain),
        1 => Just(Step::Restart),
        2 => (TIMES, TIMES).prop_map(|(a, b)| Step::Read(a.min(b) * STEP_MICROS, (a.max(b) + 1) * STEP_MICROS)),
    ]
}

/// When storage says that predictions were labelled, and the ids of labels without a prediction.
fn labels(world: &World) -> Labels {
    let labelled = labelled_at(world.storage(), &world.snapshot(None)).expect("arrivals");
    let summary = world.storage().label_summary(&world.model()).expect("a summary");
    assert_eq!(summary.whole.labelled, labelled.len() as u64);
    let unmatched = world.storage().unmatched(&world.model(), None, 1_000).expect("a list");
    (labelled, unmatched.into_iter().map(|unmatched| unmatched.id.as_u128()).collect())
}

fn kept(world: &World) -> summed::Sum {
    summed::sum(&world.snapshot(None).kept(summed::key()).expect("states"))
}

fn erase(world: &World) {
    while world.storage().erase().expect("erases") == Erasing::Worked {}
}

/// Rolls up what is older than `until`; gives from when on rows are kept.
fn retain(world: &World, until: i64) -> i64 {
    let days = (world.clock_micros() - until) / DAY_MICROS;
    summed::keep_for(world.storage(), &name("m"), days as u32, None).expect("writes");
    summed::retain(world.storage(), &name("m")).expect("retains");
    world.model().horizon.expect("a horizon").micros()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_history_reads_like_the_naive_model(steps in proptest::collection::vec(step(), 1..30), segment_rows in 1_usize..9) {
        let mut world = World::with(|options| {
            options.segment_rows = segment_rows;
            options.census_ids = 3;
        });
        world.storage().put_model(&name("m"), Default::default()).expect("writes");
        let mut naive = Naive::default();
        let all = Step::Read(TIMES.start, TIMES.end * STEP_MICROS);
        for step in steps.into_iter().chain([all.clone(), Step::Seal, Step::Restart, Step::Maintain, Step::Erase, all]) {
            world.clock.advance(Duration::from_secs(1));
            match step {
                Step::Append(way, mut rows) => {
                    // An id belongs to one prediction.
                    naive.keep_new(&mut rows);
                    if !rows.is_empty() {
                        way.write(&world, &rows);
                        naive.track(&rows);
                    }
                }
                Step::Repeat(way, mut rows) => {
                    naive.keep_known(&mut rows);
                    if !rows.is_empty() {
                        prop_assert_eq!(way.write_again(&world, &rows), naive.track(&rows));
                    }
                }
                Step::Delayed(way, rows) => {
                    way.write(&world, &rows);
                    naive.delay(&rows, world.clock_micros());
                }
                Step::Delete(id) => {
                    world.storage().delete_prediction(&name("m"), id.to_be_bytes()).expect("deletes");
                    naive.forget(id);
                }
                Step::Erase => erase(&world),
                Step::Retain(until) => {
                    naive.roll_up(retain(&world, until));
                    prop_assert_eq!(kept(&world), naive.kept());
                }
                Step::Seal => world.seal(),
                Step::Maintain => world.maintain(),
                Step::Restart => world.restart(),
                Step::Read(start, end) => {
                    prop_assert_eq!(world.read(Some(window(start, end))), naive.read(start, end));
                    prop_assert_eq!(kept(&world), naive.kept());
                    let (labelled, unmatched) = labels(&world);
                    let expected = naive.labels();
                    prop_assert_eq!(labelled, expected.0);
                    // Whether a label was folded before its prediction was rolled up is not for a naive model to say.
                    if !naive.has_rolled_up() {
                        prop_assert_eq!(unmatched, expected.1);
                    }
                }
            }
        }
        let found = driftline_storage::verify(world.dir.path(), &world.options).expect("checks");
        prop_assert!(found.problems.is_empty() && found.unlisted.is_empty(), "{:?} {:?}", found.problems, found.unlisted);
    }
}
