//! How many columns of an evaluation have drifted, for each period and slice.

mod criterion;

pub use criterion::{Criterion, DriftRequest};

use driftline_core::Window;

use crate::outcome::{SliceValue, WindowResult};

/// What is said of all columns of an evaluation together.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// When a column counts as drifted.
    pub criterion: Criterion,
    /// One entry for each period and slice, in this order.
    pub windows: Vec<DriftedShare>,
}

/// How many columns have drifted in one period and slice.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftedShare {
    /// The period.
    pub window: Window,
    /// The grouping expressions and their values here; empty without `group_by`.
    pub slice: Vec<(String, SliceValue)>,
    /// What was found of each column, in the order of the results.
    pub columns: Vec<ColumnDrift>,
    /// How many columns have a value; the others count for nothing.
    pub tested: usize,
    /// How many of these have drifted.
    pub drifted: usize,
}

/// Whether one column has drifted.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDrift {
    /// The inputs and the columns or expressions that fed them.
    pub inputs: Vec<(String, Vec<String>)>,
    /// The plugin's value; `None` where it is undefined or the plugin failed.
    pub value: Option<f64>,
    /// The p-value adjusted for the number of columns; `None` without a correction.
    pub adjusted: Option<f64>,
    /// Whether it has drifted; `None` where the value is.
    pub drifted: Option<bool>,
}

impl Drift {
    /// Counts the columns of results that are sorted by period and slice.
    pub(crate) fn of(criterion: Criterion, results: &[WindowResult]) -> Self {
        let same = |a: &WindowResult, b: &WindowResult| a.window == b.window && a.slice == b.slice;
        let windows = results.chunk_by(same).filter_map(|results| DriftedShare::of(&criterion, results)).collect();
        Self { criterion, windows }
    }
}

impl DriftedShare {
    fn of(criterion: &Criterion, results: &[WindowResult]) -> Option<Self> {
        let first = results.first()?;
        let values: Vec<Option<f64>> = results.iter().map(|result| criterion.value_of(result)).collect();
        let defined: Vec<f64> = values.iter().flatten().copied().collect();
        let mut adjusted = criterion.correction.adjust(&defined).into_iter();
        let column = |(result, value): (&WindowResult, Option<f64>)| {
            let adjusted = value.and_then(|_| adjusted.next());
            ColumnDrift {
                inputs: result.inputs.clone(),
                value,
                adjusted: adjusted.filter(|_| criterion.corrects()),
                drifted: adjusted.map(|adjusted| criterion.is_drift(adjusted)),
            }
        };
        let columns: Vec<_> = results.iter().zip(values).map(column).collect();
        Some(Self {
            window: first.window,
            slice: first.slice.clone(),
            tested: defined.len(),
            drifted: columns.iter().filter(|column| column.drifted == Some(true)).count(),
            columns,
        })
    }

    /// The share of drifted columns among those tested; `None` when none was.
    pub fn share(&self) -> Option<f64> {
        (self.tested > 0).then(|| self.drifted as f64 / self.tested as f64)
    }

    /// Whether so many columns have drifted that the data as a whole has; `None` when no column was tested.
    pub fn is_dataset_drift(&self, criterion: &Criterion) -> Option<bool> {
        self.share().map(|share| share >= criterion.share)
    }
}

#[cfg(test)]
mod tests {
    use driftline_core::{Direction, Time, Value};

    use super::*;
    use crate::{Correction, outcome::Rows};

    fn result(column: &str, start: i64, number: Option<f64>) -> WindowResult {
        let time = |micros| Time::from_micros(micros).expect("time");
        WindowResult {
            window: Window::new(time(start), time(start + 1)).expect("window"),
            slice: Vec::new(),
            inputs: vec![("value".into(), vec![column.into()])],
            rows: Rows::default(),
            values: vec![Value { name: "x".into(), number, standard_error: None, note: None }],
            charts: Vec::new(),
            failure: None,
            rolled_up: None,
        }
    }

    fn criterion(better: Direction, threshold: f64, correction: Correction) -> Criterion {
        let range = (Some(0.0), Some(1.0));
        Criterion { output: "x".into(), better, range, threshold, correction, share: 0.5 }
    }

    #[test]
    fn columns_are_counted_for_each_period_and_those_without_a_value_are_not() {
        let results = [
            result("a", 0, Some(0.2)),
            result("b", 0, Some(0.1)),
            result("c", 0, None),
            result("d", 0, Some(0.05)),
            result("a", 1, None),
        ];
        let drift = Drift::of(criterion(Direction::Lower, 0.1, Correction::None), &results);
        let [first, second] = &drift.windows[..] else { panic!("{drift:?}") };
        assert_eq!((first.tested, first.drifted), (3, 2));
        assert_eq!(first.is_dataset_drift(&drift.criterion), Some(true));
        let drifted: Vec<_> = first.columns.iter().map(|column| column.drifted).collect();
        assert_eq!(drifted, [Some(true), Some(true), None, Some(false)]);
        assert_eq!((second.tested, second.share(), second.is_dataset_drift(&drift.criterion)), (0, None, None));
    }

    #[test]
    fn p_values_are_compared_after_the_correction() {
        let p_values = [0.01, 0.02, 0.03, 0.2];
        let results: Vec<_> = p_values.iter().map(|p| result("a", 0, Some(*p))).collect();
        for (correction, drifted) in
            [(Correction::None, 3), (Correction::Bonferroni, 1), (Correction::BenjaminiHochberg, 3)]
        {
            let drift = Drift::of(criterion(Direction::Higher, 0.05, correction), &results);
            assert_eq!(drift.windows[0].drifted, drifted, "{correction:?}");
            assert_eq!(drift.windows[0].columns[0].adjusted.is_some(), correction != Correction::None);
        }
    }
}
