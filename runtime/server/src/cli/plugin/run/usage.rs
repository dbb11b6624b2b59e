//! What a plugin used up, for its author.

use driftline_sandbox::Usage;
use serde_json::{Map, Value, json};

use crate::cli::{
    output::say,
    table::{number, significant, table},
};

/// Prints totals, then a line for each export.
///
/// # Errors
/// When nobody reads any more.
pub fn print(usage: &Usage) -> anyhow::Result<()> {
    let rows = usage.rows.max(1) as f64;
    let fuel = usage.fuel();
    let time: f64 = usage.calls.values().map(|call| call.time.as_secs_f64()).sum();
    if fuel > 0 {
        say(format_args!("Fuel: {fuel}, {} a row, on every machine", significant(fuel as f64 / rows)))?;
    }
    say(format_args!("Memory: {:.1} MiB in the largest of {} instances", mib(usage), usage.instances))?;
    let counting = if fuel > 0 { ", counting fuel" } else { "" };
    say(format_args!("Time: {:.3} ms in the plugin, {:.1} ns a row{counting}", time * 1e3, time * 1e9 / rows))?;
    let mut lines = table(&["export", "calls", "fuel", "ms"]);
    for (export, call) in &usage.calls {
        let ms = format!("{:.3}", call.time.as_secs_f64() * 1e3);
        lines.add_row(vec![(*export).into(), number(call.calls), number(call.fuel), number(ms)]);
    }
    say(lines)
}

/// The same as JSON.
pub fn json(usage: &Usage) -> Value {
    let call = |call: &driftline_sandbox::CallUsage| json!({"calls": call.calls, "fuel": call.fuel, "ms": call.time.as_secs_f64() * 1e3});
    let calls: Map<String, Value> = usage.calls.iter().map(|(name, used)| ((*name).to_owned(), call(used))).collect();
    json!({
        "fuel": usage.fuel(), "memory_bytes": usage.memory_bytes, "instances": usage.instances, "rows": usage.rows,
        "calls": calls,
    })
}

fn mib(usage: &Usage) -> f64 {
    usage.memory_bytes as f64 / f64::from(1 << 20)
}
