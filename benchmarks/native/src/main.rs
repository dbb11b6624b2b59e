//! Times whole evaluations with a plugin in WebAssembly beside the same code native in the host.
//!
//! `cargo run --release -p driftline-benchmark-native -- --rows 10000000`

mod native;
mod timed;

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, FixedSizeBinaryArray, Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
use clap::Parser;
use driftline_core::{Digest, MetricFactory, Time, Window};
use driftline_eval::{Evaluator, Options, Outcome, PluginId, Progress, Reference, Request, WindowSpec};
use driftline_sandbox::{Compiler, Sandbox};
use driftline_storage::{Append, Kind, PluginRecord, PluginRef, Storage};
use native::Native;
use timed::{PHASES, Phases, Timed};
use tokio_util::sync::CancellationToken;

/// Times whole evaluations with a plugin in WebAssembly beside the same code native.
#[derive(Parser)]
struct Arguments {
    /// Rows in the window, and as many again in the reference.
    #[arg(long, default_value_t = 10_000_000)]
    rows: usize,
    /// Timed pairs of runs.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Distinct scores; 0 for as many as rows.
    #[arg(long, default_value_t = 0)]
    distinct: u64,
    /// Also print milliseconds in each phase, summed over threads, of the last pair.
    #[arg(long)]
    phases: bool,
    /// Where the built plugins are.
    #[arg(long, default_value = "plugins/built")]
    plugins: PathBuf,
}

const APPEND_ROWS: usize = 500_000;

struct Bench {
    arguments: Arguments,
    storage: Storage,
    sandbox: Sandbox,
    evaluator: Evaluator,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let dir = tempfile::tempdir()?;
    let options = driftline_storage::Options { background: false, state_cache_bytes: 0, ..Default::default() };
    let storage = Storage::open(&dir.path().join("data"), options)?;
    let sandbox = Sandbox::new(driftline_sandbox::Options::new(dir.path().join("cache"), Compiler::InProcess))?;
    let evaluator = Evaluator::new(storage.clone(), sandbox.clone(), &Options::default())?;
    let bench = Bench { arguments, storage, sandbox, evaluator };
    bench.fill().await?;
    println!("{:<10} {:>12} {:>12} {:>22}", "plugin", "wasm ms", "native ms", "ratio (min … max)");
    bench.compare::<driftline_roc_auc::RocAuc>("roc-auc", &["score", "label"]).await?;
    bench.compare::<driftline_ks::Ks>("ks", &["value"]).await?;
    bench.compare::<driftline_psi::Psi>("psi", &["value"]).await
}

impl Bench {
    /// Twice the rows: the reference before time 0, the window after it.
    async fn fill(&self) -> Result<()> {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let rows = i64::try_from(self.arguments.rows)?;
        for start in (-rows..rows).step_by(APPEND_ROWS) {
            let end = (start + i64::try_from(APPEND_ROWS)?).min(rows);
            let batch = self.batch(start..end, &mut random)?;
            let append = Append {
                model: "bench".parse()?,
                kind: Kind::Predictions,
                batches: vec![batch],
                create_model: true,
                retry: None,
                answer: String::new(),
                unique: None,
            };
            self.storage.append(append).await?;
            let storage = self.storage.clone();
            tokio::task::spawn_blocking(move || storage.seal_all()).await??;
        }
        Ok(())
    }

    fn batch(&self, seconds: std::ops::Range<i64>, random: &mut u64) -> Result<RecordBatch> {
        let mut next = || {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            *random
        };
        let distinct = self.arguments.distinct;
        let scores: Vec<f64> = seconds
            .clone()
            .map(|_| match distinct {
                0 => (next() >> 11) as f64 / (1_u64 << 53) as f64,
                distinct => (next() % distinct) as f64 / distinct as f64,
            })
            .collect();
        let labels: Int64Array = scores
            .iter()
            .map(|score| Some(i64::from((next() >> 11) as f64 / (1_u64 << 53) as f64 <= *score)))
            .collect();
        let ids: Vec<[u8; 16]> =
            seconds.clone().map(|_| (u128::from(next()) << 64 | u128::from(next())).to_be_bytes()).collect();
        let times: TimestampMicrosecondArray = seconds.map(|second| Some(second * 1_000)).collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(FixedSizeBinaryArray::try_from_iter(ids.iter())?)),
            ("time", Arc::new(times.with_timezone("UTC"))),
            ("score", Arc::new(Float64Array::from(scores))),
            ("label", Arc::new(labels)),
        ];
        Ok(RecordBatch::try_from_iter(columns)?)
    }

    async fn compare<M: driftline_sdk::Metric + Send + 'static>(&self, plugin: &str, inputs: &[&str]) -> Result<()>
    where
        driftline_sdk::Accumulator<M>: Send,
    {
        let request = self.request(plugin, inputs)?;
        let digest = self.install(plugin)?;
        let wasm: Arc<dyn MetricFactory> = self.sandbox.load(&digest, || self.storage.plugin_wasm(&digest))?;
        let native: Arc<dyn MetricFactory> = Arc::new(Native::<M>::new()?);
        let mut times = Vec::new();
        for run in 0..=self.arguments.runs {
            let last = self.arguments.phases && run == self.arguments.runs;
            let (wasm_ms, wasm) = self.time(&request, Arc::clone(&wasm), last).await?;
            let (native_ms, native) = self.time(&request, Arc::clone(&native), last).await?;
            anyhow::ensure!(is_near(&wasm, &native), "{plugin}: WebAssembly and native differ: {wasm:?} {native:?}");
            if run > 0 {
                times.push((wasm_ms, native_ms, wasm_ms / native_ms));
            }
        }
        let middle = |of: fn(&(f64, f64, f64)) -> f64| {
            let mut values: Vec<f64> = times.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            (values[0], values[values.len() / 2], values[values.len() - 1])
        };
        let (least, ratio, most) = middle(|t| t.2);
        println!(
            "{plugin:<10} {:>12.0} {:>12.0} {ratio:>8.2} ({least:.2} … {most:.2})",
            middle(|t| t.0).1,
            middle(|t| t.1).1
        );
        Ok(())
    }

    fn install(&self, plugin: &str) -> Result<Digest> {
        let path = self.arguments.plugins.join(format!("{plugin}.wasm"));
        let wasm = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let inspected = self.sandbox.inspect(&wasm)?;
        let record = PluginRecord {
            digest: inspected.digest,
            name: inspected.description.name.clone(),
            version: inspected.description.version.clone(),
            description: inspected.description_json,
            size_bytes: wasm.len() as u64,
            installed: self.storage.now(),
            retired: None,
            laws: None,
            limits: None,
            fuel: None,
        };
        self.storage.install_plugin(record, &wasm)?;
        Ok(inspected.digest)
    }

    fn request(&self, plugin: &str, inputs: &[&str]) -> Result<Request> {
        let end = Time::from_micros(i64::try_from(self.arguments.rows)? * 1_000)?;
        let start = Time::from_micros(-end.micros())?;
        let zero = Time::from_micros(0)?;
        let column =
            |input: &&str| (input.to_string(), vec![if *input == "label" { "label" } else { "score" }.to_owned()]);
        Ok(Request {
            model: "bench".parse()?,
            plugin: PluginRef::Latest(plugin.parse()?),
            inputs: inputs.iter().map(column).collect(),
            parameters: serde_json::Map::new(),
            window: WindowSpec::Range(Window::new(zero, end)?),
            every: None,
            reference: if plugin == "roc-auc" { None } else { Some(Reference::Window(Window::new(start, zero)?)) },
            filter: None,
            group_by: Vec::new(),
            drift: None,
        })
    }

    async fn time(
        &self,
        request: &Request,
        factory: Arc<dyn MetricFactory>,
        print_phases: bool,
    ) -> Result<(f64, Vec<Option<f64>>)> {
        let phases = Arc::new(Phases::default());
        let factory: Arc<dyn MetricFactory> = match print_phases {
            true => Arc::new(Timed { factory, phases: Arc::clone(&phases) }),
            false => factory,
        };
        let id = PluginId { name: factory.description().name.clone(), version: String::new(), digest: Digest::of(b"") };
        let plan = self.evaluator.plan_native(request.clone(), factory, id).await?;
        let start = Instant::now();
        let outcome: Outcome =
            self.evaluator.run(plan, Arc::new(Progress::default()), CancellationToken::new()).await?;
        let ms = start.elapsed().as_secs_f64() * 1e3;
        if print_phases {
            let phases: Vec<_> =
                PHASES.iter().zip(phases.take_ms()).map(|(name, ms)| format!("{name} {ms:.0}")).collect();
            println!("  {}", phases.join(", "));
        }
        if let Some(failure) = outcome.failure() {
            anyhow::bail!("{}: {failure}", failure.code);
        }
        Ok((ms, outcome.results.iter().flat_map(|result| result.values.iter().map(|value| value.number)).collect()))
    }
}

/// Whether numbers are the same but for what libraries of functions such as the exponential differ in.
fn is_near(wasm: &[Option<f64>], native: &[Option<f64>]) -> bool {
    let near = |pair: (&Option<f64>, &Option<f64>)| match pair {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs(),
        (a, b) => a == b,
    };
    wasm.len() == native.len() && wasm.iter().zip(native).all(near)
}
