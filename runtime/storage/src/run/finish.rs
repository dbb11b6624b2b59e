//! The end of a run: all that it found, in one transaction or not at all.

use rusqlite::params;
use uuid::Uuid;

use super::{RunRecord, RunStatus, claim::held, find};
use crate::{
    Aggregate, Definition, Error, EvaluationRecord, Judge, NewResult, Step, Storage, alert, evaluation, result,
    writer::Group,
};

/// What a run found.
pub struct RunEnd {
    /// How it went: succeeded, failed, or skipped.
    pub status: RunStatus,
    /// What came of it, as a JSON text.
    pub outcome: String,
    /// Its evaluations: the first has the run's key, those of windows seen again have keys of their own.
    pub evaluations: Vec<EvaluatedRun>,
    /// What it says of windows, slices and inputs.
    pub results: Vec<NewResult>,
    /// Decides what becomes of alerts.
    pub judge: Judge,
}

/// An evaluation with what it produced, as [`Storage::put_evaluation`] takes them.
#[derive(Debug, Clone)]
pub struct EvaluatedRun {
    /// The evaluation.
    pub record: EvaluationRecord,
    /// Its numbers.
    pub aggregates: Vec<Aggregate>,
    /// What was computed of rows.
    pub definitions: Vec<Definition>,
}

/// What the end of a run changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The run as it is now.
    pub run: RunRecord,
    /// How many results are new, or other than before.
    pub new_results: usize,
    /// How many deliveries wait to be sent.
    pub deliveries: usize,
}

impl Storage {
    /// Ends a run that `owner` holds. Its evaluations, results, alerts and deliveries are kept with its end in one
    /// transaction.
    ///
    /// # Errors
    /// [`Error::Conflict`] `lease_lost` when it is not `owner`'s any more, [`Error::NotFound`] when its monitor or model
    /// is no more: nothing is kept then.
    pub fn finish_run(&self, owner: Uuid, run: Uuid, end: RunEnd) -> Result<Finished, Error> {
        let faults = self.inner.options.faults.clone();
        let finished = self.inner.writer.call(move |group| {
            let (_, pair) = held(group.connection, owner, run)?;
            for evaluated in end.evaluations {
                evaluation::keep(group, &evaluated.record, &evaluated.aggregates, &evaluated.definitions, Some(run))?;
            }
            faults.pass(Step::RunEvaluated)?;
            let mut new_results = 0;
            for new in &end.results {
                new_results += usize::from(result::keep(group.connection, pair, new, group.now)?);
            }
            faults.pass(Step::RunResults)?;
            let deliveries = alert::judge(group.connection, pair, end.judge, group.now)?;
            faults.pass(Step::RunAlerts)?;
            end_run(group, run, end.status, &end.outcome)?;
            let (run, _) = find(group.connection, run)?.ok_or_else(|| Error::not_found("run", run))?;
            Ok(Finished { run, new_results, deliveries })
        })?;
        self.inner.options.faults.pass(Step::RunFinished)?;
        Ok(finished)
    }
}

fn end_run(group: &Group<'_>, run: Uuid, status: RunStatus, outcome: &str) -> Result<(), Error> {
    group
        .connection
        .prepare_cached(
            "UPDATE runs SET status = ?2, outcome = ?3, finished = ?4, owner = NULL, lease = NULL WHERE id = ?1",
        )?
        .execute(params![run.as_bytes(), status.as_str(), outcome, group.now.micros()])?;
    Ok(())
}
