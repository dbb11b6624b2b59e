//! An evaluation over all rows of a model, its metric native: what storing and reading cost without the sandbox.

use std::{path::Path, sync::Arc};

use driftline_core::{Digest, MetricFactory, Name, Time, Window};
use driftline_eval::{Evaluator, Options, PluginId, Progress, Request, WindowSpec};
use driftline_sandbox::{Compiler, Sandbox};
use driftline_storage::{PluginRef, Storage};
use tokio_util::sync::CancellationToken;

use crate::sums::{INPUTS, Summing, Sums};

/// Far before and after the rows of the benchmark, microseconds.
const WINDOW: (i64, i64) = (0, 4_000_000_000_000_000);

/// An open data directory.
pub struct Evaluation {
    evaluator: Evaluator,
    factory: Arc<dyn MetricFactory>,
    model: Name,
    columns: [String; 2],
}

impl Evaluation {
    /// Opens a data directory without work in the background.
    pub fn open(data: &Path, model: &str, columns: [String; 2]) -> anyhow::Result<Self> {
        let options = driftline_storage::Options { background: false, state_cache_bytes: 0, ..Default::default() };
        let storage = Storage::open(data, options)?;
        let sandbox = Sandbox::new(driftline_sandbox::Options::new(data.join("cache"), Compiler::InProcess))?;
        let evaluator = Evaluator::new(storage, sandbox, &Options::default())?;
        Ok(Self { evaluator, factory: Summing::factory()?, model: model.parse()?, columns })
    }

    /// One evaluation, planning included.
    pub async fn run(&self) -> anyhow::Result<Sums> {
        let id = PluginId { name: "sums".parse()?, version: String::new(), digest: Digest::of(b"") };
        let plan = self.evaluator.plan_native(self.request()?, Arc::clone(&self.factory), id).await?;
        let outcome = self.evaluator.run(plan, Arc::new(Progress::default()), CancellationToken::new()).await?;
        if let Some(failure) = outcome.failure() {
            anyhow::bail!("{}: {failure}", failure.code);
        }
        let values: Vec<f64> =
            outcome.results.iter().flat_map(|result| result.values.iter().filter_map(|value| value.number)).collect();
        match values[..] {
            [rows, first, second] => Ok(Sums { rows: rows as u64, first, second }),
            _ => anyhow::bail!("the evaluation gave {} values", values.len()),
        }
    }

    fn request(&self) -> anyhow::Result<Request> {
        let columns = self.columns.iter().map(|column| vec![column.clone()]);
        Ok(Request {
            model: self.model.clone(),
            plugin: PluginRef::Latest("sums".parse()?),
            inputs: INPUTS.map(String::from).into_iter().zip(columns).collect(),
            parameters: serde_json::Map::new(),
            window: WindowSpec::Range(Window::new(Time::from_micros(WINDOW.0)?, Time::from_micros(WINDOW.1)?)?),
            every: None,
            reference: None,
            filter: None,
            group_by: Vec::new(),
            drift: None,
        })
    }
}
