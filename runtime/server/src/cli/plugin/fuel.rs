//! What a plugin uses up in fuel, for people.

use crate::{
    cli::{
        output::say,
        table::{number, significant, table},
    },
    wire::PluginFuel,
};

/// Prints what one row costs, then a line for each export.
///
/// # Errors
/// When nobody reads any more.
pub fn print(fuel: &PluginFuel) -> anyhow::Result<()> {
    say(format_args!("Fuel: {}", summary(fuel)))?;
    if fuel.a_row.is_none() {
        return Ok(());
    }
    let mut lines = table(&["export", "fuel of a call"]);
    for (export, fuel) in &fuel.calls {
        lines.add_row(vec![export.as_str().into(), number(fuel)]);
    }
    say(lines)
}

/// What one row costs, or why that is not known.
pub fn summary(fuel: &PluginFuel) -> String {
    match (fuel.a_row, &fuel.note) {
        (Some(a_row), _) => format!(
            "{} a row, on every machine; {} generated rows in one batch, {:.1} MiB of memory",
            significant(a_row),
            fuel.rows,
            fuel.memory_bytes as f64 / f64::from(1 << 20)
        ),
        (None, why) => format!("not known: {}", why.as_deref().unwrap_or("it was not measured")),
    }
}
