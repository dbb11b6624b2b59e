//! Guests made from one Wasm text, each with some of its bodies replaced.

#[path = "guest/text.rs"]
pub mod text;

use std::sync::Arc;

use arrow::array::Float64Array;
use driftline_core::{BoundColumn, Cells, InputBatch, InputLayout, Kind, Metric, MetricFactory, Time, Window};
use driftline_sandbox::{Compiler, Error, Limits, Options, Plugin, Sandbox};

pub use text::SUM;
use text::{TEXT, assembled};

pub const DESCRIPTION: &str =
    r#"{"name": "test", "version": "1.0.0", "inputs": [{"name": "value"}], "outputs": [{"name": "a"}]}"#;

/// The guest's text with replaced parts: `("UPDATE", body)` puts the body at the start of `update`.
pub fn text(parts: &[(&str, &str)]) -> String {
    let described = parts.iter().find(|(part, _)| *part == "DESCRIPTION").map_or(DESCRIPTION, |(_, text)| text);
    assembled(TEXT, described, parts.iter().copied().filter(|(part, _)| *part != "DESCRIPTION"))
}

pub fn wasm(parts: &[(&str, &str)]) -> Vec<u8> {
    wat::parse_str(text(parts)).unwrap_or_else(|error| panic!("{error}"))
}

/// A sandbox of its own, in a directory that lives as long as it.
pub struct Place {
    pub sandbox: Sandbox,
    pub dir: tempfile::TempDir,
}

impl Place {
    pub fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let sandbox = Sandbox::new(options(dir.path(), limits)).expect("a sandbox");
        Self { sandbox, dir }
    }

    pub fn plugin(&self, wasm: &[u8]) -> Result<Arc<Plugin>, Error> {
        let digest = self.sandbox.inspect(wasm)?.digest;
        self.sandbox.load(&digest, || -> Result<_, String> { Err("it was just compiled".into()) })
    }

    pub fn start(&self, parts: &[(&str, &str)], columns: &[Kind]) -> Box<dyn Metric> {
        let plugin = self.plugin(&wasm(parts)).expect("a plugin");
        plugin.start(&layout(columns), window()).expect("an instance")
    }
}

pub fn options(dir: &std::path::Path, limits: Limits) -> Options {
    Options { limits, ..Options::new(dir, Compiler::InProcess) }
}

/// One input for each kind, each bound to a column `c0`, `c1`, …
pub fn layout(kinds: &[Kind]) -> InputLayout {
    let column = |(i, kind): (usize, &Kind)| Some(BoundColumn { name: format!("c{i}"), kind: *kind });
    InputLayout {
        columns: kinds.iter().enumerate().map(column).collect(),
        bound: (0..kinds.len() as u32).map(|i| vec![i]).collect(),
    }
}

pub fn window() -> Window {
    let time = |micros| Time::from_micros(micros).expect("in range");
    Window::new(time(0), time(1_000_000_000_000_000)).expect("not empty")
}

pub fn numbers(values: &[f64]) -> InputBatch {
    let cells = Cells::Numbers(Float64Array::from(values.to_vec()));
    InputBatch { rows: values.len(), columns: vec![Some(cells)] }
}
