//! The plugins that every server has from its first start.

use driftline_core::Digest;
use driftline_sandbox::Sandbox;
use driftline_storage::{PluginRef, Storage};

use crate::{Error, plugins};

/// The components of `plugins/built`, by name.
macro_rules! built {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../plugins/built/", $name, ".wasm")))),*]
    };
}

const STANDARD: &[(&str, &[u8])] = built![
    "average-precision",
    "binary-classification",
    "calibration",
    "chi2",
    "correlation",
    "data-quality",
    "distribution-distance",
    "estimated-performance",
    "fairness",
    "ks",
    "label-coverage",
    "multiclass",
    "new-categories",
    "psi",
    "ranking",
    "regression",
    "roc-auc",
    "summary",
    "two-sample",
    "wasserstein",
];

/// Installs those that are not there yet, the way an upload is installed. One
/// that was retired stays retired, and a version that someone has taken stays theirs.
///
/// # Errors
/// When one is refused, or storage fails.
pub fn install_missing(storage: &Storage, sandbox: &Sandbox) -> Result<(), Error> {
    for &(name, wasm) in STANDARD {
        if storage.plugin(&PluginRef::Digest(Digest::of(wasm)))?.is_some() {
            continue;
        }
        match plugins::install(storage, sandbox, wasm) {
            Ok(_) => tracing::info!(name, "installed a standard plugin"),
            Err(problem) if problem.code == "version_taken" => {
                tracing::warn!(name, "kept the installed plugin of this version instead of the standard one");
            }
            Err(problem) => return Err(Error::StandardPlugin { name, reason: problem.detail }),
        }
    }
    Ok(())
}
