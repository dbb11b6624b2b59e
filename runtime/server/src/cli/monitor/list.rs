//! `driftline monitor list`.

use serde_json::Value;

use super::{items, text};
use crate::cli::{output::say, table::table};

/// One line a monitor.
pub fn print(answer: &Value) -> anyhow::Result<()> {
    let mut lines = table(&["monitor", "model", "plugin", "schedule", "state", "last run", "open alerts"]);
    for monitor in items(answer) {
        let state = if monitor["paused"] == true { "paused" } else { "active" };
        let last = &monitor["last_run"];
        lines.add_row([
            text(&monitor["name"]).to_owned(),
            text(&monitor["model"]).to_owned(),
            text(&monitor["plugin"]).to_owned(),
            schedule(&monitor["schedule"]),
            state.to_owned(),
            format!("{} {}", text(&last["due"]), text(&last["status"])).trim().to_owned(),
            alerts(&monitor["open_alerts"]),
        ]);
    }
    say(lines)
}

/// A schedule in a few words.
pub fn schedule(schedule: &Value) -> String {
    match (schedule["cron"].as_str(), schedule["on"].as_str()) {
        (Some(cron), _) => format!("{cron} {}", text(&schedule["time_zone"])).trim().to_owned(),
        (None, Some(on)) => format!("on {on}"),
        (None, None) => "by hand".into(),
    }
}

/// How many alerts are open.
pub fn alerts(open: &Value) -> String {
    let count = |level: &str| open[level].as_u64().unwrap_or(0);
    match (count("critical"), count("warning")) {
        (0, 0) => "–".into(),
        (critical, 0) => format!("{critical} critical"),
        (0, warning) => format!("{warning} warning"),
        (critical, warning) => format!("{critical} critical, {warning} warning"),
    }
}
