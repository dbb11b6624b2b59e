//! Rows that two plans read as they were at one instant, so that what differs is not the rows.

use std::sync::{Arc, Mutex, PoisonError};

use driftline_core::Window;
use driftline_storage::{Model, Snapshot, Storage};

use crate::Error;

/// The snapshots that were taken so far. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct SameRows(Arc<Mutex<Vec<(Window, Snapshot)>>>);

impl SameRows {
    /// The model's rows of a window as they were when they were first asked for. Blocks.
    pub fn snapshot(&self, storage: &Storage, model: &Model, window: Window) -> Result<Snapshot, Error> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, snapshot)) = taken.iter().find(|(of, _)| *of == window) {
            return Ok(snapshot.clone());
        }
        let snapshot = storage.snapshot(model, Some(window))?;
        taken.push((window, snapshot.clone()));
        Ok(snapshot)
    }
}
