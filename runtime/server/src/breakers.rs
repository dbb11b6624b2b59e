//! Circuit breakers: a plugin that keeps failing by its own doing is left alone for a while.
//!
//! One breaker for each digest, so a new version starts afresh; in memory, so a restart forgives.

mod breaker;

pub use breaker::{Circuit, State};

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::StatusCode;
use driftline_core::{Digest, FailureCode};
use driftline_eval::{Outcome, PluginId};
use driftline_storage::Storage;

use self::breaker::Breaker;
use crate::{config::BreakerRules, metrics::PluginMetrics, problem::Problem};

/// The breakers of a server. Clones are the same.
#[derive(Clone)]
pub struct Breakers(Arc<Inner>);

struct Inner {
    rules: BreakerRules,
    /// Tells the time.
    storage: Storage,
    metrics: PluginMetrics,
    breakers: Mutex<HashMap<Digest, Breaker>>,
}

/// An evaluation that was let through; says at its end how the plugin did, or leaves the breaker as it is.
pub struct Pass {
    breakers: Breakers,
    plugin: PluginId,
    is_try: bool,
}

impl Breakers {
    /// All closed.
    pub fn new(rules: BreakerRules, storage: Storage, metrics: PluginMetrics) -> Self {
        Self(Arc::new(Inner { rules, storage, metrics, breakers: Mutex::default() }))
    }

    /// Lets an evaluation of the plugin through.
    ///
    /// # Errors
    /// 503 `plugin_suspended` while the plugin is left alone, with when to try again.
    pub fn enter(&self, plugin: &PluginId) -> Result<Pass, Problem> {
        let now = self.0.storage.now();
        let rules = &self.0.rules;
        let entered = match self.held().get_mut(&plugin.digest) {
            Some(breaker) => breaker.enter(now, rules).map_err(|seconds| (seconds, breaker.circuit(now, rules))),
            None => Ok(false),
        };
        match entered {
            Ok(is_try) => Ok(Pass { breakers: self.clone(), plugin: plugin.clone(), is_try }),
            Err((seconds, circuit)) => {
                self.0.metrics.refused(plugin);
                Err(suspended(plugin, seconds, &circuit))
            }
        }
    }

    /// How the plugin's breaker stands.
    pub fn circuit(&self, digest: &Digest) -> Circuit {
        let now = self.0.storage.now();
        self.held().get(digest).map(|breaker| breaker.circuit(now, &self.0.rules)).unwrap_or_default()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Digest, Breaker>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// Takes note of how the plugin did.
    pub fn judge(self, outcome: &Outcome) {
        let inner = &self.breakers.0;
        match fault(outcome) {
            None => {
                if self.breakers.held().remove(&self.plugin.digest).is_some_and(|breaker| breaker.is_open()) {
                    inner.metrics.set_open(&self.plugin, false);
                }
            }
            Some(code) if inner.rules.faults > 0 => {
                let now = inner.storage.now();
                let mut breakers = self.breakers.held();
                let breaker = breakers.entry(self.plugin.digest).or_default();
                if breaker.fault(code.as_str(), now, &inner.rules) {
                    inner.metrics.set_open(&self.plugin, true);
                    let (name, version) = (&self.plugin.name, &self.plugin.version);
                    tracing::warn!(plugin = %name, version, code = code.as_str(), "a plugin keeps failing and is left alone");
                }
            }
            Some(_) => {}
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        // Whoever ends without a verdict, cancelled or not even begun, makes room for the next to try.
        if self.is_try
            && let Some(breaker) = self.breakers.held().get_mut(&self.plugin.digest)
        {
            breaker.leave();
        }
    }
}

/// The failure in an outcome that is the plugin's own doing, rather than what it says of its parameters and data.
fn fault(outcome: &Outcome) -> Option<FailureCode> {
    let failures = outcome.results.iter().filter_map(|result| result.failure.as_ref());
    failures.map(|failure| failure.code).find(|code| code.is_fatal())
}

fn suspended(plugin: &PluginId, seconds: u64, circuit: &Circuit) -> Problem {
    let PluginId { name, version, .. } = plugin;
    let last = circuit.last_code.as_deref().unwrap_or_default();
    let detail = format!(
        "`{name}@{version}` failed by its own doing {} times in a row, the last time with {last}, and is left alone: try \
         again in {seconds} s, or use another version",
        circuit.consecutive_faults
    );
    Problem::busy(StatusCode::SERVICE_UNAVAILABLE, "plugin_suspended", detail, seconds).at("plugin")
}
