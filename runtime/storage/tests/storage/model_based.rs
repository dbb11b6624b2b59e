//! Storage against a naive model in memory, over random histories.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use proptest::prelude::*;

use crate::{
    upload,
    world::{Cell, Cells, Float, Int, Null, Row, World, labelled_at, text, window},
};

#[derive(Debug, Clone)]
enum Step {
    Append(Way, Vec<Row>),
    Delayed(Way, Vec<Row>),
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
}

/// Ids and times from small ranges, so that they often meet.
const IDS: std::ops::Range<u128> = 0..40;
const TIMES: std::ops::Range<i64> = 0..40;

/// Times are multiples of ten days: segments of several months.
const STEP_MICROS: i64 = 10 * 86_400_000_000;

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
    let predictions = (IDS, TIMES, cells()).prop_map(|(id, at, cells)| Row { id, time: Some(at * STEP_MICROS), cells });
    let delayed = (IDS, cells()).prop_map(|(id, cells)| Row { id, time: None, cells });
    prop_oneof![
        4 => (way(), proptest::collection::vec(predictions, 1..6)).prop_map(|(way, rows)| Step::Append(way, rows)),
        4 => (way(), proptest::collection::vec(delayed, 1..6)).prop_map(|(way, rows)| Step::Delayed(way, rows)),
        2 => Just(Step::Seal),
        2 => Just(Step::Maintain),
        1 => Just(Step::Restart),
        2 => (TIMES, TIMES).prop_map(|(a, b)| Step::Read(a.min(b) * STEP_MICROS, (a.max(b) + 1) * STEP_MICROS)),
    ]
}

/// What storage should hold, kept the simplest way.
#[derive(Default)]
struct Naive {
    ids: BTreeSet<u128>,
    predictions: Vec<Row>,
    delayed: BTreeMap<u128, Cells>,
    /// When the first value for each id came.
    arrivals: BTreeMap<u128, i64>,
}

impl Naive {
    fn delay(&mut self, rows: &[Row], now: i64) {
        for row in rows {
            if row.cells.values().any(|cell| *cell != Null) {
                self.arrivals.entry(row.id).or_insert(now);
            }
            let held = self.delayed.entry(row.id).or_default();
            held.extend(
                row.cells
                    .iter()
                    .filter(|(_, cell)| **cell != Null)
                    .map(|(column, cell)| (column.clone(), cell.clone())),
            );
        }
    }

    /// When the predictions were labelled, and the ids of labels without a prediction.
    fn labels(&self) -> (BTreeMap<u128, i64>, Vec<u128>) {
        let (labelled, unmatched): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.arrivals.iter().map(|(id, at)| (*id, *at)).partition(|(id, _)| self.ids.contains(id));
        (labelled, unmatched.into_keys().collect())
    }

    fn read(&self, start: i64, end: i64) -> Vec<Row> {
        let inside = self.predictions.iter().filter(|row| row.time.is_some_and(|time| start <= time && time < end));
        let mut rows: Vec<Row> = inside.cloned().collect();
        for row in &mut rows {
            row.cells.retain(|_, cell| *cell != Null);
            row.cells.extend(self.delayed.get(&row.id).cloned().unwrap_or_default());
        }
        sorted(rows)
    }
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| (row.time, row.id));
    rows
}

/// When storage says that predictions were labelled, and the ids of labels without a prediction.
fn labels(world: &World) -> (BTreeMap<u128, i64>, Vec<u128>) {
    let labelled = labelled_at(world.storage(), &world.snapshot(None)).expect("arrivals");
    let summary = world.storage().label_summary(&world.model()).expect("a summary");
    assert_eq!(summary.whole.labelled, labelled.len() as u64);
    let unmatched = world.storage().unmatched(&world.model(), None, 1_000).expect("a list");
    (labelled, unmatched.into_iter().map(|unmatched| unmatched.id.as_u128()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_history_reads_like_the_naive_model(steps in proptest::collection::vec(step(), 1..25), segment_rows in 1_usize..9) {
        let mut world = World::with(|options| options.segment_rows = segment_rows);
        world.storage().put_model(&crate::world::name("m"), Default::default()).expect("writes");
        let mut naive = Naive::default();
        let all = (TIMES.start, TIMES.end * STEP_MICROS);
        for step in steps.into_iter().chain([Step::Read(all.0, all.1), Step::Seal, Step::Restart, Step::Maintain, Step::Read(all.0, all.1)]) {
            world.clock.advance(Duration::from_secs(1));
            match step {
                Step::Append(way, mut rows) => {
                    // An id belongs to one prediction.
                    rows.retain(|row| naive.ids.insert(row.id));
                    if rows.is_empty() {
                        continue;
                    }
                    way.write(&world, &rows);
                    naive.predictions.extend(rows);
                }
                Step::Delayed(way, rows) => {
                    way.write(&world, &rows);
                    naive.delay(&rows, world.clock_micros());
                }
                Step::Seal => world.seal(),
                Step::Maintain => world.maintain(),
                Step::Restart => world.restart(),
                Step::Read(start, end) => {
                    let read = sorted(world.read(Some(window(start, end))));
                    prop_assert_eq!(read, naive.read(start, end));
                    prop_assert_eq!(labels(&world), naive.labels());
                }
            }
        }
    }
}
