//! Runs plugins whose states do not merge: every window goes to one accumulator, in time order.

use arrow::{
    array::RecordBatch,
    compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch},
};
use driftline_core::{Failure, ID, TIME};
use futures::StreamExt;
use tokio::runtime::Handle;

use crate::{
    Error,
    groups::GroupKey,
    merge::GroupResult,
    scan::BATCH_ROWS,
    source::Unit,
    unit::{RunContext, UnitWork},
};

/// The most bytes of rows that are sorted in memory.
const MAX_BYTES: usize = 1 << 30;

/// The results of each binding, and the plugin's log.
pub(crate) struct Unsplit {
    pub bindings: Vec<Result<Vec<GroupResult>, Failure>>,
    pub log: Vec<String>,
}

/// Runs over whole windows; `expected` groups have a result even without
/// rows. Blocks; call it on a worker thread.
pub(crate) fn run(
    current: &UnitWork,
    current_units: &[Unit],
    reference: Option<(&UnitWork, &[Unit])>,
    expected: &[GroupKey],
    context: &RunContext,
) -> Result<Unsplit, Error> {
    let mut running = current.start();
    current.feed(&in_time_order(current, current_units, context)?, context, &mut running)?;
    for run in &mut running {
        let opened = run.as_mut().map(|run| expected.iter().try_for_each(|key| run.group(key).map(|_| ())));
        if let Ok(Err(failure)) = opened {
            *run = Err(failure);
        }
    }
    let measured: Vec<_> =
        running.iter_mut().map(|run| run.as_mut().map(|run| run.take_groups()).unwrap_or_default()).collect();
    if let Some((work, units)) = reference {
        work.feed(&in_time_order(work, units, context)?, context, &mut running)?;
    }
    let mut unsplit = Unsplit { bindings: Vec::new(), log: Vec::new() };
    for (run, groups) in running.into_iter().zip(measured) {
        unsplit.bindings.push(run.map(|run| {
            let (mut metric, compared) = run.into_groups();
            let mut results = Vec::new();
            let mut poisoned: Option<Failure> = None;
            for (key, group) in groups {
                let same_slice = |(other, _): &&(GroupKey, _)| other.slice == key.slice;
                let report = match (&poisoned, reference.is_some(), compared.iter().find(same_slice)) {
                    (Some(failure), ..) => Err(failure.clone()),
                    (None, false, _) => metric.evaluate(group.accumulator, None),
                    (None, true, Some((_, other))) => metric.evaluate(group.accumulator, Some(other.accumulator)),
                    (None, true, None) => metric
                        .open(&current.parameters)
                        .and_then(|empty| metric.evaluate(group.accumulator, Some(empty))),
                };
                poisoned = report.as_ref().err().filter(|failure| failure.code.is_fatal()).cloned();
                results.push(GroupResult { key, rows: group.rows, report });
            }
            unsplit.log.append(&mut metric.take_log());
            results
        }));
    }
    Ok(unsplit)
}

/// All rows of `units` as one unit, sorted by time and id.
fn in_time_order(work: &UnitWork, units: &[Unit], context: &RunContext) -> Result<Unit, Error> {
    let frame = work.shape.compile(&context.expressions, None, &[ID])?;
    let mut batches = Vec::new();
    let mut bytes = 0;
    for unit in units {
        unit.verify()?;
        let mut rows = unit.read(&context.scanner, &frame.schema, None)?;
        while let Some(batch) = Handle::current().block_on(rows.next()) {
            let batch = batch?;
            bytes += batch.get_array_memory_size();
            if bytes > MAX_BYTES {
                let message = "the plugin's states do not merge, and the window's rows do not fit in memory: use a shorter window";
                return Err(Error::invalid("window_too_large", "window", message));
            }
            if context.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            batches.push(batch);
        }
        context.progress.unit_done();
    }
    let rows = concat_batches(&frame.schema, &batches)?;
    Ok(Unit::in_memory(sorted(&rows)?))
}

fn sorted(rows: &RecordBatch) -> Result<Vec<RecordBatch>, Error> {
    let keys: Vec<_> = [TIME, ID]
        .iter()
        .filter_map(|name| rows.column_by_name(name))
        .map(|values| SortColumn { values: values.clone(), options: None })
        .collect();
    let rows = match keys.is_empty() {
        true => rows.clone(),
        false => take_record_batch(rows, &lexsort_to_indices(&keys, None)?)?,
    };
    Ok((0..rows.num_rows())
        .step_by(BATCH_ROWS)
        .map(|at| rows.slice(at, BATCH_ROWS.min(rows.num_rows() - at)))
        .collect())
}
