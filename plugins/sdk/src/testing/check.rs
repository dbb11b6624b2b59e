//! Running a metric over tables, whole and in parts.

use crate::{Accumulator, Metric, Report, Result, testing::Table};

/// Rows handed out at a time.
const BATCH: usize = 8192;
/// Ways to cut the rows that [`check_merging`] tries.
const WAYS: u64 = 8;

/// What the runtime would report for a table, and a reference where there is one.
///
/// Checks along the way what the runtime checks: that values are declared
/// outputs, each at most once, and that series have as many `x` as `y`.
///
/// # Errors
/// Those of the metric.
///
/// # Panics
/// When the metric breaks the contract.
pub fn evaluate<M: Metric>(current: &Table, reference: Option<&Table>, parameters: &str) -> Result<Report> {
    let whole = |table: &Table| {
        let declared = M::describe();
        let rows = table.usable_rows(declared.inputs());
        accumulate::<M>(table, &rows, parameters)
    };
    report(whole(current)?, reference.map(whole).transpose()?, current)
}

/// The saved state of a table's rows.
///
/// # Errors
/// Those of the metric.
pub fn state<M: Metric>(table: &Table, parameters: &str) -> Result<Vec<u8>> {
    accumulate::<M>(table, &table.usable_rows(M::describe().inputs()), parameters)?.state()
}

/// Cuts the rows in several random ways, saves and merges the parts, and compares with the whole.
///
/// Numbers may differ by `tolerance` relative to their size; everything that is
/// undefined must be so in both.
///
/// # Panics
/// When parts and whole differ, or the metric fails.
pub fn check_merging<M: Metric>(current: &Table, reference: Option<&Table>, parameters: &str, tolerance: f64) {
    let whole = evaluate::<M>(current, reference, parameters).expect("the metric takes the whole");
    for way in 0..WAYS {
        let mut chance = Chance(way);
        let parts = merged::<M>(current, parameters, &mut chance);
        let reference = reference.map(|reference| merged::<M>(reference, parameters, &mut chance));
        let parts = report(parts, reference, current).expect("the metric takes the parts");
        compare(&whole, &parts, tolerance, way);
    }
}

fn report<M: Metric>(current: Accumulator<M>, reference: Option<Accumulator<M>>, table: &Table) -> Result<Report> {
    let declared = M::describe();
    let (mut current, mut reference) = (current, reference);
    current.settle();
    if let Some(reference) = &mut reference {
        reference.settle();
    }
    let report = current.evaluate(reference.as_ref(), &table.batch(declared.inputs(), &[]))?;
    for (i, value) in report.values.iter().enumerate() {
        let name = &value.name;
        assert!(declared.outputs().iter().any(|output| output.matches(name)), "`{name}` is not a declared output");
        assert!(report.values.iter().take(i).all(|other| other.name != *name), "`{name}` is reported twice");
    }
    for series in report.charts.iter().flat_map(|chart| &chart.series) {
        assert_eq!(series.x.len(), series.y.len(), "the series `{}` has x and y of different lengths", series.name);
    }
    Ok(report)
}

fn accumulate<M: Metric>(table: &Table, rows: &[usize], parameters: &str) -> Result<Accumulator<M>> {
    let declared = M::describe();
    let mut accumulator = Accumulator::open(parameters, &table.batch(declared.inputs(), &[]))?;
    for rows in rows.chunks(BATCH) {
        accumulator.update(&table.batch(declared.inputs(), rows))?;
    }
    Ok(accumulator)
}

/// The table's rows through several accumulators: some empty, some merged into others before, one that goes on after its
/// state was taken.
fn merged<M: Metric>(table: &Table, parameters: &str, chance: &mut Chance) -> Accumulator<M> {
    let declared = M::describe();
    let mut rows = table.usable_rows(declared.inputs());
    let open = || accumulate::<M>(table, &[], parameters).expect("the metric opens");
    let mut whole = open();
    while !rows.is_empty() {
        let part = rows.split_off(rows.len() - chance.below(rows.len() as u64 + 1) as usize);
        let mut accumulator = accumulate::<M>(table, &part, parameters).expect("the metric takes a part");
        let state = accumulator.state().expect("a part has a state");
        assert!(
            accumulator.state().expect("a part has a state twice") == state,
            "taking a state twice gives two states"
        );
        if chance.below(2) == 0 {
            let mut between = open();
            between.merge(state).expect("an empty accumulator takes a state");
            whole.merge(between.state().expect("a merged state")).expect("merging a merged state");
        } else {
            whole.merge(state).expect("merging a state");
        }
    }
    whole
}

fn compare(whole: &Report, parts: &Report, tolerance: f64, way: u64) {
    assert_eq!(whole.values.len(), parts.values.len(), "cut in way {way}: other values are reported");
    for (whole, parts) in whole.values.iter().zip(&parts.values) {
        let name = &whole.name;
        assert_eq!(*name, parts.name, "cut in way {way}: other values are reported");
        for (whole, parts) in [(whole.number, parts.number), (whole.standard_error, parts.standard_error)] {
            let same = match (whole.filter(|n| n.is_finite()), parts.filter(|n| n.is_finite())) {
                (Some(whole), Some(parts)) => (whole - parts).abs() <= tolerance * whole.abs().max(parts.abs()),
                (whole, parts) => whole == parts,
            };
            assert!(same, "cut in way {way}: `{name}` is {parts:?} merged from parts, but {whole:?} from the whole");
        }
    }
}

/// A small generator (SplitMix64), so that failures repeat.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }
}
