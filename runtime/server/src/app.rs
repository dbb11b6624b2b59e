//! What every handler can reach.

use std::sync::Arc;

use driftline_core::Name;
use driftline_eval::Evaluator;
use driftline_notify::Courier;
use driftline_sandbox::Sandbox;
use driftline_storage::{Model, Storage};
use tokio::sync::{Notify, Semaphore};

use crate::{
    breakers::Breakers,
    config::{History, Limits},
    delivery::Deliveries,
    evaluations::Evaluations,
    metrics::Metrics,
    problem::Problem,
    queries::Queries,
    receive::Reception,
    scheduler::Scheduler,
    schemas::Schemas,
    trust::Trust,
    uploads::Uploads,
};

/// The parts of a running server.
pub struct App {
    /// Bounds on requests.
    pub limits: Limits,
    /// Takes in the bodies of requests.
    pub reception: Reception,
    /// Where facts are kept.
    pub storage: Storage,
    /// Where plugins are checked.
    pub sandbox: Sandbox,
    /// How metrics are computed.
    pub evaluator: Evaluator,
    /// Evaluations under way.
    pub evaluations: Evaluations,
    /// Which plugins are left alone because they keep failing.
    pub breakers: Breakers,
    /// Whose plugins may run.
    pub trust: Trust,
    /// Uploads of plugins under way.
    pub uploads: Uploads,
    /// Queries under way.
    pub queries: Queries,
    /// One permit for each read of rows that may be under way.
    pub reads: Arc<Semaphore>,
    /// The models' schemas as they were last seen.
    pub schemas: Schemas,
    /// When monitors run.
    pub scheduler: Scheduler,
    /// What monitors tell.
    pub deliveries: Deliveries,
    /// Carries what monitors tell.
    pub courier: Courier,
    /// For how long what monitors did is kept.
    pub history: History,
    /// What is counted.
    pub metrics: Metrics,
    /// There may be plugins whose fuel is not measured.
    pub unmeasured: Notify,
    /// Held by whoever erases.
    pub erasing: tokio::sync::Mutex<()>,
}

/// A handle to the [`App`].
pub type Shared = Arc<App>;

impl App {
    /// Runs something that blocks, such as a read of the catalog, away from the threads that answer.
    ///
    /// # Errors
    /// Its own error as a problem; 500 when it panics.
    pub async fn blocking<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Problem>
    where
        T: Send + 'static,
        E: Into<Problem> + Send + 'static,
    {
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&app)).await;
        done.map_err(Problem::internal)?.map_err(Into::into)
    }

    /// The model called `name`.
    ///
    /// # Errors
    /// 404 `model_not_found` with what to do about it.
    pub fn model(&self, name: &Name) -> Result<Model, Problem> {
        self.storage.model(name)?.ok_or_else(|| Problem::model_not_found(name))
    }
}
