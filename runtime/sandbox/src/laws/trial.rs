//! A plugin at work on generated rows, for as long as there is time.

use std::{
    cell::RefCell,
    collections::HashMap,
    ops::Range,
    time::{Duration, Instant},
};

use driftline_core::{
    Accumulator, Failure, FailureCode, InputLayout, Metric, MetricFactory, ReferenceUse, Report, Time, Window,
};

use super::rows::{Choice, Rows};
use crate::{Limits, Plugin};

/// Makes the rows to compare with others than the rows that are measured.
const OTHER_STEP: usize = 5;

/// Why a law was not gone through to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// There is no time left.
    TimeIsUp,
    /// A call failed.
    Failed(Failure),
}

impl Stop {
    pub(super) const TIME_IS_UP: &'static str = "the time for all laws was over before";
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        if failure.code == FailureCode::Deadline { Self::TimeIsUp } else { Self::Failed(failure) }
    }
}

/// A plugin with rows for its inputs. What was computed once is remembered.
pub(super) struct Trial<'a> {
    plugin: &'a Plugin,
    parameters: &'a str,
    end: Instant,
    choice: Choice,
    rows: usize,
    layout: InputLayout,
    made: Rows,
    others: Rows,
    /// What was seen on rows of other flavours.
    doubt: Option<String>,
    wholes: RefCell<HashMap<usize, Report>>,
    states: RefCell<HashMap<Range<usize>, Vec<u8>>>,
}

impl<'a> Trial<'a> {
    pub(super) fn new(plugin: &'a Plugin, parameters: &'a str, end: Instant, choice: Choice, rows: usize) -> Self {
        let inputs = &plugin.description().inputs;
        let (layout, made) = Rows::of(inputs, choice, rows, 1);
        let (_, others) = Rows::of(inputs, choice, rows / 2, OTHER_STEP);
        let (wholes, states) = (RefCell::default(), RefCell::default());
        Self { plugin, parameters, end, choice, rows, layout, made, others, doubt: None, wholes, states }
    }

    /// The same, with something to be said of it.
    pub(super) fn doubted(self, doubt: Option<String>) -> Self {
        Self { doubt, ..self }
    }

    /// The same with so many rows, and nothing remembered.
    pub(super) fn with_rows(&self, rows: usize) -> Self {
        Self::new(self.plugin, self.parameters, self.end, self.choice, rows)
    }

    /// The same with missing cells; none when no input that has a column takes them.
    pub(super) fn with_nulls(&self) -> Option<Self> {
        let inputs = &self.plugin.description().inputs;
        let takes = inputs.iter().zip(&self.layout.bound).any(|(input, bound)| input.nullable && !bound.is_empty());
        let choice = Choice { nulls: true, ..self.choice };
        takes.then(|| Self::new(self.plugin, self.parameters, self.end, choice, self.rows))
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }

    pub(super) fn layout(&self) -> &InputLayout {
        &self.layout
    }

    pub(super) fn parameters(&self) -> &str {
        self.parameters
    }

    pub(super) fn shown(&self, rows: usize) -> Vec<String> {
        self.made.shown(rows)
    }

    pub(super) fn merges(&self) -> bool {
        self.plugin.description().merges
    }

    pub(super) fn takes_reference(&self) -> bool {
        self.plugin.description().reference != ReferenceUse::None
    }

    pub(super) fn needs_reference(&self) -> bool {
        self.plugin.description().reference == ReferenceUse::Required
    }

    pub(super) fn tolerance(&self) -> f64 {
        self.plugin.description().tolerance
    }

    /// What makes a verdict weaker than it looks.
    pub(super) fn remark(&self) -> Option<String> {
        let undefined = |report: &Report| report.values.iter().all(|value| value.number.is_none());
        let is_weak = self.wholes.borrow().get(&self.rows).is_some_and(undefined);
        is_weak.then(|| "no value was defined on the generated rows".to_owned())
    }

    /// A fresh instance that shares nothing with any other.
    pub(super) fn start(&self) -> Result<Instance<'_>, Stop> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left < Duration::from_millis(1) {
            return Err(Stop::TimeIsUp);
        }
        let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let limits = self.plugin.limits();
        let limits = Limits { total_ms: limits.total_ms.min(left_ms), ..limits.clone() };
        let metric = self.plugin.start_within(&self.layout, window()?, limits)?;
        Ok(Instance { trial: self, metric, reference: None })
    }

    /// The report of the first rows, in one batch.
    pub(super) fn whole(&self, rows: usize) -> Result<Report, Stop> {
        if let Some(report) = self.wholes.borrow().get(&rows) {
            return Ok(report.clone());
        }
        let report = self.whole_afresh(rows)?;
        self.wholes.borrow_mut().insert(rows, report.clone());
        Ok(report)
    }

    /// The same, computed again.
    pub(super) fn whole_afresh(&self, rows: usize) -> Result<Report, Stop> {
        let mut instance = self.start()?;
        let all = instance.open()?;
        instance.update(all, 0..rows)?;
        instance.report(all)
    }

    /// The state of some rows, from an instance of their own, as in evaluations.
    pub(super) fn state(&self, range: Range<usize>) -> Result<Vec<u8>, Stop> {
        if let Some(state) = self.states.borrow().get(&range) {
            return Ok(state.clone());
        }
        let state = self.state_afresh(range.clone())?;
        self.states.borrow_mut().insert(range, state.clone());
        Ok(state)
    }

    /// The same, computed again.
    pub(super) fn state_afresh(&self, range: Range<usize>) -> Result<Vec<u8>, Stop> {
        let mut instance = self.start()?;
        let part = instance.open()?;
        instance.update(part, range)?;
        instance.state(part)
    }
}

/// Where the clock stands: at the end of any window.
fn window() -> Result<Window, Failure> {
    let time = |micros| Time::from_micros(micros).map_err(|error| Failure::new(FailureCode::Start, error.to_string()));
    Window::new(Time::EPOCH, time(1_000_000_000_000_000)?)
        .map_err(|error| Failure::new(FailureCode::Start, error.to_string()))
}

/// One instance of the plugin.
pub(super) struct Instance<'a> {
    trial: &'a Trial<'a>,
    metric: Box<dyn Metric>,
    reference: Option<Accumulator>,
}

impl Instance<'_> {
    pub(super) fn open(&mut self) -> Result<Accumulator, Stop> {
        Ok(self.metric.open(self.trial.parameters)?)
    }

    /// Gives rows in one batch; like evaluations, no batch without rows.
    pub(super) fn update(&mut self, accumulator: Accumulator, range: Range<usize>) -> Result<(), Stop> {
        if !range.is_empty() {
            self.metric.update(accumulator, self.trial.made.batch(range))?;
        }
        Ok(())
    }

    /// Gives the rows to compare with.
    pub(super) fn update_others(&mut self, accumulator: Accumulator) -> Result<(), Stop> {
        Ok(self.metric.update(accumulator, self.trial.others.batch(0..self.trial.rows / 2))?)
    }

    pub(super) fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Stop> {
        Ok(self.metric.state(accumulator)?)
    }

    /// A new accumulator with these states merged in order.
    pub(super) fn merged(&mut self, states: &[&[u8]]) -> Result<Accumulator, Stop> {
        let all = self.open()?;
        states.iter().try_for_each(|state| self.metric.merge(all, state))?;
        Ok(all)
    }

    /// The report, beside that of the rows to compare with where the plugin takes any.
    pub(super) fn report(&mut self, accumulator: Accumulator) -> Result<Report, Stop> {
        if self.trial.takes_reference() && self.reference.is_none() {
            let reference = self.open()?;
            self.update_others(reference)?;
            self.reference = Some(reference);
        }
        self.report_beside(accumulator, self.reference)
    }

    pub(super) fn report_beside(
        &mut self,
        accumulator: Accumulator,
        reference: Option<Accumulator>,
    ) -> Result<Report, Stop> {
        Ok(self.metric.evaluate(accumulator, reference)?)
    }
}
