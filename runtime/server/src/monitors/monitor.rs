//! A monitor as it is kept.

use driftline_core::{Name, Time};
use driftline_storage::MonitorRecord;

use super::rules::pattern::{fits, is_pattern};
use crate::{app::App, problem::Problem, wire::MonitorDefinition};

/// A monitor.
#[derive(Debug, Clone)]
pub struct Monitor {
    /// Its name.
    pub name: Name,
    /// Counts the changes of its definition.
    pub revision: u64,
    /// Whether it makes no runs by itself for now.
    pub paused: bool,
    /// When it was made.
    pub created: Time,
    /// When it was changed last.
    pub changed: Time,
    /// What it is.
    pub definition: MonitorDefinition,
}

/// Monitors and models read at once.
const PAGE: usize = 1000;

/// The monitor of a record.
///
/// # Errors
/// 500 when its definition can't be read.
pub fn read(record: &MonitorRecord) -> Result<Monitor, Problem> {
    let unreadable =
        |error| Problem::internal(format!("the definition of monitor {} can't be read: {error}", record.name));
    let definition: MonitorDefinition = serde_json::from_str(&record.definition).map_err(unreadable)?;
    Ok(Monitor {
        name: record.name.clone(),
        revision: record.revision,
        paused: record.paused,
        created: record.created,
        changed: record.changed,
        definition: MonitorDefinition { paused: record.paused, ..definition },
    })
}

/// The monitor called `name`.
///
/// # Errors
/// 404 `monitor_not_found`.
pub fn find(app: &App, name: &Name) -> Result<Monitor, Problem> {
    read(&app.storage.monitor(name)?.ok_or_else(|| not_found(name))?)
}

/// There is no monitor of this name.
pub fn not_found(name: &Name) -> Problem {
    let detail = format!("there is no monitor `{name}`: PUT /v1/monitors/{name} makes one");
    Problem::not_found("monitor_not_found", detail).at("monitor")
}

/// All monitors, in the order of their names.
///
/// # Errors
/// Those of the catalog.
pub fn every(app: &App) -> Result<Vec<Monitor>, Problem> {
    let mut monitors: Vec<Monitor> = Vec::new();
    loop {
        let after = monitors.last().map(|monitor| monitor.name.clone());
        let page = app.storage.monitors(after.as_ref(), PAGE)?;
        if page.is_empty() {
            return Ok(monitors);
        }
        for record in &page {
            monitors.push(read(record)?);
        }
    }
}

/// The models that a monitor's `model` means now.
///
/// # Errors
/// Those of the catalog.
pub fn models(app: &App, pattern: &str) -> Result<Vec<Name>, Problem> {
    if !is_pattern(pattern) {
        let name: Option<Name> = pattern.parse().ok();
        let found = name.map(|name| app.storage.model(&name)).transpose()?.flatten();
        return Ok(found.into_iter().map(|model| model.name).collect());
    }
    let (mut fitting, mut after): (Vec<Name>, Option<Name>) = (Vec::new(), None);
    loop {
        let page = app.storage.models(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(fitting) };
        after = Some(last.name.clone());
        fitting.extend(page.into_iter().map(|model| model.name).filter(|name| fits(pattern, name.as_str())));
    }
}
