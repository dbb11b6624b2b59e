//! Slices that have no rows any more.

use std::collections::{BTreeSet, HashMap};

use driftline_core::{Time, Window};
use driftline_storage::AlertKind;

use super::{
    findings::{AlertDetail, Found},
    history::History,
    judged::Key,
    rules::alerting::Finding,
};
use crate::wire::{MonitorDefinition, WindowBounds};

/// In how many windows, up to the latest, a slice had no rows while others had some. When there are as many in a row as a
/// threshold wants breaches in a row, one unless told, its alert is over: there is nothing left that it could be about.
/// Windows without any rows count for nothing: those are the alert that the monitor can't run.
pub struct Absence {
    /// The latest first, by end and start.
    windows: Vec<(Time, Time)>,
    last: HashMap<Key, (Time, Time)>,
    enough: usize,
}

impl Absence {
    /// As far as results are known.
    pub fn new(definition: &MonitorDefinition, history: &History) -> Self {
        let mut windows = BTreeSet::new();
        let mut last = HashMap::new();
        for (key, places) in history.places() {
            last.extend(places.first().map(|latest| (key.clone(), *latest)));
            windows.extend(places);
        }
        let consecutive = definition.thresholds.iter().filter_map(|threshold| threshold.consecutive).max();
        let enough = consecutive.map_or(1, |windows| windows.max(1) as usize);
        Self { windows: windows.into_iter().rev().collect(), last, enough }
    }

    /// That the slice is gone, if it is.
    pub fn of(&self, key: &Key) -> Option<Found> {
        let last = self.last.get(key);
        let count = self.windows.iter().take_while(|window| last.is_none_or(|last| *window > last)).count();
        if count < self.enough {
            return None;
        }
        let window = self.windows.first().and_then(|(end, start)| Window::new(*start, *end).ok());
        let detail = AlertDetail {
            title: "there are no rows of it any more".into(),
            detail: format!("no rows in the last {count} windows that had rows of others"),
            window: window.map(WindowBounds::from),
            ..AlertDetail::default()
        };
        Some(Found { kind: AlertKind::Threshold, key: key.clone(), finding: Finding::Fine, fresh: true, detail })
    }
}
