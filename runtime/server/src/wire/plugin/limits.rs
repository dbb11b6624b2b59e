//! Limits that an upload sets a plugin.

use driftline_sandbox as sandbox;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::IntoParams;

use crate::{problem::Problem, wire::Wait};

/// How to upload a plugin: how long to wait, and limits as a description has them, each at most the server's.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// A duration such as `10s`, or seconds.
    #[param(value_type = Option<String>)]
    pub wait: Option<Wait>,
    /// Milliseconds of one call.
    #[param(minimum = 1)]
    pub call_ms: Option<u64>,
    /// Milliseconds of all calls of one instance together.
    #[param(minimum = 1)]
    pub total_ms: Option<u64>,
    /// Bytes of linear memory of one instance.
    #[param(minimum = 1)]
    pub memory_bytes: Option<u64>,
    /// Bytes of a state, and of a report.
    #[param(minimum = 1)]
    pub output_bytes: Option<u64>,
    /// Bytes of log text that are kept.
    #[param(minimum = 1)]
    pub log_bytes: Option<u64>,
}

/// Limits that an upload sets, by the names that a description uses; kept as JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UploadLimits(Map<String, Value>);

impl UploadQuery {
    /// The limits that are told; none when none is.
    ///
    /// # Errors
    /// 422 at a limit that is 0 or above the server's.
    pub fn limits(&self, server: &sandbox::Limits) -> Result<Option<UploadLimits>, Problem> {
        let told = [
            ("call_ms", self.call_ms, server.call_ms),
            ("total_ms", self.total_ms, server.total_ms),
            ("memory_bytes", self.memory_bytes, server.memory_bytes as u64),
            ("output_bytes", self.output_bytes, server.output_bytes as u64),
            ("log_bytes", self.log_bytes, server.log_bytes as u64),
        ];
        let mut limits = Map::new();
        for (name, told, most) in told {
            match told {
                None => {}
                Some(limit) if (1..=most).contains(&limit) => _ = limits.insert(name.to_owned(), limit.into()),
                Some(limit) => return Err(out_of_range(name, limit, most)),
            }
        }
        Ok(if limits.is_empty() { None } else { Some(UploadLimits(limits)) })
    }
}

fn out_of_range(name: &str, limit: u64, most: u64) -> Problem {
    let detail = format!("`{name}` is {limit}: an upload can only lower what this server allows, so give 1 to {most}");
    Problem::invalid("invalid_plugin_limit", detail).at(name)
}

impl UploadLimits {
    /// From the text that the catalog keeps; none when there is none.
    pub fn read(kept: Option<&str>) -> Option<Self> {
        serde_json::from_str(kept?).ok().map(Self)
    }

    /// As an object such as a description has under `limits`.
    pub fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

/// The text that the catalog keeps.
impl std::fmt::Display for UploadLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_value().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_only_lowers_and_refusals_name_the_limit() {
        let server = sandbox::Limits { memory_bytes: 1 << 20, ..sandbox::Limits::default() };
        for (query, expected) in [
            ("wait=3", Ok(None)),
            ("call_ms=50&memory_bytes=1048576", Ok(Some(r#"{"call_ms":50,"memory_bytes":1048576}"#))),
            ("total_ms=7&output_bytes=1&log_bytes=9", Ok(Some(r#"{"log_bytes":9,"output_bytes":1,"total_ms":7}"#))),
            ("memory_bytes=1048577", Err("memory_bytes")),
            ("call_ms=0", Err("call_ms")),
            ("log_bytes=99999999", Err("log_bytes")),
        ] {
            let query: UploadQuery = serde_urlencoded::from_str(query).expect("a query");
            let limits = query.limits(&server).map_err(|problem| problem.field);
            match (limits, expected) {
                (Ok(limits), Ok(expected)) => {
                    let sorted = limits.map(|limits| {
                        let mut object = limits.0.clone();
                        object.sort_keys();
                        Value::Object(object).to_string()
                    });
                    assert_eq!(sorted.as_deref(), expected);
                }
                (Err(field), Err(expected)) => assert_eq!(field.as_deref(), Some(expected)),
                (limits, expected) => panic!("{query:?}: {limits:?} is not {expected:?}"),
            }
        }
    }
}
