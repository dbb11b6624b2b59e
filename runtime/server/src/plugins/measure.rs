//! Counts what uploaded plugins use up, one after the other and only when nothing else wants the processor.

use driftline_core::Digest;
use driftline_sandbox::Error;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Shared},
    problem::Problem,
    standard_plugins::is_standard,
    wire::PluginFuel,
};

/// Measures what is not measured yet, then what is uploaded, until `stop`.
pub async fn measure(app: Shared, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(problem) = measure_all(&app, &stop).await {
            tracing::warn!(
                detail = problem.detail,
                "the fuel of a plugin is not measured; the next upload tries again"
            );
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.unmeasured.notified() => {}
        }
    }
}

async fn measure_all(app: &Shared, stop: &CancellationToken) -> Result<(), Problem> {
    for digest in app.blocking(|app| app.storage.unmeasured_plugins()).await? {
        if stop.is_cancelled() {
            return Ok(());
        }
        if !is_standard(&digest) {
            let stop = stop.clone();
            app.blocking(move |app| measure_one(app, &digest, &stop)).await?;
        }
    }
    Ok(())
}

fn measure_one(app: &App, digest: &Digest, stop: &CancellationToken) -> Result<(), Problem> {
    let wasm = app.storage.plugin_wasm(digest)?;
    let fuel = match app.sandbox.fuel(&wasm, Some(&|| stop.is_cancelled())) {
        Ok(None) => return Ok(()),
        Ok(Some(measured)) => PluginFuel::from(measured),
        Err(Error::Refused(refusal)) => PluginFuel::unknown(refusal.message),
        Err(error) => return Err(error.into()),
    };
    Ok(app.storage.measure_plugin(digest, fuel.to_string())?)
}
