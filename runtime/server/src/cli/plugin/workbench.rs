//! A place where a plugin runs on files, without a server: its storage, sandbox and evaluator in a folder that goes away.

mod ask;
mod rows;

use std::path::Path;

use anyhow::Context;
use driftline_core::Name;
use driftline_eval::{Evaluator, Outcome, Progress, Request};
use driftline_sandbox::{Compiler, Inspected, Metering, Options as SandboxOptions, Plugin, Sandbox, Usage};
use driftline_storage::{Options as StorageOptions, PluginRecord, Storage};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub use self::{
    ask::{Answer, Question},
    rows::Loaded,
};
use crate::{Config, problem::Problem, server, wire::PluginFuel};

/// The name of the model that holds a file's rows, and of the dataset to compare with.
const MODEL: &str = "data";
const REFERENCE: &str = "reference";

/// Storage, sandbox and evaluator as a server has them.
pub struct Workbench {
    storage: Storage,
    sandbox: Sandbox,
    evaluator: Evaluator,
    /// Removed in the end.
    _folder: TempDir,
}

impl Workbench {
    /// An empty one with the limits of a server.
    ///
    /// # Errors
    /// When the system gives no folder or no threads.
    pub fn new(metering: Metering) -> anyhow::Result<Self> {
        let folder = TempDir::new().context("there is no place for temporary files")?;
        let options = StorageOptions { background: false, ..StorageOptions::default() };
        let storage = Storage::open(&folder.path().join("data"), options)?;
        let compiler = Compiler::Command { program: std::env::current_exe()?, args: vec![server::COMPILE.into()] };
        let options = SandboxOptions { metering, ..SandboxOptions::new(folder.path().join("cache"), compiler) };
        let sandbox = Sandbox::new(options)?;
        let options = driftline_eval::Options { threads: Config::threads(), ..driftline_eval::Options::default() };
        let evaluator = Evaluator::new(storage.clone(), sandbox.clone(), &options)?;
        Ok(Self { storage, sandbox, evaluator, _folder: folder })
    }

    /// Checks a plugin as a server does.
    ///
    /// # Errors
    /// The refusal, which is a [`driftline_sandbox::Error`].
    pub fn inspect(&self, wasm: &[u8]) -> Result<Inspected, driftline_sandbox::Error> {
        self.sandbox.inspect(wasm)
    }

    /// What a plugin uses up, as a server measures it.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn fuel(&self, wasm: &[u8]) -> Result<PluginFuel, driftline_sandbox::Error> {
        let measured = self.sandbox.fuel(wasm, None)?;
        Ok(measured.map_or_else(|| PluginFuel::unknown("nothing was measured".to_owned()), PluginFuel::from))
    }

    /// A plugin that was checked, ready to start.
    ///
    /// # Errors
    /// As [`Self::inspect`].
    pub fn plugin(
        &self,
        inspected: &Inspected,
        wasm: &[u8],
    ) -> Result<std::sync::Arc<Plugin>, driftline_sandbox::Error> {
        self.sandbox.load(&inspected.digest, || Ok::<_, std::convert::Infallible>(wasm.to_vec()))
    }

    /// Checks a plugin and installs it here.
    ///
    /// # Errors
    /// What a server would say, its code in brackets.
    pub fn install(&self, wasm: &[u8]) -> anyhow::Result<Inspected> {
        let inspected = self.inspect(wasm).map_err(said)?;
        let record = PluginRecord {
            digest: inspected.digest,
            name: inspected.description.name.clone(),
            version: inspected.description.version.clone(),
            description: inspected.description_json.clone(),
            size_bytes: wasm.len() as u64,
            installed: self.storage.now(),
            retired: None,
            laws: None,
            limits: None,
            fuel: None,
        };
        self.storage.install_plugin(record, wasm)?;
        Ok(inspected)
    }

    /// Takes in the rows to measure.
    ///
    /// # Errors
    /// What of the file is refused, and where.
    pub fn load(&self, file: &Path, model: &Name) -> anyhow::Result<Loaded> {
        rows::predictions(&self.storage, model, file)
    }

    /// Takes in the rows to compare with; gives their number.
    ///
    /// # Errors
    /// What of the file is refused, and where.
    pub fn load_reference(&self, file: &Path, model: &Name) -> anyhow::Result<(Name, u64)> {
        let name: Name = REFERENCE.parse()?;
        let rows = rows::dataset(&self.storage, model, &name, file)?;
        Ok((name, rows))
    }

    /// What plugins used up since the last time.
    pub fn used(&self) -> Usage {
        self.sandbox.take_usage()
    }

    /// Runs an evaluation; gives what it says and what the plugin used up, if that is counted.
    ///
    /// # Errors
    /// What a server would say, its code and the field of the request in brackets.
    pub async fn run(&self, request: Request) -> anyhow::Result<(Outcome, Usage)> {
        let plan = self.evaluator.plan(request).await.map_err(said)?;
        // What was used up so far was for its description.
        self.sandbox.take_usage();
        let outcome = self.evaluator.run(plan, Progress::default().into(), CancellationToken::new()).await;
        Ok((outcome.map_err(said)?, self.sandbox.take_usage()))
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        self.storage.close();
    }
}

/// A model's name here.
pub fn model(number: usize) -> anyhow::Result<Name> {
    Ok(format!("{MODEL}-{number}").parse()?)
}

/// An error in the words of a server.
pub fn said(error: impl Into<Problem>) -> anyhow::Error {
    let problem = error.into();
    match problem.field {
        Some(field) => anyhow::anyhow!("{field}: {} ({})", problem.detail, problem.code),
        None => anyhow::anyhow!("{} ({})", problem.detail, problem.code),
    }
}
