//! The way in: plans evaluations, runs them, reads rows.

use std::{future::Future, sync::Arc};

use driftline_core::{Digest, MetricFactory};
use driftline_sandbox::Sandbox;
use driftline_storage::{PluginRecord, Storage};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    Error, Outcome, Plan, Progress, Query, QueryRows, ReadRequest, Request, RowStream,
    ahead::{self, Ahead},
    expression::Expressions,
    flight::{self, Flights},
    outcome::PluginId,
    plan, read, run,
    scan::Scanner,
    side,
    sql::{self, Sessions},
    threads::QueryThreads,
    unit::RunContext,
    workers::Workers,
};

/// Computes metrics over the rows of a [`Storage`] with the plugins of a [`Sandbox`]. Cheap to clone.
#[derive(Clone)]
pub struct Evaluator {
    pub(crate) storage: Storage,
    pub(crate) sandbox: Sandbox,
    pub(crate) expressions: Expressions,
    scanner: Scanner,
    pub(crate) workers: Workers,
    flights: Flights,
    ahead: Ahead,
    sessions: Sessions,
    queries: QueryThreads,
    pub(crate) cells: u64,
}

/// How an [`Evaluator`] works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that compute, shared by all evaluations; as many again read rows and answer queries.
    pub threads: usize,
    /// How many cells (columns times rows) one scan of an evaluation feeds to plugins at most, except that a scan feeds one
    /// column at least: their states wait in memory until they are merged, for exact metrics 8 bytes a cell.
    pub cells: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: std::thread::available_parallelism().map_or(2, usize::from), cells: 1 << 27 }
    }
}

impl Evaluator {
    /// An evaluator over `storage` and `sandbox`.
    ///
    /// # Errors
    /// When the query engine can't be set up.
    pub fn new(storage: Storage, sandbox: Sandbox, options: &Options) -> Result<Self, Error> {
        let scanner = Scanner::new(storage.object_store())?;
        let queries = QueryThreads::start(options.threads).map_err(|error| Error::Worker(error.to_string()))?;
        let sessions = Sessions::new(scanner.clone(), options.threads);
        let (expressions, workers) = (Expressions::new(), Workers::new(options.threads));
        let (flights, ahead, cells) = (Flights::default(), Ahead::new(), options.cells);
        Ok(Self { storage, sandbox, expressions, scanner, workers, flights, ahead, sessions, queries, cells })
    }

    /// Checks all that can be checked before a row is read.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Invalid`] name the place in the request.
    pub async fn plan(&self, request: Request) -> Result<Plan, Error> {
        let this = self.clone();
        blocking(move || {
            let model = plan::model(&this.storage, &request.model)?;
            let record =
                this.storage.plugin(&request.plugin)?.ok_or_else(|| plan::plugin_not_found(&request.plugin))?;
            let plugin = this.plugin(&record)?;
            let id = PluginId { name: record.name, version: record.version, digest: record.digest };
            plan::plan(&request, model, id, plugin, &this.storage, &this.expressions)
        })
        .await
    }

    /// An installed plugin within the limits that its upload set. Blocks.
    pub(crate) fn plugin(&self, record: &PluginRecord) -> Result<Arc<dyn MetricFactory>, Error> {
        let plugin = self.sandbox.load(&record.digest, || self.storage.plugin_wasm(&record.digest))?;
        let limits = record.limits.as_deref().and_then(|limits| serde_json::from_str(limits).ok());
        Ok(match limits {
            Some(limits) => Arc::new(plugin.lowered_to(&limits)),
            None => plugin,
        })
    }

    /// As [`Self::plan`], with a metric of the caller's instead of an
    /// installed plugin: the same code native, for comparison.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub async fn plan_native(
        &self,
        request: Request,
        factory: Arc<dyn MetricFactory>,
        id: PluginId,
    ) -> Result<Plan, Error> {
        let this = self.clone();
        blocking(move || {
            let model = plan::model(&this.storage, &request.model)?;
            plan::plan(&request, model, id, factory, &this.storage, &this.expressions)
        })
        .await
    }

    /// Runs a plan over the rows there are now. The same plan over the same rows runs once, however many ask at once.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and whatever keeps rows from being read. A
    /// plugin's failure is in the outcome.
    pub async fn run(&self, plan: Plan, progress: Arc<Progress>, cancel: CancellationToken) -> Result<Outcome, Error> {
        let storage = self.storage.clone();
        let (plan, sides) = blocking(move || side::sides(&plan, &storage).map(|sides| (plan, sides))).await?;
        let digest = plan.plugin.digest;
        let key = flight::key(&plan, &sides.0, sides.1.as_ref());
        let mut work = Some((plan, sides));
        let start = |progress, cancel| {
            let (work, this, context) = (work.take(), self.clone(), self.context(digest, progress, cancel));
            async move {
                let (plan, sides) = work.ok_or_else(|| Error::Worker("nothing to do".into()))?;
                let follows = this.storage.states().is_on() && ahead::is_of_use(&plan, &sides);
                let outcome = run::run(&plan, sides, &this.workers, &context).await?;
                if follows {
                    this.ahead.follow(plan, &this);
                }
                Ok(outcome)
            }
        };
        if let Some(ended) = self.flights.join(key, &progress, &cancel, start).await {
            return ended;
        }
        // Somebody else's run failed; this one may fare better.
        let (plan, sides) = work.ok_or_else(|| Error::Worker("an evaluation was lost".into()))?;
        run::run(&plan, sides, &self.workers, &self.context(digest, progress, cancel)).await
    }

    /// Runs work of a plugin that computes on one of the threads that evaluations share, when it is its turn.
    ///
    /// # Errors
    /// When it panics.
    pub async fn compute<T: Send + 'static>(
        &self,
        plugin: Digest,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.workers.run_one(plugin, work).await
    }

    /// Waits until nothing is computed ahead of the questions that will be asked next.
    pub async fn settled(&self) {
        self.ahead.settled().await;
    }

    /// What computing needs besides rows.
    pub(crate) fn context(&self, plugin: Digest, progress: Arc<Progress>, cancel: CancellationToken) -> RunContext {
        let (expressions, scanner) = (self.expressions.clone(), self.scanner.clone());
        let states = self.storage.states().clone();
        RunContext { plugin, expressions, scanner, progress, cancel, cells: self.cells, states }
    }

    /// Opens a model's rows; take them on the threads for that, see [`Self::spawn`].
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Invalid`] name the place in the request.
    pub async fn read(&self, request: ReadRequest) -> Result<RowStream, Error> {
        read::open(request, self.storage.clone(), self.expressions.clone(), self.scanner.clone()).await
    }

    /// Plans a statement that only reads, and begins to run it; on the threads for that, see [`Self::spawn`].
    ///
    /// # Errors
    /// [`Error::Invalid`] says what of the statement is refused, and why.
    pub async fn query(&self, query: Query) -> Result<QueryRows, Error> {
        let (storage, expressions, scanner) = (self.storage.clone(), self.expressions.clone(), self.scanner.clone());
        sql::query(query, &self.sessions, storage, expressions, scanner).await
    }

    /// Runs work that reads rows on threads of its own; it stops when the handle is dropped.
    pub fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> AbortOnDropHandle<T> {
        self.queries.run(work)
    }
}

/// Runs what blocks on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Worker(error.to_string()))?
}
