//! The plugins that every server has from its first start.

use std::{collections::HashSet, sync::LazyLock, time::Duration};

use driftline_core::Digest;
use driftline_sandbox::parse_description;
use driftline_storage::{PluginRef, Storage};
use tokio_util::sync::CancellationToken;

use crate::{
    Error,
    app::{App, Shared},
    plugins,
    problem::Problem,
    wire,
};

/// How long a server has been up before what is not compiled yet is compiled: a first start is busy enough.
const SETTLED: Duration = Duration::from_secs(3);

/// A component of `plugins/built`, and what it says of itself.
struct Standard {
    name: &'static str,
    wasm: &'static [u8],
    description: &'static str,
}

macro_rules! built {
    ($($name:literal),* $(,)?) => {
        &[$(Standard {
            name: $name,
            wasm: include_bytes!(concat!("../../../plugins/built/", $name, ".wasm")),
            description: include_str!(concat!("../../../plugins/built/", $name, ".json")),
        }),*]
    };
}

const STANDARD: &[Standard] = built![
    "average-precision",
    "binary-classification",
    "calibration",
    "chi2",
    "correlation",
    "data-quality",
    "distribution-distance",
    "drift-auto",
    "estimated-performance",
    "fairness",
    "ks",
    "label-coverage",
    "multiclass",
    "multiclass-roc-auc",
    "multivariate-drift",
    "new-categories",
    "psi",
    "ranking",
    "regression",
    "roc-auc",
    "summary",
    "two-sample",
    "wasserstein",
];

/// Whether the bytes with this digest came with this program.
pub fn is_standard(digest: &Digest) -> bool {
    static DIGESTS: LazyLock<HashSet<Digest>> =
        LazyLock::new(|| STANDARD.iter().map(|standard| Digest::of(standard.wasm)).collect());
    DIGESTS.contains(digest)
}

/// Installs those that are not there yet: the same records and bytes that an upload leaves, only that nobody waits for
/// the compiler. One that was retired stays retired, and a version that someone has taken stays theirs.
///
/// # Errors
/// When one is refused, or storage fails.
pub fn install_missing(storage: &Storage) -> Result<(), Error> {
    for &Standard { name, wasm, description } in STANDARD {
        if storage.plugin(&PluginRef::Digest(Digest::of(wasm)))?.is_some() {
            continue;
        }
        let installed = parse_description(description)
            .map_err(|refusal| Problem::internal(refusal.to_string()))
            .and_then(|described| plugins::keep(storage, wasm, described, &wire::Laws::of_release(), None));
        match installed {
            Ok(_) => tracing::info!(name, "installed a standard plugin"),
            Err(problem) if problem.code == "version_taken" => {
                tracing::warn!(name, "kept the installed plugin of this version instead of the standard one");
            }
            Err(problem) => return Err(Error::StandardPlugin { name, reason: problem.detail }),
        }
    }
    Ok(())
}

/// Compiles, one after the other, those that are not compiled yet, so that no evaluation has to wait for it. What
/// requests need goes before. Ends early when the server stops.
pub async fn compile_ahead(app: Shared, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => return,
        () = tokio::time::sleep(SETTLED) => {}
    }
    for &Standard { name, wasm, .. } in STANDARD {
        if stop.is_cancelled() {
            return;
        }
        let stop = stop.clone();
        let compile = move |app: &App| app.sandbox.prepare(&Digest::of(wasm), wasm, &|| stop.is_cancelled());
        let prepared = app.blocking(compile).await;
        if let Err(problem) = prepared {
            tracing::warn!(name, detail = problem.detail, "a standard plugin is not compiled ahead of its first use");
        }
    }
}
