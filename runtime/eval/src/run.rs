//! Runs a plan: units side by side, their states merged in a fixed order, one report for each period and slice.

use std::{ops::Range, sync::Arc, time::Instant};

use driftline_core::{Digest, Failure, Window};

use crate::{
    Drift, Error,
    binding::Binding,
    frame::row_converter,
    groups::{GroupKey, slice_values},
    marks::{Marks, Place},
    merge::{GroupResult, MergeWork, by_slice},
    outcome::{Lineage, Outcome, Rows, Timing, WindowResult},
    passes::passes,
    plan::Plan,
    side::Side,
    source::Facts,
    unit::{RunContext, UnitStates},
    unsplit,
    workers::Workers,
};

/// Runs the plan over its two sides.
pub(crate) async fn run(
    plan: &Plan,
    (mut current, mut reference): (Side, Option<Side>),
    workers: &Workers,
    context: &RunContext,
) -> Result<Outcome, Error> {
    let started = Instant::now();
    let (rows, units) = std::iter::once(&current)
        .chain(&reference)
        .fold((0, 0), |(rows, units), side| (rows + side.facts.rows, units + side.units.len()));
    let passes = passes(plan.shape.bindings.len(), rows, context.cells);
    context.progress.expect_units(units * passes.len());
    let lineage = lineage(plan, &current.facts, reference.as_ref().map(|side| &side.facts));
    let of_reference = reference.as_ref().and_then(|side| side.stand_in.as_ref());
    let marks = Marks::of(current.stand_in.as_ref(), of_reference);
    let (mut results, mut log) = (Vec::new(), Vec::new());
    for columns in passes {
        let pass = Pass { plan, columns, workers, context };
        let (mut some, mut lines) = match plan.factory.description().merges {
            true => pass.merged(&mut current, reference.as_mut()).await?,
            false => pass.whole(&current, reference.as_ref()).await?,
        };
        results.append(&mut some);
        log.append(&mut lines);
    }
    let results = label(plan, results, &marks)?;
    let drift = plan.criterion.clone().map(|criterion| Drift::of(criterion, &results));
    let total = started.elapsed();
    let timing = Timing {
        total_ms: total.as_secs_f64() * 1e3,
        rows_per_second: context.progress.rows() as f64 / total.as_secs_f64().max(1e-9),
    };
    let left_out = plan.left_out.clone();
    Ok(Outcome { plugin: plan.plugin.clone(), results, drift, left_out, lineage, timing, log })
}

/// One scan over both sides, for some of the sets of columns.
struct Pass<'a> {
    plan: &'a Plan,
    columns: Range<usize>,
    workers: &'a Workers,
    context: &'a RunContext,
}

/// The results of each set of columns, and the plugin's log.
type Results = (Vec<Result<Vec<GroupResult>, Failure>>, Vec<String>);

impl Pass<'_> {
    /// The states of all units merged.
    async fn merged(&self, current: &mut Side, mut reference: Option<&mut Side>) -> Result<Results, Error> {
        let mut jobs: Vec<Box<dyn FnOnce() -> Result<UnitStates, Error> + Send>> = Vec::new();
        for side in std::iter::once(&*current).chain(reference.as_deref()) {
            let work = side.work(self.plan, self.columns.clone());
            for unit in side.units.clone() {
                let (work, context) = (Arc::clone(&work), self.context.clone());
                jobs.push(Box::new(move || work.states(&unit, &context)));
            }
        }
        let mut states = self.workers.run_all(jobs, self.context).await?;
        let mut compared = states.split_off(current.units.len());
        let mut log: Vec<_> = states.iter_mut().flat_map(|unit| std::mem::take(&mut unit.log)).collect();
        // Time that is gone comes before all that is not.
        states.splice(0..0, current.take_states(self.columns.clone()));
        let kept = reference.as_mut().map(|side| side.take_states(self.columns.clone()));
        compared.splice(0..0, kept.unwrap_or_default());

        let work = Arc::new(MergeWork {
            factory: Arc::clone(&self.plan.factory),
            parameters: self.plan.parameters.clone(),
            window: self.plan.window,
            with_reference: reference.is_some(),
        });
        let slices = by_slice(self.columns.len(), states, compared, &expected(self.plan));
        let mut jobs = Vec::new();
        let mut results: Vec<Result<Vec<GroupResult>, Failure>> = Vec::new();
        let bindings = self.plan.shape.bindings.iter().skip(self.columns.start);
        for ((at, slices), binding) in slices.into_iter().enumerate().zip(bindings) {
            results.push(slices.as_ref().map(|_| Vec::new()).map_err(Clone::clone));
            for slice in slices.into_iter().flatten() {
                let (work, binding) = (Arc::clone(&work), binding.clone());
                jobs.push(move || Ok((at, work.results(&binding, slice))));
            }
        }
        for (at, (mut groups, mut lines)) in self.workers.run_all(jobs, self.context).await? {
            log.append(&mut lines);
            if let Some(Ok(results)) = results.get_mut(at) {
                results.append(&mut groups);
            }
        }
        Ok((results, log))
    }

    /// Whole windows, for plugins whose states do not merge.
    async fn whole(&self, current: &Side, reference: Option<&Side>) -> Result<Results, Error> {
        let ready = |side: &Side| (side.work(self.plan, self.columns.clone()), side.units.clone());
        let ((work, units), compared) = (ready(current), reference.map(ready));
        let (expected, context) = (expected(self.plan), self.context.clone());
        let job = move || {
            let other = compared.as_ref().map(|(work, units)| (work.as_ref(), units.as_slice()));
            unsplit::run(&work, &units, other, &expected, &context)
        };
        let mut answers = self.workers.run_all(vec![job], self.context).await?;
        let answer = answers.pop().ok_or_else(|| Error::Worker("no answer".into()))?;
        Ok((answer.bindings, answer.log))
    }
}

/// The groups that have a result even without rows: every period, unless slices are to be found.
fn expected(plan: &Plan) -> Vec<GroupKey> {
    let periods = 0..u32::try_from(plan.shape.periods.listed().len()).unwrap_or(u32::MAX);
    let whole = plan.shape.groups.is_empty();
    periods.filter(|_| whole).map(|period| GroupKey { period, slice: Arc::from([]) }).collect()
}

/// Puts periods, slices and columns to the results, in this order.
fn label(
    plan: &Plan,
    bindings: Vec<Result<Vec<GroupResult>, Failure>>,
    marks: &Marks,
) -> Result<Vec<WindowResult>, Error> {
    let converter = row_converter(&plan.shape.groups)?;
    let mut labelled: Vec<(Place, WindowResult)> = Vec::new();
    for ((at, binding), results) in plan.shape.bindings.iter().enumerate().zip(bindings) {
        match results {
            Err(failure) => {
                for (period, window) in plan.shape.periods.listed().iter().enumerate() {
                    let result = failed(binding, *window, failure.clone());
                    labelled.push(((period, Arc::from([]), at), result));
                }
            }
            Ok(results) => {
                for result in results {
                    let period = result.key.period as usize;
                    let values = slice_values(converter.as_ref(), &result.key.slice)?;
                    let names = plan.shape.groups.iter().map(|group| group.text.clone());
                    let window = plan.shape.periods.get(result.key.period).unwrap_or(plan.window);
                    let (report, failure) = match result.report {
                        Ok(report) => (report, None),
                        Err(failure) => (driftline_core::Report::default(), Some(failure)),
                    };
                    let place = (period, result.key.slice, at);
                    labelled.push((
                        place,
                        WindowResult {
                            window,
                            slice: names.zip(values).collect(),
                            inputs: binding.inputs.clone(),
                            rows: result.rows,
                            values: report.values,
                            charts: report.charts,
                            failure,
                            rolled_up: None,
                        },
                    ));
                }
            }
        }
    }
    labelled.retain_mut(|((period, _, at), result)| {
        result.rolled_up = marks.mark(*at, *period);
        result.rolled_up.as_ref().is_none_or(|mark| mark.complete)
    });
    labelled.extend(marks.undefined(plan));
    labelled.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(labelled.into_iter().map(|(_, result)| result).collect())
}

fn failed(binding: &Binding, window: Window, failure: Failure) -> WindowResult {
    WindowResult {
        window,
        slice: Vec::new(),
        inputs: binding.inputs.clone(),
        rows: Rows::default(),
        values: Vec::new(),
        charts: Vec::new(),
        failure: Some(failure),
        rolled_up: None,
    }
}

/// What an evaluation rests on.
pub(crate) fn lineage(plan: &Plan, current: &Facts, reference: Option<&Facts>) -> Lineage {
    let parts = std::iter::once(current).chain(reference);
    Lineage {
        segments: parts.clone().map(|facts| facts.segments).sum(),
        unsealed_rows: parts.clone().map(|facts| facts.unsealed_rows).sum(),
        data: Digest::of_parts(parts.map(|facts| &facts.data.as_bytes()[..])),
        parameters: plan.parameters.clone(),
        runtime: format!("driftline {} / {}", env!("CARGO_PKG_VERSION"), driftline_sandbox::runtime_version()),
    }
}
