//! The models' schemas as they were last seen, so that a small request need not ask the catalog.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use driftline_core::{Name, Schema};

/// More models than this are not remembered at once.
const REMEMBERED: usize = 10_000;

/// Schemas by model. They may be old: a model's columns only ever grow, and
/// storage holds every row against the present ones.
#[derive(Debug, Default)]
pub struct Schemas(Mutex<HashMap<Name, Arc<Schema>>>);

impl Schemas {
    /// The model's schema, if it was seen.
    pub fn seen(&self, model: &Name) -> Option<Arc<Schema>> {
        self.held().get(model).cloned()
    }

    /// Remembers a model's schema.
    pub fn remember(&self, model: &Name, schema: Arc<Schema>) {
        let mut held = self.held();
        if held.len() >= REMEMBERED && !held.contains_key(model) {
            held.clear();
        }
        held.insert(model.clone(), schema);
    }

    /// Forgets a model that is no more.
    pub fn forget(&self, model: &Name) {
        self.held().remove(model);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Name, Arc<Schema>>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
