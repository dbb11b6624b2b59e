//! The unit of work: rows of one unit become a state for each binding and group.

use std::collections::BTreeMap;

use driftline_core::{Digest, Failure, MetricFactory, Window};
use driftline_storage::States;
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::{
    Error,
    accumulate::{Accumulation, Group, Guest},
    expression::Expressions,
    frame::Shape,
    groups::GroupKey,
    outcome::Rows,
    progress::Progress,
    scan::Scanner,
    source::{Unit, time_pruning},
};

/// The code of what meets more groups than it may.
pub(crate) const TOO_MANY_SLICES: &str = "too_many_slices";

/// What all units of one side of an evaluation share.
#[derive(Clone)]
pub(crate) struct UnitWork {
    pub factory: std::sync::Arc<dyn MetricFactory>,
    pub parameters: String,
    pub shape: Shape,
    /// Where the plugin's clock stands.
    pub window: Window,
    /// The most groups a unit may meet.
    pub max_groups: usize,
}

/// What a running evaluation carries along.
#[derive(Clone)]
pub(crate) struct RunContext {
    /// The plugin that runs, for its share of the threads.
    pub plugin: Digest,
    pub expressions: Expressions,
    pub scanner: Scanner,
    pub progress: std::sync::Arc<Progress>,
    pub cancel: CancellationToken,
    /// How many cells one scan feeds.
    pub cells: u64,
    /// What need not be computed again.
    pub states: States,
}

/// The states of one binding over one unit, or how the plugin failed.
pub(crate) type BindingStates = Result<BTreeMap<GroupKey, GroupState>, Failure>;

/// The saved summary of a group's rows.
#[derive(Debug, Clone)]
pub(crate) struct GroupState {
    pub state: Vec<u8>,
    pub rows: Rows,
}

/// What one unit gives: one entry for each binding.
pub(crate) struct UnitStates {
    pub bindings: Vec<BindingStates>,
    /// For each binding whether the plugin looked at its clock.
    pub read_clock: Vec<bool>,
    pub log: Vec<String>,
}

impl UnitWork {
    /// Computes the states of a unit. Blocks; call it on a worker thread.
    pub fn states(&self, unit: &Unit, context: &RunContext) -> Result<UnitStates, Error> {
        let mut running = self.start();
        self.feed(unit, context, &mut running)?;
        let mut states = UnitStates { bindings: Vec::new(), read_clock: Vec::new(), log: Vec::new() };
        for run in running {
            let (saved, read_clock) = match run {
                Ok(accumulation) => save(accumulation, &mut states.log),
                Err(failure) => (Err(failure), false),
            };
            states.bindings.push(saved);
            states.read_clock.push(read_clock);
        }
        context.progress.unit_done();
        Ok(states)
    }

    /// A fresh instance for each binding.
    pub fn start(&self) -> Vec<Result<Accumulation, Failure>> {
        let start = |binding: &crate::binding::Binding| {
            let metric = self.factory.start(&binding.layout, self.window)?;
            Ok(Accumulation::new(metric, &self.parameters))
        };
        self.shape.bindings.iter().map(start).collect()
    }

    /// Feeds the rows of a unit to running instances, which may fail one by one.
    pub fn feed(
        &self,
        unit: &Unit,
        context: &RunContext,
        running: &mut [Result<Accumulation, Failure>],
    ) -> Result<(), Error> {
        unit.verify()?;
        let period = unit.times.and_then(|(first, last)| self.shape.periods.holding(first, last));
        let frame = self.shape.compile(&context.expressions, period, &unit.needs())?;
        let pruning = match self.shape.periods.hull() {
            Some(hull) => time_pruning(&context.expressions, hull, &frame.schema)?,
            None => None,
        };
        let mut batches = unit.read(&context.scanner, &frame.schema, pruning)?;
        while let Some(batch) = Handle::current().block_on(batches.next()) {
            if context.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let batch = batch?;
            context.progress.rows_read(batch.num_rows());
            if let Some(rows) = frame.apply(&batch)? {
                for (at, run) in running.iter_mut().enumerate() {
                    advance(run, |accumulation| accumulation.take_in(&rows, &frame.bindings()[at]))?;
                    self.refuse_too_many_groups(run)?;
                }
            }
        }
        running.iter_mut().try_for_each(|run| advance(run, Accumulation::flush))
    }

    fn refuse_too_many_groups(&self, run: &Result<Accumulation, Failure>) -> Result<(), Error> {
        let groups = run.as_ref().map_or(0, Accumulation::group_count);
        if groups <= self.max_groups { Ok(()) } else { Err(too_many_groups(self.max_groups)) }
    }
}

/// The error of what meets more than `most` groups.
pub(crate) fn too_many_groups(most: usize) -> Error {
    let message = format!(
        "there are more than {most} combinations of periods and slices: group by something coarser or use a longer `every`"
    );
    Error::invalid(TOO_MANY_SLICES, "group_by", message)
}

fn advance(
    run: &mut Result<Accumulation, Failure>,
    step: impl FnOnce(&mut Accumulation) -> Guest<()>,
) -> Result<(), Error> {
    if let Ok(accumulation) = run
        && let Err(failure) = step(accumulation)?
    {
        *run = Err(failure);
    }
    Ok(())
}

/// The states of an instance, and whether it looked at its clock.
fn save(accumulation: Accumulation, log: &mut Vec<String>) -> (BindingStates, bool) {
    let (mut metric, groups) = accumulation.into_groups();
    let mut states = BTreeMap::new();
    for (key, Group { accumulator, rows, .. }) in groups {
        match metric.state(accumulator).and_then(|state| metric.close(accumulator).map(|()| state)) {
            Ok(state) => states.insert(key, GroupState { state, rows }),
            Err(failure) => return (Err(failure), metric.has_read_clock()),
        };
    }
    log.append(&mut metric.take_log());
    (Ok(states), metric.has_read_clock())
}
