//! The limits that a plugin sets itself, or its upload sets it: each can only lower the server's.

use serde_json::{Map, Value};

use crate::Limits;

/// What a description may lower, and in what it is counted.
pub(crate) const KEYS: [&str; 5] = ["call_ms", "total_ms", "memory_bytes", "output_bytes", "log_bytes"];

impl Limits {
    /// These limits, lowered by those in a description's normal form. One above the server's has no effect.
    #[must_use]
    pub fn lowered_by(&self, description_json: &str) -> Self {
        let description: Value = serde_json::from_str(description_json).unwrap_or_default();
        self.lowered_to(&description["limits"])
    }

    /// These limits, lowered by an object such as a description has under `limits`.
    #[must_use]
    pub fn lowered_to(&self, limits: &Value) -> Self {
        let own = |key: &str| limits[key].as_u64();
        let lower = |key: &str, limit: u64| own(key).map_or(limit, |own| own.min(limit));
        let lower_bytes = |key: &str, limit: usize| {
            own(key).and_then(|own| usize::try_from(own).ok()).map_or(limit, |own| own.min(limit))
        };
        Self {
            call_ms: lower("call_ms", self.call_ms),
            total_ms: lower("total_ms", self.total_ms),
            memory_bytes: lower_bytes("memory_bytes", self.memory_bytes),
            output_bytes: lower_bytes("output_bytes", self.output_bytes),
            report_bytes: lower_bytes("output_bytes", self.report_bytes),
            log_bytes: lower_bytes("log_bytes", self.log_bytes),
            ..self.clone()
        }
    }
}

/// What is wrong with a description's `limits`: the key, and what to do.
pub(crate) fn fault(limits: &Map<String, Value>) -> Option<(String, String)> {
    limits.iter().find_map(|(key, value)| {
        if !KEYS.contains(&key.as_str()) {
            return Some((format!("limits.{key}"), format!("is unknown: lower {}", KEYS.join(", "))));
        }
        let is_sound = value.as_u64().is_some_and(|limit| limit > 0);
        (!is_sound).then(|| (format!("limits.{key}"), format!("is {value}: give a whole number above 0")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_only_lowers() {
        let server = Limits::default();
        let lowered = server.lowered_by(
            r#"{"limits": {"call_ms": 50, "memory_bytes": 1048576, "output_bytes": 1000, "log_bytes": 99999999}}"#,
        );
        assert_eq!((lowered.call_ms, lowered.total_ms), (50, server.total_ms));
        assert_eq!((lowered.memory_bytes, lowered.output_bytes, lowered.report_bytes), (1 << 20, 1000, 1000));
        assert_eq!(lowered.log_bytes, server.log_bytes, "above the server's");
        assert_eq!(server.lowered_by("{}").call_ms, server.call_ms);
    }

    #[test]
    fn each_key_is_known_and_positive() {
        for (limits, expected) in [
            (r#"{"call_ms": 1, "total_ms": 1, "memory_bytes": 1, "output_bytes": 1, "log_bytes": 1}"#, None),
            (r#"{"cpu_ms": 1}"#, Some("limits.cpu_ms")),
            (r#"{"call_ms": 0}"#, Some("limits.call_ms")),
            (r#"{"call_ms": 1.5}"#, Some("limits.call_ms")),
            (r#"{"memory_bytes": "64 MiB"}"#, Some("limits.memory_bytes")),
        ] {
            let limits: Map<String, Value> = serde_json::from_str(limits).expect("JSON");
            assert_eq!(fault(&limits).map(|(key, _)| key).as_deref(), expected);
        }
    }
}
