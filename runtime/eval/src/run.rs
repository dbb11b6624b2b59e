//! Runs a plan: units side by side, their states merged in a fixed order, one report for each period and slice.

use std::{sync::Arc, time::Instant};

use driftline_core::{Failure, Window};

use crate::{
    Drift, Error,
    binding::Binding,
    frame::row_converter,
    groups::{GroupKey, slice_values},
    identity,
    marks::{Marks, Place},
    merge::GroupResult,
    outcome::{Lineage, Outcome, Rows, Timing, Units, WindowResult},
    pass::Pass,
    passes::passes,
    plan::Plan,
    side::{self, Side},
    source::Facts,
    unit::RunContext,
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
        .fold((0, 0), |(rows, units), side| (rows + side.facts.rows, units + side.parts.len()));
    let passes = passes(plan.shape.bindings.len(), rows, context.cells);
    context.progress.expect_units(units * passes.len());
    let lineage = lineage(plan, &current.facts, reference.as_ref().map(|side| &side.facts));
    let of_reference = reference.as_ref().and_then(|side| side.stand_in.as_ref());
    let marks = Marks::of(current.stand_in.as_ref(), of_reference);
    let (mut results, mut log, mut done) = (Vec::new(), Vec::new(), Units::default());
    for columns in passes {
        let pass = Pass { plan, columns, workers, context };
        let mut some = pass.results(&mut current, reference.as_mut()).await?;
        results.append(&mut some.columns);
        log.append(&mut some.log);
        done = Units { computed: done.computed + some.units.computed, cached: done.cached + some.units.cached };
    }
    let results = label(plan, results, &marks)?;
    let drift = plan.criterion.clone().map(|criterion| Drift::of(criterion, &results));
    let total = started.elapsed();
    let timing = Timing {
        total_ms: total.as_secs_f64() * 1e3,
        rows_per_second: context.progress.rows() as f64 / total.as_secs_f64().max(1e-9),
        units: done,
    };
    let left_out = plan.left_out.clone();
    Ok(Outcome { plugin: plan.plugin.clone(), results, drift, left_out, lineage, timing, log })
}

/// The groups that have a result even without rows: every period, unless slices are to be found.
pub(crate) fn expected(plan: &Plan) -> Vec<GroupKey> {
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
        data: side::data(parts.map(|facts| &facts.data)),
        parameters: plan.parameters.clone(),
        runtime: identity::runtime(),
    }
}
