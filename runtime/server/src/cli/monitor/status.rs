//! `driftline monitor status`.

use serde_json::Value;

use super::{items, list, text};
use crate::cli::{output::say, table::table};

/// One line for each monitor and model, then the counts.
pub fn print(answer: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["monitor", "model", "last run", "next due", "late", "open alerts"]);
    for item in items(answer) {
        let last = &item["last_run"];
        let late = match item["late"].as_object() {
            Some(late) => format!("{}: {}", text(&late["since"]), text(&late["why"])),
            None => "no".into(),
        };
        lines.add_row([
            text(&item["monitor"]).to_owned(),
            text(&item["model"]).to_owned(),
            format!("{} {}", text(&last["due"]), text(&last["status"])).trim().to_owned(),
            text(&item["next_due"]).to_owned(),
            late,
            list::alerts(&item["open_alerts"]),
        ]);
    }
    say(lines)?;
    let counts = answer["counts"].as_object().into_iter().flatten();
    let counts: Vec<_> =
        counts.filter(|(_, n)| n.is_u64()).map(|(name, n)| format!("{n} {}", name.replace('_', " "))).collect();
    say(counts.join(", "))
}
