//! The laws of merging, for every committed plugin and through the real boundary: however rows are cut, wherever the
//! parts are put together and in whatever order, the report is that of the whole.

mod rows;

use std::{fs, path::Path, sync::Arc};

use driftline_core::{InputLayout, Metric, MetricFactory, ReferenceUse, Report};
use driftline_sandbox::{Limits, Plugin};

use self::rows::{Optional, Rows};
use crate::guest::{Place, window};

const ROWS: usize = 240;
/// What rounding may move a number, relative; near zero it is held against one.
const TOLERANCE: f64 = 1e-9;

#[test]
fn every_built_plugin_obeys_the_laws() {
    let place = Place::new(Limits::default());
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    let mut checked = 0;
    for file in fs::read_dir(built).expect("the built plugins").map(|file| file.expect("listed").path()) {
        if file.extension().is_some_and(|extension| extension == "wasm") {
            let plugin = place.plugin(&fs::read(&file).expect("read")).expect("a plugin");
            for optional in [Optional::Bound, Optional::LeftOut] {
                Laws::of(plugin.clone(), optional).check();
            }
            checked += 1;
        }
    }
    assert!(checked >= 20, "{checked} plugins");
}

/// A plugin with rows for its inputs.
struct Laws {
    plugin: Arc<Plugin>,
    layout: InputLayout,
    rows: Rows,
    reference: Option<Vec<u8>>,
}

impl Laws {
    fn of(plugin: Arc<Plugin>, optional: Optional) -> Self {
        let description = plugin.description();
        let (layout, rows) = Rows::of(&description.inputs, optional, ROWS, 1);
        let (_, others) = Rows::of(&description.inputs, optional, ROWS / 2, 5);
        let mut laws = Self { plugin: plugin.clone(), layout, rows, reference: None };
        if description.reference != ReferenceUse::None {
            laws.reference = Some(laws.state_of(&others, 0..ROWS / 2));
        }
        laws
    }

    fn check(&self) {
        let (whole, nothing) = (self.state(0..ROWS), self.state(0..0));
        let expected = self.report(&[&whole]);
        assert!(expected.values.iter().any(|value| value.number.is_some()), "{}: {expected:?}", self.name());
        self.compare(&expected, &[&nothing, &whole], "nothing before the whole");
        self.compare(&expected, &[&whole, &nothing], "nothing after the whole");
        for (first, second) in [(1, 2), (ROWS / 3, ROWS / 2), (ROWS - 1, ROWS), (7, 200)] {
            let (a, b, c) = (self.state(0..first), self.state(first..second), self.state(second..ROWS));
            let what = format!("cut at {first} and {second}");
            self.compare(&expected, &[&a, &b, &c], &what);
            self.compare(&expected, &[&self.joined(&[&a, &b]), &c], &format!("{what}, the first two joined before"));
            self.compare(&expected, &[&a, &self.joined(&[&b, &c])], &format!("{what}, the last two joined before"));
            self.compare(&expected, &[&c, &a, &b], &format!("{what}, in another order"));
            self.compare(&expected, &[&c, &b, &a], &format!("{what}, the other way round"));
        }
    }

    fn name(&self) -> &str {
        self.plugin.description().name.as_str()
    }

    /// Every part has an instance of its own, as in evaluations.
    fn start(&self) -> Box<dyn Metric> {
        self.plugin.start(&self.layout, window()).expect("an instance")
    }

    fn state(&self, range: std::ops::Range<usize>) -> Vec<u8> {
        self.state_of(&self.rows, range)
    }

    fn state_of(&self, rows: &Rows, range: std::ops::Range<usize>) -> Vec<u8> {
        let mut metric = self.start();
        let one = metric.open("{}").unwrap_or_else(|failure| panic!("{}: {failure}", self.name()));
        // In two batches, where there are two rows.
        let middle = range.start + range.len() / 2;
        for part in [range.start..middle, middle..range.end].into_iter().filter(|part| !part.is_empty()) {
            metric.update(one, rows.batch(part)).unwrap_or_else(|failure| panic!("{}: {failure}", self.name()));
        }
        metric.state(one).expect("a state")
    }

    fn joined(&self, states: &[&Vec<u8>]) -> Vec<u8> {
        let mut metric = self.start();
        let all = metric.open("{}").expect("open");
        states.iter().for_each(|state| metric.merge(all, state).expect("merged"));
        metric.state(all).expect("a state")
    }

    fn report(&self, states: &[&Vec<u8>]) -> Report {
        let mut metric = self.start();
        let [all, reference] = [(); 2].map(|()| metric.open("{}").expect("open"));
        states.iter().for_each(|state| metric.merge(all, state).expect("merged"));
        let reference = self.reference.as_ref().map(|state| {
            metric.merge(reference, state).expect("merged");
            reference
        });
        metric.evaluate(all, reference).unwrap_or_else(|failure| panic!("{}: {failure}", self.name()))
    }

    fn compare(&self, expected: &Report, states: &[&Vec<u8>], what: &str) {
        let given = self.report(states);
        let names = |report: &Report| report.values.iter().map(|value| value.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&given), names(expected), "{}: {what}", self.name());
        for (given, expected) in given.values.iter().zip(&expected.values) {
            for (a, b) in [(given.number, expected.number), (given.standard_error, expected.standard_error)] {
                let same = match (a, b) {
                    (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * b.abs().max(1e-3),
                    (a, b) => a == b,
                };
                assert!(same, "{}: {what}: {given:?} instead of {expected:?}", self.name());
            }
        }
        let charts = |report: &Report| report.charts.iter().map(|chart| chart.series.len()).collect::<Vec<_>>();
        assert_eq!(charts(&given), charts(expected), "{}: {what}", self.name());
    }
}
