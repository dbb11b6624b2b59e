//! `driftline plugin check`: everything that an upload looks at, without a server.

use std::{path::Path, time::Instant};

use anyhow::{Context, bail};
use driftline_sandbox::{Error, Limits, Metering, RefusalCode, contract_version, mismatches};
use serde_json::Value;

use super::{
    fuel, laws, show,
    workbench::{Workbench, said},
};
use crate::{
    cli::{output::say, table::table},
    wire::Laws,
};

/// Checks a plugin as a server would, and prints what it finds.
///
/// # Errors
/// Why a server would refuse it.
pub fn check(file: &Path) -> anyhow::Result<()> {
    let wasm = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let workbench = Workbench::new(Metering::Time)?;
    let begun = Instant::now();
    let inspected = match workbench.inspect(&wasm) {
        Ok(inspected) => inspected,
        Err(error) => return refused(error, &wasm),
    };
    let took = begun.elapsed();
    let kind = if is_component(&wasm) { "a component" } else { "a core module, made a component" };
    say(format_args!("{}@{}  {}", inspected.description.name, inspected.description.version, inspected.digest))?;
    say(format_args!("{}\n", inspected.description.doc))?;
    say(format_args!(
        "World: fits metric-plugin of driftline:metric@{}, built against {}; {} bytes, {kind}, compiled in {:.1} s",
        contract_version(),
        inspected.world_version,
        wasm.len(),
        took.as_secs_f64()
    ))?;
    let description: Value = serde_json::from_str(&inspected.description_json)?;
    show::describe(&description)?;
    let plugin = workbench.plugin(&inspected, &wasm).map_err(said)?;
    workbench.used();
    let found = plugin.laws();
    limits(&workbench)?;
    let refusal = found.refusal();
    laws::print(&Laws::from(found))?;
    if let Some(refusal) = refusal {
        bail!("{refusal} ({})", refusal.code);
    }
    fuel::print(&workbench.fuel(&wasm).map_err(said)?)?;
    say("A server takes this plugin.")
}

fn is_component(wasm: &[u8]) -> bool {
    // Version 13 of the component encoding's layer 1, in the place of a module's version 1.
    wasm.get(6) == Some(&1)
}

/// What the laws' generated rows used of the limits that a server sets.
fn limits(workbench: &Workbench) -> anyhow::Result<()> {
    let usage = workbench.used();
    let limits = Limits::default();
    let mib = |bytes: usize| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
    let mut lines = table(&["limit", "used on generated rows", "may use"]);
    lines.add_row(["memory of an instance", &mib(usage.memory_bytes), &mib(limits.memory_bytes)]);
    for (export, call) in &usage.calls {
        let each = call.time.as_secs_f64() * 1e3 / call.calls.max(1) as f64;
        lines.add_row([&format!("time of `{export}`"), &format!("{each:.3} ms"), &format!("{} ms", limits.call_ms)]);
    }
    say(lines)
}

/// Shows what differs from the contract, where that is why.
fn refused(error: Error, wasm: &[u8]) -> anyhow::Result<()> {
    let differing = error.refusal().filter(|refusal| refusal.code == RefusalCode::WorldMismatch);
    let differing = differing.map(|_| mismatches(wasm)).unwrap_or_default();
    if !differing.is_empty() {
        let mut lines = table(&["where", "wanted", "found"]);
        for one in differing {
            let shown = |side: Option<String>| side.unwrap_or_else(|| "–".to_owned());
            lines.add_row([one.place, shown(one.wanted), shown(one.found)]);
        }
        say(lines)?;
    }
    Err(said(error))
}
