//! States that are nobody's, merged into standard plugins: refused, trapped or taken, but in time and within limits.
//!
//! The first byte chooses the plugin. How much fuel each call took stands in for the edges of compiled code.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use driftline_core::{Failure, FailureCode, MetricFactory};
use driftline_sandbox::{Limits, Metering, Plugin, Sandbox};
use serde_json::{Map, Value};

use super::{Run, life};

/// Plugins with different states: sorted scores, binned columns, counts, moments, tables.
pub const PLUGINS: [&str; 6] = ["roc-auc", "psi", "data-quality", "multiclass", "regression", "summary"];

/// Enough for any honest state, but a few seconds are a hang.
fn limits() -> Limits {
    Limits {
        call_ms: 20_000,
        memory_bytes: 64 << 20,
        output_bytes: 8 << 20,
        report_bytes: 8 << 20,
        ..Limits::default()
    }
}

pub fn target(cache: &Path) -> Run {
    let sandbox = life::sandbox(cache, limits(), Metering::Fuel);
    let plugins: [OnceLock<(Arc<Plugin>, String)>; PLUGINS.len()] = Default::default();
    Box::new(move |bytes| {
        let Some((which, state)) = bytes.split_first() else { return Vec::new() };
        let which = usize::from(*which) % PLUGINS.len();
        let (plugin, parameters) = plugins[which].get_or_init(|| opened(&sandbox, PLUGINS[which]));
        let mut metric = plugin.start(&life::layout(plugin), life::window()).expect("an instance");
        let mut told = Vec::new();
        let mut tell = |step: u64, ending: u64| {
            let fuel = sandbox.take_usage().fuel();
            let coarse = u64::from(fuel.checked_ilog2().unwrap_or(0)) * 4
                + (fuel >> fuel.checked_ilog2().unwrap_or(2).saturating_sub(2)) % 4;
            told.push((((which as u64 * 4) + step) * 16 + ending) * 256 + coarse);
        };
        let mut steps = || {
            let (one, two) = (metric.open(parameters)?, metric.open(parameters)?);
            let merged = metric.merge(one, state);
            tell(0, life::ending(&merged));
            merged?;
            let kept = metric.state(one);
            tell(1, life::ending(&kept));
            let merged = metric.merge(two, &kept?);
            tell(2, life::ending(&merged));
            merged?;
            let report = metric.evaluate(one, Some(two));
            tell(3, life::ending(&report));
            report
        };
        let ended: Result<_, Failure> = steps();
        match &ended {
            Ok(report) => life::check_report(report, plugin, &limits()),
            Err(failure) => {
                assert_ne!(failure.code, FailureCode::Deadline, "{}: {failure}", PLUGINS[which]);
                life::check_failure(failure, metric.as_mut(), &limits());
            }
        }
        told
    })
}

/// A standard plugin and the defaults of its parameters.
pub fn opened(sandbox: &Sandbox, name: &str) -> (Arc<Plugin>, String) {
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/built");
    let wasm = fs::read(built.join(format!("{name}.wasm"))).expect("a built plugin");
    let plugin = life::plugin(sandbox, &wasm);
    let schema: Value = serde_json::from_str(&plugin.description().parameters).expect("a schema");
    let default = |(name, property): (&String, &Value)| Some((name.clone(), property.get("default")?.clone()));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let parameters: Map<String, Value> = properties.filter_map(default).collect();
    (plugin, Value::Object(parameters).to_string())
}
