//! How a plugin stands on this server: aliases, limits, signatures, circuit breaker.

use driftline_storage::{PluginRecord, PluginRef};

use crate::{
    app::App,
    problem::Problem,
    trust::Signature,
    wire::{Alias, Circuit, Instant, PluginLimits, Signer, Standing, UploadLimits},
};

/// How the plugin stands. Blocks on the catalog.
///
/// # Errors
/// When the catalog can't be read.
pub fn standing(app: &App, record: &PluginRecord) -> Result<Standing, Problem> {
    let latest = app.storage.plugin(&PluginRef::Latest(record.name.clone()))?;
    let aliases = app.storage.aliases(&record.name)?;
    let limits = app.sandbox.limits().lowered_by(&record.description);
    let limits = match UploadLimits::read(record.limits.as_deref()) {
        Some(told) => limits.lowered_to(&told.to_value()),
        None => limits,
    };
    let signatures = app.storage.plugin_signatures(&record.digest)?;
    let signers = signatures.iter().map(|kept| {
        let signature = Signature::from(kept);
        let name = app.trust.name_of(signature.key()).map(str::to_owned);
        Signer { key: signature.key().to_string(), name, added: Instant(kept.added) }
    });
    Ok(Standing {
        latest: latest.map(|latest| latest.version),
        aliases: aliases.into_iter().map(Alias::from).collect(),
        limits: PluginLimits::from(&limits),
        signers: signers.collect(),
        circuit: Circuit::from(app.breakers.circuit(&record.digest)),
    })
}
