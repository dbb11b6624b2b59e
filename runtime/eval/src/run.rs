//! Runs a plan: units side by side, their states merged in a fixed order, one report for each period and slice.

use std::{sync::Arc, time::Instant};

use driftline_core::{Digest, Failure, Window};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    Error,
    binding::Binding,
    frame::{Shape, row_converter},
    groups::{GroupKey, slice_values},
    marks::{Marks, Place},
    merge::{GroupResult, MergeWork, by_slice},
    outcome::{Lineage, Outcome, Rows, Timing, WindowResult},
    plan::{MAX_GROUPS, Plan, ReferenceRows},
    rolled_up::{self, StandIn},
    source::{Facts, Source, Unit},
    unit::{RunContext, UnitStates, UnitWork},
    unsplit,
};

/// The worker threads that evaluations share.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads.max(1))))
    }

    /// Runs jobs on worker threads and gives their answers in the order of the jobs.
    pub async fn run_all<T: Send + 'static>(
        &self,
        jobs: Vec<impl FnOnce() -> Result<T, Error> + Send + 'static>,
        context: &RunContext,
    ) -> Result<Vec<T>, Error> {
        let mut answers: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let mut set = JoinSet::new();
        for (at, job) in jobs.into_iter().enumerate() {
            let (workers, cancel) = (Arc::clone(&self.0), context.cancel.clone());
            set.spawn(async move {
                let permit = tokio::select! {
                    permit = workers.acquire_owned() => permit.map_err(|_| Error::Cancelled)?,
                    () = cancel.cancelled() => return Err(Error::Cancelled),
                };
                let work = tokio::task::spawn_blocking(move || {
                    let answer = job();
                    drop(permit);
                    answer
                });
                let answer = work.await.map_err(|error| Error::Worker(error.to_string()))??;
                Ok((at, answer))
            });
        }
        while let Some(done) = set.join_next().await {
            let (at, answer) = done.map_err(|error| Error::Worker(error.to_string()))??;
            answers[at] = Some(answer);
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

/// One side of an evaluation, ready to be computed.
pub(crate) struct Side {
    pub work: Arc<UnitWork>,
    pub units: Vec<Unit>,
    pub facts: Facts,
    /// What stands in for rows that are gone.
    pub stand_in: Option<StandIn>,
}

/// Finds the rows of both sides. Blocks on the catalog.
pub(crate) fn sides(plan: &Plan, storage: &driftline_storage::Storage) -> Result<(Side, Option<Side>), Error> {
    let snapshot_source = |window: Window, shape: &Shape| {
        let snapshot = storage.snapshot(&plan.model, Some(window))?;
        let stand_in = rolled_up::stand_in(plan, shape, &snapshot)?;
        let columns: Vec<_> = shape.columns().into_iter().collect();
        Ok::<_, Error>((Source::of_snapshot(storage, &snapshot, &columns)?, stand_in))
    };
    let side = |(source, stand_in): (Source, Option<StandIn>), shape: &Shape| Side {
        work: Arc::new(UnitWork {
            factory: Arc::clone(&plan.factory),
            parameters: plan.parameters.clone(),
            shape: shape.clone(),
            window: plan.window,
            max_groups: MAX_GROUPS,
        }),
        units: source.units,
        facts: source.facts,
        stand_in,
    };
    let current = side(snapshot_source(plan.window, &plan.shape)?, &plan.shape);
    let reference = match &plan.reference {
        None => None,
        Some(reference) => {
            let source = match &reference.rows {
                ReferenceRows::Window(window) => snapshot_source(*window, &reference.shape)?,
                ReferenceRows::Dataset(dataset, _) => (Source::of_dataset(storage, dataset), None),
            };
            Some(side(source, &reference.shape))
        }
    };
    Ok((current, reference))
}

/// Runs the plan over its two sides.
pub(crate) async fn run(
    plan: &Plan,
    (current, reference): (Side, Option<Side>),
    workers: &Workers,
    context: &RunContext,
) -> Result<Outcome, Error> {
    let started = Instant::now();
    context.progress.expect_units(current.units.len() + reference.as_ref().map_or(0, |side| side.units.len()));
    let lineage = lineage(plan, &current.facts, reference.as_ref().map(|side| &side.facts));
    let of_reference = reference.as_ref().and_then(|side| side.stand_in.as_ref());
    let marks = Marks::of(current.stand_in.as_ref(), of_reference);
    let (results, log) = match plan.factory.description().merges {
        true => merged(plan, current, reference, workers, context).await?,
        false => whole(expected(plan), current, reference, workers, context).await?,
    };
    let results = label(plan, results, &marks)?;
    let total = started.elapsed();
    let timing = Timing {
        total_ms: total.as_secs_f64() * 1e3,
        rows_per_second: context.progress.rows() as f64 / total.as_secs_f64().max(1e-9),
    };
    Ok(Outcome { plugin: plan.plugin.clone(), results, lineage, timing, log })
}

type Results = (Vec<Result<Vec<GroupResult>, Failure>>, Vec<String>);

async fn merged(
    plan: &Plan,
    mut current: Side,
    mut reference: Option<Side>,
    workers: &Workers,
    context: &RunContext,
) -> Result<Results, Error> {
    let split = current.units.len();
    let with_reference = reference.is_some();
    let kept = take_states(Some(&mut current));
    let kept_of_reference = take_states(reference.as_mut());
    let mut jobs: Vec<Box<dyn FnOnce() -> Result<UnitStates, Error> + Send>> = Vec::new();
    for side in std::iter::once(current).chain(reference) {
        for unit in side.units {
            let (work, context) = (Arc::clone(&side.work), context.clone());
            jobs.push(Box::new(move || work.states(&unit, &context)));
        }
    }
    let mut states = workers.run_all(jobs, context).await?;
    let mut reference = states.split_off(split);
    let mut log: Vec<_> = states.iter_mut().chain([]).flat_map(|unit| std::mem::take(&mut unit.log)).collect();
    // Time that is gone comes before all that is not.
    states.splice(0..0, kept);
    reference.splice(0..0, kept_of_reference);

    let work = Arc::new(MergeWork {
        factory: Arc::clone(&plan.factory),
        parameters: plan.parameters.clone(),
        window: plan.window,
        with_reference,
    });
    let slices = by_slice(plan.shape.bindings.len(), states, reference, &expected(plan));
    let mut jobs = Vec::new();
    let mut results: Vec<Result<Vec<GroupResult>, Failure>> = Vec::new();
    for (at, slices) in slices.into_iter().enumerate() {
        results.push(slices.as_ref().map(|_| Vec::new()).map_err(Clone::clone));
        for slice in slices.into_iter().flatten() {
            let (work, binding) = (Arc::clone(&work), plan.shape.bindings[at].clone());
            jobs.push(move || Ok((at, work.results(&binding, slice))));
        }
    }
    for (at, (mut groups, mut lines)) in workers.run_all(jobs, context).await? {
        log.append(&mut lines);
        if let Ok(results) = &mut results[at] {
            results.append(&mut groups);
        }
    }
    Ok((results, log))
}

fn take_states(side: Option<&mut Side>) -> Vec<UnitStates> {
    let stand_in = side.and_then(|side| side.stand_in.as_mut());
    stand_in.map(|stand_in| std::mem::take(&mut stand_in.states)).unwrap_or_default()
}

/// The groups that have a result even without rows: every period, unless slices are to be found.
fn expected(plan: &Plan) -> Vec<GroupKey> {
    let periods = 0..u32::try_from(plan.shape.periods.listed().len()).unwrap_or(u32::MAX);
    let whole = plan.shape.groups.is_empty();
    periods.filter(|_| whole).map(|period| GroupKey { period, slice: Arc::from([]) }).collect()
}

async fn whole(
    expected: Vec<GroupKey>,
    current: Side,
    reference: Option<Side>,
    workers: &Workers,
    context: &RunContext,
) -> Result<Results, Error> {
    let inner = context.clone();
    let job = move || {
        let other = reference.as_ref().map(|side| (side.work.as_ref(), side.units.as_slice()));
        unsplit::run(&current.work, &current.units, other, &expected, &inner)
    };
    let mut answers = workers.run_all(vec![job], context).await?;
    let answer = answers.pop().ok_or_else(|| Error::Worker("no answer".into()))?;
    Ok((answer.bindings, answer.log))
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

fn lineage(plan: &Plan, current: &Facts, reference: Option<&Facts>) -> Lineage {
    let parts = std::iter::once(current).chain(reference);
    Lineage {
        segments: parts.clone().map(|facts| facts.segments).sum(),
        unsealed_rows: parts.clone().map(|facts| facts.unsealed_rows).sum(),
        data: Digest::of_parts(parts.map(|facts| &facts.data.as_bytes()[..])),
        parameters: plan.parameters.clone(),
        runtime: format!("driftline {} / {}", env!("CARGO_PKG_VERSION"), driftline_sandbox::runtime_version()),
    }
}
