//! What Prometheus sees of storage.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use driftline_storage::{Error, Kind, Observer, Readings, StateReadings, Work};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::{KindLabels, seconds};

/// Hears of storage's work, and shows how much there was of everything when that was last read.
pub struct StorageMetrics {
    commits: Histogram,
    commit_failures: Family<ReasonLabels, Counter>,
    waits: Histogram,
    work: Family<WorkLabels, Histogram>,
    work_failures: Family<WorkLabels, Counter>,
    log_rows: Family<KindLabels, Gauge>,
    log_bytes: Family<KindLabels, Gauge>,
    log_oldest: Family<KindLabels, Gauge<f64, AtomicU64>>,
    segments: Family<KindLabels, Gauge>,
    segment_rows: Family<KindLabels, Gauge>,
    segment_bytes: Family<KindLabels, Gauge>,
    pending: Gauge,
    caches: Family<CacheLabels, Gauge>,
    states: Family<StateLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabels {
    work: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    event: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    cache: &'static str,
}

impl StorageMetrics {
    /// All at zero, in `registry`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            commits: seconds(),
            commit_failures: Family::default(),
            waits: seconds(),
            work: Family::new_with_constructor(seconds),
            work_failures: Family::default(),
            log_rows: Family::default(),
            log_bytes: Family::default(),
            log_oldest: Family::default(),
            segments: Family::default(),
            segment_rows: Family::default(),
            segment_bytes: Family::default(),
            pending: Gauge::default(),
            caches: Family::default(),
            states: Family::default(),
        };
        metrics.register(registry);
        metrics
    }

    fn register(&self, registry: &mut Registry) {
        let Self { commits, commit_failures, waits, work, work_failures, .. } = self;
        registry.register("commit_seconds", "Time of a transaction of the catalog, its sync included", commits.clone());
        registry.register(
            "commit_failures",
            "Transactions that failed, none of which was acknowledged",
            commit_failures.clone(),
        );
        registry.register(
            "append_wait_seconds",
            "Time an append waited for space in the queue and for the writer",
            waits.clone(),
        );
        registry.register("storage_work_seconds", "Time of a piece of work in the background", work.clone());
        registry.register(
            "storage_work_failures",
            "Pieces of work that failed and will be tried again",
            work_failures.clone(),
        );
        registry.register("log_rows", "Durable rows in no segment yet", self.log_rows.clone());
        registry.register("log_bytes", "Bytes of durable rows in no segment yet", self.log_bytes.clone());
        registry.register("log_oldest_seconds", "Age of the oldest row in no segment yet", self.log_oldest.clone());
        registry.register("segments", "Segments", self.segments.clone());
        registry.register("segment_rows", "Rows in segments", self.segment_rows.clone());
        registry.register("segment_bytes", "Bytes of segments", self.segment_bytes.clone());
        registry.register(
            "delayed_pending_rows",
            "Delayed metrics not folded into predictions yet",
            self.pending.clone(),
        );
        registry.register("cache_bytes", "Bytes in the caches of storage", self.caches.clone());
        registry.register(
            "state_cache_events",
            "Kept states and reports: found, not found, made room, were damaged, were not kept in a rush",
            self.states.clone(),
        );
    }

    /// Shows these.
    pub fn show(&self, readings: &Readings) {
        let mut pending = 0;
        for log in &readings.logs {
            let labels = kind(log.kind);
            set(&self.log_rows, &labels, log.rows);
            set(&self.log_bytes, &labels, log.bytes);
            self.log_oldest.get_or_create(&labels).set(log.oldest_age_seconds);
            pending += if log.kind == Kind::Delayed { log.rows } else { 0 };
        }
        for segments in &readings.segments {
            let labels = kind(segments.kind);
            set(&self.segments, &labels, segments.files);
            set(&self.segment_rows, &labels, segments.rows);
            set(&self.segment_bytes, &labels, segments.bytes);
            pending += if segments.kind == Kind::Delayed { segments.rows } else { 0 };
        }
        self.pending.set(pending as i64);
        for (cache, bytes) in &readings.caches {
            self.caches.get_or_create(&CacheLabels { cache }).set(*bytes as i64);
        }
        let StateReadings { hits, misses, evicted, damaged, dropped, bytes, memory_bytes } = readings.states;
        for (cache, bytes) in [("states", bytes), ("states_memory", memory_bytes)] {
            self.caches.get_or_create(&CacheLabels { cache }).set(bytes as i64);
        }
        for (event, count) in
            [("hit", hits), ("miss", misses), ("evicted", evicted), ("damaged", damaged), ("dropped", dropped)]
        {
            self.states.get_or_create(&StateLabels { event }).inner().store(count, Ordering::Relaxed);
        }
    }
}

impl Observer for StorageMetrics {
    fn committed(&self, took: Duration, failed: Option<&Error>) {
        self.commits.observe(took.as_secs_f64());
        if let Some(error) = failed {
            self.commit_failures.get_or_create(&ReasonLabels { reason: reason(error) }).inc();
        }
    }

    fn waited(&self, took: Duration) {
        self.waits.observe(took.as_secs_f64());
    }

    fn worked(&self, work: Work, took: Duration, failed: bool) {
        let labels = WorkLabels { work: work.as_str() };
        self.work.get_or_create(&labels).observe(took.as_secs_f64());
        // Made at zero too, so that a rate can be told from the first failure on.
        self.work_failures.get_or_create(&labels).inc_by(u64::from(failed));
    }
}

fn kind(kind: Kind) -> KindLabels {
    let kind = match kind {
        Kind::Predictions => "predictions",
        Kind::Delayed => "delayed_metrics",
    };
    KindLabels { kind }
}

fn set<L: Clone + std::hash::Hash + Eq>(family: &Family<L, Gauge>, labels: &L, value: u64) {
    family.get_or_create(labels).set(i64::try_from(value).unwrap_or(i64::MAX));
}

fn reason(error: &Error) -> &'static str {
    match error {
        Error::Full => "disk_full",
        Error::ReadOnly => "disk_read_only",
        Error::Disk { .. } => "disk_failed",
        _ => "other",
    }
}
