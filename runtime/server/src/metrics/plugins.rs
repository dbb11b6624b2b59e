//! What plugins do, each by its name and version.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use driftline_eval::PluginId;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// How many versions of plugins have numbers of their own; all others share those of `other`.
const NAMED: usize = 200;
const SECONDS: [f64; 8] = [0.005, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0];

/// The counters of plugins. Clones count together.
#[derive(Clone)]
pub struct PluginMetrics {
    evaluations: Family<StatusLabels, Counter>,
    failures: Family<FailureLabels, Counter>,
    seconds: Family<PluginLabels, Histogram>,
    rows: Family<PluginLabels, Counter>,
    refusals: Family<PluginLabels, Counter>,
    open: Family<PluginLabels, Gauge>,
    named: Arc<Mutex<HashSet<PluginLabels>>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: String,
    version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    plugin: String,
    version: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    plugin: String,
    version: String,
    code: String,
}

impl PluginMetrics {
    /// All at zero.
    pub fn new(registry: &mut Registry) -> Self {
        let seconds = Family::<PluginLabels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let this = Self {
            evaluations: Family::default(),
            failures: Family::default(),
            seconds,
            rows: Family::default(),
            refusals: Family::default(),
            open: Family::default(),
            named: Arc::default(),
        };
        registry.register("plugin_evaluations", "Finished evaluations of a plugin", this.evaluations.clone());
        registry.register("plugin_failures", "Evaluations that a plugin failed", this.failures.clone());
        registry.register(
            "plugin_evaluation_seconds",
            "Time from request to result of a plugin's evaluations",
            this.seconds.clone(),
        );
        registry.register("plugin_rows", "Rows read for a plugin", this.rows.clone());
        registry.register(
            "plugin_refused_evaluations",
            "Evaluations refused because the plugin kept failing",
            this.refusals.clone(),
        );
        registry.register(
            "plugin_circuit_open",
            "1 while a plugin is left alone because it kept failing",
            this.open.clone(),
        );
        this
    }

    /// Counts a finished evaluation.
    pub fn evaluated(&self, plugin: &PluginId, status: &'static str, took: Duration, rows: u64) {
        let labels = self.labels(plugin);
        self.seconds.get_or_create(&labels).observe(took.as_secs_f64());
        self.rows.get_or_create(&labels).inc_by(rows);
        let PluginLabels { plugin, version } = labels;
        self.evaluations.get_or_create(&StatusLabels { plugin, version, status }).inc();
    }

    /// Counts an evaluation that a plugin failed.
    pub fn failed(&self, plugin: &PluginId, code: &str) {
        let PluginLabels { plugin, version } = self.labels(plugin);
        self.failures.get_or_create(&FailureLabels { plugin, version, code: code.to_owned() }).inc();
    }

    /// Counts an evaluation that was refused because the plugin kept failing.
    pub fn refused(&self, plugin: &PluginId) {
        self.refusals.get_or_create(&self.labels(plugin)).inc();
    }

    /// Notes whether a plugin is left alone.
    pub fn set_open(&self, plugin: &PluginId, is_open: bool) {
        self.open.get_or_create(&self.labels(plugin)).set(i64::from(is_open));
    }

    /// Names of plugins come from users: only so many become labels.
    fn labels(&self, plugin: &PluginId) -> PluginLabels {
        let labels = PluginLabels { plugin: plugin.name.to_string(), version: plugin.version.clone() };
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.contains(&labels) {
            return labels;
        }
        if named.len() < NAMED {
            named.insert(labels.clone());
            return labels;
        }
        PluginLabels { plugin: "other".to_owned(), version: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use driftline_core::Digest;
    use prometheus_client::encoding::text::encode;

    use super::*;

    #[test]
    fn the_number_of_labels_is_bounded() {
        let mut registry = Registry::default();
        let metrics = PluginMetrics::new(&mut registry);
        for number in 0..NAMED + 5 {
            let plugin = PluginId {
                name: format!("p{number}").parse().expect("a name"),
                version: "1.0.0".into(),
                digest: Digest::of(b"p"),
            };
            metrics.evaluated(&plugin, "succeeded", Duration::from_millis(1), 10);
            metrics.failed(&plugin, "plugin_trap");
        }
        let mut text = String::new();
        encode(&mut text, &registry).expect("to memory");
        let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(lines("plugin_evaluations_total{"), NAMED + 1);
        let others = r#"plugin_rows_total{plugin="other",version=""} 50"#;
        assert!(text.lines().any(|line| line == others), "{text}");
        assert!(text.contains(r#"plugin_failures_total{plugin="p0",version="1.0.0",code="plugin_trap"} 1"#));
    }
}
