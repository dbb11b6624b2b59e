//! A server from its start to its end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::serve::ListenerExt;
use driftline_eval::{Evaluator, Options as EvaluatorOptions};
use driftline_notify::{Courier, Guard, Options as CourierOptions};
use driftline_sandbox::{Compiler, Options as SandboxOptions, Sandbox};
use driftline_storage::{Clock, Options as StorageOptions, Storage};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Notify, Semaphore},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Config, Error,
    app::{App, Shared},
    breakers::Breakers,
    delivery::{self, Deliveries},
    evaluations::{Evaluations, Gate, mark_interrupted},
    maintenance,
    metrics::Metrics,
    plugins,
    problem::Problem,
    queries::Queries,
    receive::Reception,
    router::router,
    scheduler::{self, Scheduler},
    schemas::Schemas,
    standard_plugins,
    trust::Trust,
    uploads::Uploads,
};

/// The hidden command of this program that is a compiler process.
pub const COMPILE: &str = "compile";

/// How long requests may take to end once the server is told to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// A server that listens; [`Server::run`] makes it answer.
pub struct Server {
    app: Shared,
    listener: TcpListener,
    address: SocketAddr,
}

/// Lets a server do all that is due.
#[derive(Clone)]
pub struct Settling(Shared);

impl Settling {
    /// Runs monitors and sends what they tell until nothing is due any more.
    ///
    /// # Errors
    /// When the catalog can't be read or written.
    pub async fn settle(&self) -> Result<(), Error> {
        let settled = async {
            scheduler::settle(&self.0).await?;
            delivery::settle(&self.0).await
        };
        settled.await.map(drop).map_err(|problem: Problem| Error::Panicked(problem.detail))
    }

    /// Seals, folds and merges all there is, which else happens by and by.
    ///
    /// # Errors
    /// When files or the catalog can't be read or written.
    pub async fn tidy(&self) -> Result<(), Error> {
        self.0.blocking(|app| app.storage.maintain()).await.map_err(|problem| Error::Panicked(problem.detail))
    }
}

impl Server {
    /// Opens the data directory, installs the standard plugins that are missing, and listens.
    ///
    /// # Errors
    /// When the directory or the address can't be had.
    pub async fn start(config: Config) -> Result<Self, Error> {
        Self::start_with(config, StorageOptions::default()).await
    }

    /// As [`Self::start`], with a clock of the caller's.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_at(config: Config, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::start_with(config, StorageOptions { clock, ..StorageOptions::default() }).await
    }

    async fn start_with(config: Config, options: StorageOptions) -> Result<Self, Error> {
        let listen = config.listen;
        let opening = move || {
            let app = open_with(&config, options)?;
            standard_plugins::install_missing(&app.storage)?;
            Ok(app)
        };
        let app: Result<Result<Shared, Error>, _> = tokio::task::spawn_blocking(opening).await;
        let app = app.map_err(|error| Error::Panicked(error.to_string()))??;
        let listening = async {
            let listener = TcpListener::bind(listen).await?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listening.await.map_err(|source| Error::Listen { address: listen, source })?;
        Ok(Self { app, listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does all that is due by the server's clock; for whoever turns that clock.
    pub fn settling(&self) -> Settling {
        Settling(self.app.clone())
    }

    /// Answers until `stop` is cancelled; then lets requests end, interrupts
    /// evaluations and closes the data directory.
    ///
    /// # Errors
    /// When connections can't be accepted any more.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Error> {
        let Self { app, listener, .. } = self;
        // Answers are small and wait for nothing: Nagle's algorithm would only delay them.
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "a connection keeps Nagle's algorithm");
            }
        });
        let (evaluations, sandbox, stopped) = (app.evaluations.clone(), app.sandbox.clone(), stop.clone());
        let outgoing = app.clone();
        let draining = async move {
            stopped.cancelled().await;
            sandbox.stop();
            outgoing.scheduler.stop().await;
            outgoing.deliveries.stop().await;
            evaluations.stop().await;
        };
        let maintenance = tokio::spawn(maintenance::run(app.clone(), stop.clone()));
        let scheduling = tokio::spawn(scheduler::run(app.clone(), stop.clone()));
        let delivering = tokio::spawn(delivery::run(app.clone(), stop.clone()));
        let compiling = tokio::spawn(standard_plugins::compile_ahead(app.clone(), stop.clone()));
        let measuring = tokio::spawn(plugins::measure(app.clone(), stop.clone()));
        let serving = axum::serve(listener, router(&app)).with_graceful_shutdown(stop.clone().cancelled_owned());
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            (served, ()) = async { tokio::join!(serving, draining) } => served?,
            () = overdue => tracing::warn!("some requests did not end in time and are cut off"),
        }
        maintenance.abort();
        scheduling.abort();
        delivering.abort();
        compiling.abort();
        measuring.abort();
        let closed = tokio::task::spawn_blocking(move || app.storage.close()).await;
        closed.map_err(|error| Error::Panicked(error.to_string()))
    }
}

/// Opens the data directory and sets up what works on it, with the clock and the faults of these options.
///
/// # Errors
/// When the directory can't be had.
pub fn open_with(config: &Config, options: StorageOptions) -> Result<Shared, Error> {
    let courier = courier(config)?;
    let metrics = Metrics::new();
    let options = StorageOptions {
        clock: options.clock,
        faults: options.faults,
        observer: metrics.storage.clone(),
        place: config.place.clone(),
        state_cache_bytes: config.state_cache_bytes,
        log_cache_bytes: config.row_cache_bytes,
        ..config.segments.options()
    };
    let storage = Storage::open(&config.data, options)?;
    let trust = Trust::read(config.plugins.keys.as_deref())?;
    let options = SandboxOptions::new(config.data.join("cache"), compiler(config)?);
    let sandbox = Sandbox::new(SandboxOptions { limits: config.plugins.limits.clone(), ..options })?;
    let options = EvaluatorOptions { threads: config.threads, ..EvaluatorOptions::default() };
    let evaluator = Evaluator::new(storage.clone(), sandbox.clone(), &options)?;
    let interrupted = mark_interrupted(&storage)?;
    if interrupted > 0 {
        tracing::warn!(interrupted, "evaluations were cut off when the server last stopped");
    }
    let breakers = Breakers::new(config.plugins.breaker, storage.clone(), metrics.plugins.clone());
    let gate = Gate { trust: trust.clone(), breakers: breakers.clone() };
    let evaluations = Evaluations::new(evaluator.clone(), storage.clone(), metrics.clone(), gate, &config.limits);
    let queries = Queries::new(evaluator.clone(), &config.limits);
    let reads = Arc::new(Semaphore::new(config.limits.reads));
    let (limits, schemas, reception) = (config.limits.clone(), Schemas::default(), Reception::new(&config.limits));
    Ok(Arc::new(App {
        limits,
        reception,
        storage,
        sandbox,
        evaluator,
        evaluations,
        breakers,
        trust,
        uploads: Uploads::default(),
        queries,
        reads,
        schemas,
        metrics,
        unmeasured: Notify::new(),
        scheduler: Scheduler::new(&config.limits),
        deliveries: Deliveries::new(Arc::new(courier.clone())),
        courier,
        history: config.history,
        erasing: Mutex::default(),
    }))
}

fn courier(config: &Config) -> Result<Courier, Error> {
    let guard = Guard::allowing(&config.notify_allow).map_err(Error::Outgoing)?;
    Courier::new(CourierOptions { guard, ..CourierOptions::default() }).map_err(Error::Outgoing)
}

fn compiler(config: &Config) -> Result<Compiler, Error> {
    if config.compile_in_process {
        return Ok(Compiler::InProcess);
    }
    Ok(Compiler::Command { program: std::env::current_exe()?, args: vec![COMPILE.into()] })
}
