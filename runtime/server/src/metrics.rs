//! What Prometheus sees at `/metrics`.

mod monitors;
mod plugins;
mod storage;

pub use monitors::{MonitorMetrics, NAMED};
pub use plugins::PluginMetrics;
pub use storage::StorageMetrics;

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// The counters of a server. Clones count together.
#[derive(Clone)]
pub struct Metrics {
    requests: Family<RequestLabels, Counter>,
    latencies: Family<RouteLabels, Histogram>,
    ingested: Family<KindLabels, Counter>,
    evaluations: Family<StatusLabels, Counter>,
    evaluation_seconds: Histogram,
    /// Evaluations at work.
    pub running: Gauge,
    /// Evaluations that wait for their turn.
    pub queued: Gauge,
    /// What plugins are doing.
    pub plugins: PluginMetrics,
    /// What monitors are doing.
    pub monitors: MonitorMetrics,
    /// What storage is doing.
    pub storage: Arc<StorageMetrics>,
    registry: Arc<Registry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let requests = Family::<RequestLabels, Counter>::default();
        let latencies = Family::<RouteLabels, Histogram>::new_with_constructor(seconds);
        let ingested = Family::<KindLabels, Counter>::default();
        let evaluations = Family::<StatusLabels, Counter>::default();
        let (running, queued, evaluation_seconds) = (Gauge::default(), Gauge::default(), seconds());
        let mut registry = Registry::with_prefix("driftline");
        registry.register("http_requests", "Answered requests", requests.clone());
        registry.register("http_request_seconds", "Time to answer", latencies.clone());
        registry.register("ingested_rows", "Rows made durable", ingested.clone());
        registry.register("evaluations", "Finished evaluations", evaluations.clone());
        registry.register("evaluation_seconds", "Time from request to result", evaluation_seconds.clone());
        registry.register("evaluations_running", "Evaluations at work", running.clone());
        registry.register("evaluations_queued", "Evaluations waiting for their turn", queued.clone());
        let plugins = PluginMetrics::new(&mut registry);
        let monitors = MonitorMetrics::new(&mut registry);
        let storage = Arc::new(StorageMetrics::new(&mut registry));
        let registry = Arc::new(registry);
        Self {
            requests,
            latencies,
            ingested,
            evaluations,
            evaluation_seconds,
            plugins,
            monitors,
            running,
            queued,
            storage,
            registry,
        }
    }

    /// Counts an answer.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        let labels = RequestLabels { method: method.clone(), route: route.clone(), status };
        self.requests.get_or_create(&labels).inc();
        self.latencies.get_or_create(&RouteLabels { method, route }).observe(took.as_secs_f64());
    }

    /// Counts rows that are durable now.
    pub fn ingested(&self, kind: &'static str, rows: usize) {
        self.ingested.get_or_create(&KindLabels { kind }).inc_by(rows as u64);
    }

    /// Counts a finished evaluation.
    pub fn evaluated(&self, status: &'static str, took: Duration) {
        self.evaluations.get_or_create(&StatusLabels { status }).inc();
        self.evaluation_seconds.observe(took.as_secs_f64());
    }

    /// All of it as text.
    ///
    /// # Errors
    /// Never in practice: it writes to memory.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut answer = String::new();
        text::encode(&mut answer, &self.registry)?;
        Ok(answer)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
