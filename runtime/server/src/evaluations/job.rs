//! One evaluation from its start to its end.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use driftline_core::{Name, Time};
use driftline_eval::{Error, Outcome, Plan, PluginId, Progress};
use driftline_storage::Definition;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Order;
use crate::{
    ingest,
    problem::Problem,
    wire::{self, EvaluationStatus, Instant as WireInstant, ItemName},
};

type Ended = Result<Arc<wire::Evaluation>, Problem>;

/// An evaluation, running or ended.
pub struct Job {
    pub id: Uuid,
    pub asked: serde_json::Value,
    pub record: bool,
    pub progress: Arc<Progress>,
    pub cancel: CancellationToken,
    pub started: Instant,
    /// Whether its end is on disk; held while its record is written, so that no
    /// earlier state replaces a later one.
    pub settled: Mutex<bool>,
    /// What it computes of rows, to be kept when they go.
    pub definitions: Vec<Definition>,
    model: Name,
    plugin: PluginId,
    created: Time,
    begun: AtomicBool,
    interrupted: AtomicBool,
    result: watch::Sender<Option<Ended>>,
}

impl Job {
    /// One that waits for its turn.
    pub fn new(id: Uuid, plan: &Plan, order: &Order, created: Time) -> Self {
        Self {
            id,
            asked: order.asked.clone(),
            record: order.record,
            progress: Arc::default(),
            cancel: CancellationToken::new(),
            started: Instant::now(),
            settled: Mutex::new(false),
            definitions: plan.definitions(),
            model: order.request.model.clone(),
            plugin: plan.plugin().clone(),
            created,
            begun: AtomicBool::new(false),
            interrupted: AtomicBool::new(false),
            result: watch::Sender::new(None),
        }
    }

    /// Whose rows it is about.
    pub fn model(&self) -> &Name {
        &self.model
    }

    /// Its turn has come.
    pub fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }

    /// Stops it because the server stops.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::SeqCst);
        self.cancel.cancel();
    }

    /// Publishes its end.
    pub fn end(&self, outcome: Result<wire::Evaluation, Problem>) {
        self.result.send_replace(Some(outcome.map(Arc::new)));
    }

    /// Its end, if it has come.
    pub fn result(&self) -> Option<Ended> {
        self.result.borrow().clone()
    }

    /// Waits for its end.
    pub async fn ended(&self) -> Ended {
        let mut receiver = self.result.subscribe();
        let ended = receiver.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        ended.unwrap_or_else(|| Err(Problem::internal("an evaluation ended without a result")))
    }

    /// What can be said before its end.
    pub fn unfinished(&self) -> wire::Evaluation {
        let begun = self.begun.load(Ordering::Relaxed);
        wire::Evaluation {
            id: wire::Id(self.id),
            status: if begun { EvaluationStatus::Running } else { EvaluationStatus::Queued },
            model: ItemName(self.model.clone()),
            plugin: wire::UsedPlugin::from(&self.plugin),
            created: WireInstant(self.created),
            finished: None,
            progress: Some(wire::Progress::from(&*self.progress)),
            results: None,
            drift: None,
            left_out: Vec::new(),
            failure: None,
            lineage: None,
            timing: None,
            log: Vec::new(),
            request: None,
        }
    }

    /// What can be said at its end.
    pub fn concluded(&self, outcome: Result<Outcome, Error>) -> wire::Evaluation {
        let ended =
            wire::Evaluation { finished: Some(WireInstant(ingest::now())), progress: None, ..self.unfinished() };
        match outcome {
            Ok(outcome) => succeeded(ended, outcome),
            Err(Error::Cancelled) if self.interrupted.load(Ordering::SeqCst) => {
                wire::Evaluation { status: EvaluationStatus::Interrupted, ..ended }
            }
            Err(Error::Cancelled) => wire::Evaluation { status: EvaluationStatus::Cancelled, ..ended },
            Err(error) => failed(ended, error),
        }
    }
}

fn succeeded(ended: wire::Evaluation, outcome: Outcome) -> wire::Evaluation {
    let failure = outcome.failure().cloned().map(wire::Failure::from);
    wire::Evaluation {
        status: if failure.is_some() { EvaluationStatus::Failed } else { EvaluationStatus::Succeeded },
        results: Some(outcome.results.into_iter().map(wire::WindowResult::from).collect()),
        drift: outcome.drift.map(wire::Drift::from),
        left_out: outcome.left_out.into_iter().map(wire::LeftOut::from).collect(),
        failure,
        lineage: Some(outcome.lineage.into()),
        timing: Some(outcome.timing.into()),
        log: outcome.log,
        ..ended
    }
}

fn failed(ended: wire::Evaluation, error: Error) -> wire::Evaluation {
    let problem = Problem::from(error);
    let failure = wire::Failure { code: problem.code.into_owned(), message: problem.detail, log: Vec::new() };
    wire::Evaluation { status: EvaluationStatus::Failed, failure: Some(failure), ..ended }
}
