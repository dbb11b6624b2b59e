//! What Prometheus sees of monitors: runs, alerts, deliveries.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use driftline_core::Time;
use driftline_storage::{AlertCount, DeliveryReading, RunReading, RunRecord, RunStatus, Settled};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::seconds;

/// How many pairs of monitor and model have alerts of their own in `/metrics`; the rest are counted as `other`.
pub const NAMED: usize = 1_000;

/// Counts what monitors do. Clones count together.
#[derive(Clone)]
pub struct MonitorMetrics(Arc<Inner>);

struct Inner {
    runs: Family<RunLabels, Counter>,
    lateness: Histogram,
    run_seconds: Histogram,
    due: Gauge,
    running: Gauge,
    late: Gauge<f64, AtomicU64>,
    attempts: Family<OutcomeLabels, Counter>,
    pending: Gauge,
    dead: Gauge,
    alerts: Family<AlertLabels, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    reason: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AlertLabels {
    monitor: String,
    model: String,
    level: String,
    status: &'static str,
}

/// Lateness is told up to a day.
const LATENESS: [f64; 12] = [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 43_200.0, 86_400.0];

impl MonitorMetrics {
    /// All at zero, in `registry`.
    pub fn new(registry: &mut Registry) -> Self {
        let inner = Inner {
            runs: Family::default(),
            lateness: Histogram::new(LATENESS),
            run_seconds: seconds(),
            due: Gauge::default(),
            running: Gauge::default(),
            late: Gauge::default(),
            attempts: Family::default(),
            pending: Gauge::default(),
            dead: Gauge::default(),
            alerts: Family::default(),
        };
        inner.register(registry);
        Self(Arc::new(inner))
    }

    /// Counts a run that starts at `now`, and how much later than it was to.
    pub fn started(&self, now: Time, run: &RunRecord) {
        let late = now.micros().saturating_sub(run.not_before.micros()).max(0);
        self.0.lateness.observe(late as f64 / 1e6);
    }

    /// Counts a run that ended.
    pub fn ended(&self, run: &RunRecord, status: RunStatus, took: Duration) {
        let labels = RunLabels { reason: run.reason.as_str(), status: status.as_str() };
        self.0.runs.get_or_create(&labels).inc();
        self.0.run_seconds.observe(took.as_secs_f64());
    }

    /// Counts an attempt to send a delivery.
    pub fn delivered(&self, settled: Settled) {
        let outcome = match settled {
            Settled::Sent => "sent",
            Settled::Again(_) => "failed",
            Settled::Dead => "given_up",
        };
        self.0.attempts.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Shows what waits, and which alerts there are.
    pub fn show(&self, now: Time, runs: RunReading, deliveries: DeliveryReading, alerts: Vec<AlertCount>) {
        let inner = &self.0;
        inner.due.set(runs.due as i64);
        inner.running.set(runs.running as i64);
        let late = runs.late_since.map_or(0, |since| now.micros().saturating_sub(since.micros()).max(0));
        inner.late.set(late as f64 / 1e6);
        inner.pending.set(deliveries.pending as i64);
        inner.dead.set(deliveries.dead as i64);
        inner.alerts.clear();
        for (place, alert) in alerts.into_iter().enumerate() {
            let (monitor, model) = match place {
                ..NAMED => (alert.monitor.to_string(), alert.model.to_string()),
                _ => ("other".to_owned(), "other".to_owned()),
            };
            let labels = AlertLabels { monitor, model, level: alert.level, status: alert.status.as_str() };
            inner.alerts.get_or_create(&labels).inc_by(alert.count as i64);
        }
    }
}

impl Inner {
    fn register(&self, registry: &mut Registry) {
        registry.register("monitor_runs", "Runs of monitors that ended", self.runs.clone());
        registry.register(
            "monitor_run_lateness_seconds",
            "How much later than it was to a run started",
            self.lateness.clone(),
        );
        registry.register("monitor_run_seconds", "Time of a run of a monitor", self.run_seconds.clone());
        registry.register("monitor_runs_due", "Runs that could start and have not", self.due.clone());
        registry.register("monitor_runs_running", "Runs at work", self.running.clone());
        registry.register(
            "monitor_late_seconds",
            "For how long the run waits that waits longest for its start",
            self.late.clone(),
        );
        registry.register("delivery_attempts", "Attempts to send what monitors tell", self.attempts.clone());
        registry.register("deliveries_pending", "Deliveries that are to be sent", self.pending.clone());
        registry.register("deliveries_dead", "Deliveries that were given up", self.dead.clone());
        registry.register("alerts", "Alerts that are open or acknowledged", self.alerts.clone());
    }
}
