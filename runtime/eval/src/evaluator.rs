//! The way in: plans evaluations, runs them, reads rows.

use std::sync::Arc;

use driftline_core::MetricFactory;
use driftline_sandbox::Sandbox;
use driftline_storage::Storage;
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Outcome, Page, Plan, Progress, ReadRequest, Request,
    expression::Expressions,
    outcome::PluginId,
    plan, read,
    run::{self, Workers},
    scan::Scanner,
    unit::RunContext,
};

/// Computes metrics over the rows of a [`Storage`] with the plugins of a [`Sandbox`]. Cheap to clone.
#[derive(Clone)]
pub struct Evaluator {
    pub(crate) storage: Storage,
    pub(crate) sandbox: Sandbox,
    pub(crate) expressions: Expressions,
    scanner: Scanner,
    pub(crate) workers: Workers,
}

/// How an [`Evaluator`] works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that compute, shared by all evaluations.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { threads: std::thread::available_parallelism().map_or(2, usize::from) }
    }
}

impl Evaluator {
    /// An evaluator over `storage` and `sandbox`.
    ///
    /// # Errors
    /// When the query engine can't be set up.
    pub fn new(storage: Storage, sandbox: Sandbox, options: &Options) -> Result<Self, Error> {
        let scanner = Scanner::new(storage.object_store())?;
        Ok(Self { storage, sandbox, expressions: Expressions::new(), scanner, workers: Workers::new(options.threads) })
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
            let plugin = this.sandbox.load(&record.digest, || this.storage.plugin_wasm(&record.digest))?;
            let id = PluginId { name: record.name, version: record.version, digest: record.digest };
            plan::plan(&request, model, id, plugin, &this.storage, &this.expressions)
        })
        .await
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

    /// Runs a plan over the rows there are now.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and whatever keeps rows from being read. A
    /// plugin's failure is in the outcome.
    pub async fn run(&self, plan: Plan, progress: Arc<Progress>, cancel: CancellationToken) -> Result<Outcome, Error> {
        let storage = self.storage.clone();
        let (plan, sides) = blocking(move || run::sides(&plan, &storage).map(|sides| (plan, sides))).await?;
        run::run(&plan, sides, &self.workers, &self.context(progress, cancel)).await
    }

    /// What computing needs besides rows.
    pub(crate) fn context(&self, progress: Arc<Progress>, cancel: CancellationToken) -> RunContext {
        RunContext { expressions: self.expressions.clone(), scanner: self.scanner.clone(), progress, cancel }
    }

    /// Reads a page of a model's rows.
    ///
    /// # Errors
    /// [`Error::NotFound`] and [`Error::Invalid`] name the place in the request.
    pub async fn read(&self, request: ReadRequest) -> Result<Page, Error> {
        read::read(request, self.storage.clone(), self.expressions.clone(), self.scanner.clone()).await
    }
}

/// Runs what blocks on a thread that may.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Worker(error.to_string()))?
}
