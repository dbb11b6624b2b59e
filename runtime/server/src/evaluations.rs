//! Evaluations under way: bounded, watched, cancelled, and kept when they end.

mod aggregates;
mod job;
mod measured;
mod record;
mod shelf;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use driftline_core::Name;
use driftline_eval::{Evaluator, Plan, PluginId, Request};
use driftline_storage::Storage;
use futures::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use self::shelf::Shelf;
pub use self::{job::Job, measured::Measured};
use crate::{
    app::Shared,
    breakers::{Breakers, Pass},
    config::Limits,
    ingest,
    metrics::Metrics,
    problem::Problem,
    trust::Trust,
    wire,
};

/// The evaluations of a server. Clones are the same.
#[derive(Clone)]
pub struct Evaluations(Arc<Inner>);

struct Inner {
    evaluator: Evaluator,
    storage: Storage,
    metrics: Metrics,
    gate: Gate,
    /// One permit for each evaluation that runs or waits.
    admission: Arc<Semaphore>,
    /// One permit for each evaluation that runs.
    turns: Arc<Semaphore>,
    shelf: Shelf,
}

/// What decides whether a plugin may run.
pub struct Gate {
    /// Whose plugins may.
    pub trust: Trust,
    /// Which are left alone because they keep failing.
    pub breakers: Breakers,
}

/// What is asked, checked as far as that goes without looking at the data.
pub struct Order {
    /// The request as the evaluator takes it.
    pub request: Request,
    /// The request as it came, for the record.
    pub asked: serde_json::Value,
    /// Whether the results are kept.
    pub record: bool,
    /// How long the caller waits.
    pub wait: Duration,
}

impl Evaluations {
    /// None under way.
    pub fn new(evaluator: Evaluator, storage: Storage, metrics: Metrics, gate: Gate, limits: &Limits) -> Self {
        Self(Arc::new(Inner {
            evaluator,
            storage,
            metrics,
            gate,
            admission: Arc::new(Semaphore::new(limits.evaluations + limits.queued_evaluations)),
            turns: Arc::new(Semaphore::new(limits.evaluations)),
            shelf: Shelf::default(),
        }))
    }

    /// Starts an evaluation and waits for its end as long as the order says;
    /// it goes on when the wait is over, or the caller leaves.
    ///
    /// # Errors
    /// 429 when too many are under way, 503 when the plugin is left alone, and what the plan finds wrong.
    pub async fn run(&self, order: Order) -> Result<wire::Evaluation, Problem> {
        let (wait, created) = (order.wait, ingest::now());
        let place = self.place()?;
        let plan = self.0.evaluator.plan(order.request.clone()).await?;
        let pass = self.enter(&plan).await?;
        let job = Job::new(Uuid::now_v7(), &plan, &order, created);
        let job = self.start(plan, job, (place, pass));
        match tokio::time::timeout(wait, job.ended()).await {
            Ok(outcome) => outcome.map(|evaluation| evaluation.as_ref().clone()),
            Err(_) => self.announce(&job).await,
        }
    }

    /// Starts two evaluations over the very same rows, and waits for neither.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn start_pair(&self, orders: [Order; 2]) -> Result<[Arc<Job>; 2], Problem> {
        let (place, second, created) = (self.place()?, self.place()?, ingest::now());
        let [one, other] = &orders;
        let mut plan = self.0.evaluator.plan(one.request.clone()).await?;
        let mut beside = self.0.evaluator.plan(other.request.clone()).await?;
        plan.share_rows(&mut beside);
        let (pass, its_pass) = (self.enter(&plan).await?, self.enter(&beside).await?);
        let job = Job::new(Uuid::now_v7(), &plan, one, created);
        let its_job = Job::new(Uuid::now_v7(), &beside, other, created);
        Ok([self.start(plan, job, (place, pass)), self.start(beside, its_job, (second, its_pass))])
    }

    /// Runs a plan under an id of the caller's and waits for its end. Nothing is kept: the caller keeps it together with
    /// what it makes of it. Meanwhile it is found and cancelled like any other.
    ///
    /// # Errors
    /// 429 when too many are under way, 503 when the plugin is left alone or the server stops.
    pub async fn measure(&self, id: Uuid, plan: Plan, order: &Order) -> Result<Measured, Problem> {
        let place = self.place()?;
        let pass = self.enter(&plan).await?;
        let job = Job::new(id, &plan, order, ingest::now());
        let job = self.start(plan, job, (place, pass));
        let evaluation = job.ended().await?;
        if evaluation.status == wire::EvaluationStatus::Interrupted {
            return Err(driftline_storage::Error::Closed.into());
        }
        Ok(Measured { evaluation, asked: order.asked.clone(), definitions: job.definitions.clone() })
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.0.admission.clone().try_acquire_owned().map_err(|_| too_many())
    }

    fn start(&self, plan: Plan, job: Job, (place, pass): (OwnedSemaphorePermit, Pass)) -> Arc<Job> {
        let job = Arc::new(job);
        self.0.shelf.add(job.clone());
        let (this, running) = (self.clone(), job.clone());
        tokio::spawn(async move {
            // Whoever waits for this job must hear of its end, also of a bad one.
            let outcome = AssertUnwindSafe(this.carry_out(&running, plan, pass)).catch_unwind().await;
            running.end(outcome.unwrap_or_else(|_| Err(Problem::internal("an evaluation panicked"))));
            this.0.shelf.ended(&running);
            drop(place);
        });
        job
    }

    /// Whether the plugin may run: somebody who may has signed it, and it is not left alone.
    async fn enter(&self, plan: &Plan) -> Result<Pass, Problem> {
        if self.0.gate.trust.is_required() {
            let (inner, digest) = (self.0.clone(), plan.plugin().digest);
            let checked = tokio::task::spawn_blocking(move || inner.gate.trust.check_run(&inner.storage, &digest));
            checked.await.map_err(Problem::internal)?.map_err(|problem| problem.at("plugin"))?;
        }
        self.0.gate.breakers.enter(plan.plugin())
    }

    async fn carry_out(&self, job: &Arc<Job>, plan: Plan, pass: Pass) -> Result<wire::Evaluation, Problem> {
        let plugin = plan.plugin().clone();
        self.0.metrics.queued.inc();
        let turn = tokio::select! {
            turn = self.0.turns.clone().acquire_owned() => Some(turn),
            () = job.cancel.cancelled() => None,
        };
        self.0.metrics.queued.dec();
        let outcome = match turn {
            None => Err(driftline_eval::Error::Cancelled),
            Some(_turn) => {
                self.0.metrics.running.inc();
                job.begin();
                let run = self.0.evaluator.run(plan, job.progress.clone(), job.cancel.clone());
                // A plugin that is stuck ends at its deadline; whoever cancels need not wait for that.
                let outcome = tokio::select! {
                    outcome = run => outcome,
                    () = job.cancel.cancelled() => Err(driftline_eval::Error::Cancelled),
                };
                self.0.metrics.running.dec();
                outcome
            }
        };
        // What was cancelled, or could not read its rows, says nothing of the plugin.
        match &outcome {
            Ok(outcome) => pass.judge(outcome),
            Err(_) => drop(pass),
        }
        let evaluation = job.concluded(outcome);
        self.count(&evaluation, &plugin, job);
        if job.record {
            let mut settled = job.settled.lock().await;
            self.keep(evaluation.clone(), job).await?;
            *settled = true;
        }
        Ok(evaluation)
    }

    fn count(&self, evaluation: &wire::Evaluation, plugin: &PluginId, job: &Job) {
        let (metrics, status, took) = (&self.0.metrics, evaluation.status.as_str(), job.started.elapsed());
        metrics.evaluated(status, took);
        metrics.plugins.evaluated(plugin, status, took, job.progress.rows());
        if let Some(failure) = &evaluation.failure {
            metrics.plugins.failed(plugin, &failure.code);
        }
    }

    async fn keep(&self, evaluation: wire::Evaluation, job: &Arc<Job>) -> Result<(), Problem> {
        let (inner, job) = (self.0.clone(), job.clone());
        let kept = tokio::task::spawn_blocking(move || {
            let aggregates = aggregates::aggregates(&evaluation);
            let succeeded = evaluation.status == wire::EvaluationStatus::Succeeded;
            let definitions = if succeeded { job.definitions.clone() } else { Vec::new() };
            inner.storage.put_evaluation(record::record(&evaluation, &job.asked), aggregates, definitions)
        });
        Ok(kept.await.map_err(Problem::internal)??)
    }

    /// Makes a running evaluation known on disk before its address is given away,
    /// so that it is found, as interrupted, even after a crash.
    async fn announce(&self, job: &Arc<Job>) -> Result<wire::Evaluation, Problem> {
        if job.record {
            let settled = job.settled.lock().await;
            if !*settled {
                self.keep(job.unfinished(), job).await?;
            }
        }
        match job.result() {
            Some(outcome) => outcome.map(|evaluation| evaluation.as_ref().clone()),
            None => Ok(job.unfinished()),
        }
    }

    /// The evaluation with this id, under way or kept.
    ///
    /// # Errors
    /// 404 when there is none.
    pub async fn find(&self, id: Uuid) -> Result<wire::Evaluation, Problem> {
        if let Some(job) = self.0.shelf.find(id) {
            return match job.result() {
                Some(outcome) => outcome.map(|evaluation| with_request(evaluation.as_ref().clone(), &job)),
                None => Ok(with_request(job.unfinished(), &job)),
            };
        }
        let inner = self.0.clone();
        let found =
            tokio::task::spawn_blocking(move || inner.storage.evaluation(id)).await.map_err(Problem::internal)??;
        found.map(record::evaluation).transpose()?.ok_or_else(|| not_found(id))
    }

    /// Cancels an evaluation that is under way, and waits until it has stopped.
    ///
    /// # Errors
    /// 404 when there is none, 409 when it has ended.
    pub async fn cancel(&self, id: Uuid) -> Result<wire::Evaluation, Problem> {
        let Some(job) = self.0.shelf.find(id).filter(|job| job.result().is_none()) else {
            let status = self.find(id).await?.status.as_str();
            let detail = format!("the evaluation has ended ({status}): there is nothing to cancel");
            return Err(Problem::new(axum::http::StatusCode::CONFLICT, "evaluation_ended", detail).at("id"));
        };
        job.cancel.cancel();
        job.ended().await.map(|evaluation| evaluation.as_ref().clone())
    }

    /// Those that run or wait and fit the filter, newest first.
    pub fn under_way(&self, filter: &wire::EvaluationFilter) -> Vec<wire::EvaluationSummary> {
        let summaries = self.0.shelf.under_way().into_iter().map(|job| record::summary(&job.unfinished()));
        summaries.filter(|summary| fits(summary, filter)).collect()
    }

    /// Cancels those of a model that is no more, and forgets them.
    pub async fn abandon(&self, model: &Name) {
        for job in self.0.shelf.take_of(model) {
            job.cancel.cancel();
            let _outcome = job.ended().await;
        }
    }

    /// Cancels all that run and waits until they have ended.
    pub async fn stop(&self) {
        let jobs = self.0.shelf.under_way();
        jobs.iter().for_each(|job| job.interrupt());
        for job in jobs {
            let _outcome = job.ended().await;
        }
    }
}

fn fits(summary: &wire::EvaluationSummary, filter: &wire::EvaluationFilter) -> bool {
    let of_plugin = |plugin: &str| {
        let rest = summary.plugin.strip_prefix(plugin);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    };
    filter.model.as_ref().is_none_or(|model| *model == summary.model)
        && filter.plugin.as_deref().is_none_or(of_plugin)
        && filter.status.is_none_or(|status| status == summary.status)
}

/// The evaluations on disk that fit the filter, newest first.
///
/// # Errors
/// 422 when there is no evaluation with the id `after`.
pub async fn kept(
    app: &Shared,
    filter: wire::EvaluationFilter,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<wire::EvaluationSummary>, Problem> {
    let filter = driftline_storage::EvaluationFilter {
        model: filter.model.map(|model| model.0),
        plugin: filter.plugin,
        status: filter.status.map(|status| status.as_str().into()),
    };
    let records = app.blocking(move |app| app.storage.evaluations(&filter, after, limit)).await?;
    Ok(records.into_iter().filter_map(record::listed).collect())
}

fn with_request(mut evaluation: wire::Evaluation, job: &Job) -> wire::Evaluation {
    evaluation.request = Some(job.asked.clone());
    evaluation
}

fn not_found(id: Uuid) -> Problem {
    let detail =
        format!("there is no evaluation {id}: one that was not recorded, or is of a monitor, goes after a while");
    Problem::not_found("evaluation_not_found", detail).at("id")
}

fn too_many() -> Problem {
    let detail = "too many evaluations are under way: try again in a moment";
    Problem::busy(axum::http::StatusCode::TOO_MANY_REQUESTS, "evaluations_busy", detail, 1)
}

/// Marks what was running when the server last stopped.
///
/// # Errors
/// When the catalog can't be read or written.
pub fn mark_interrupted(storage: &Storage) -> Result<usize, driftline_storage::Error> {
    let mut marked = 0;
    for status in [wire::EvaluationStatus::Running, wire::EvaluationStatus::Queued] {
        let filter = driftline_storage::EvaluationFilter { status: Some(status.as_str().into()), ..Default::default() };
        loop {
            let records = storage.evaluations(&filter, None, 100)?;
            if records.is_empty() {
                break;
            }
            marked += records.len();
            for record in records {
                storage.put_evaluation(record::interrupted(record), Vec::new(), Vec::new())?;
            }
        }
    }
    Ok(marked)
}
