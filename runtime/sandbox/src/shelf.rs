//! Loaded plugins at hand, the least recently used forgotten first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driftline_core::Digest;

use crate::Plugin;

/// Plugins whose machine code is in memory, the most recently used last.
#[derive(Debug)]
pub(crate) struct Shelf {
    plugins: Mutex<Vec<Arc<Plugin>>>,
    limit_bytes: usize,
}

impl Shelf {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        Self { plugins: Mutex::default(), limit_bytes }
    }

    pub(crate) fn get(&self, digest: &Digest) -> Option<Arc<Plugin>> {
        let mut plugins = self.plugins();
        let place = plugins.iter().position(|plugin| plugin.digest() == digest)?;
        let plugin = plugins.remove(place);
        plugins.push(Arc::clone(&plugin));
        Some(plugin)
    }

    /// Keeps a plugin, and drops others until all fit; the newest stays in any case.
    pub(crate) fn put(&self, plugin: &Arc<Plugin>) {
        let mut plugins = self.plugins();
        plugins.retain(|other| other.digest() != plugin.digest());
        plugins.push(Arc::clone(plugin));
        let mut held: usize = plugins.iter().map(|plugin| plugin.code_bytes()).sum();
        while held > self.limit_bytes && plugins.len() > 1 {
            held -= plugins.remove(0).code_bytes();
        }
    }

    pub(crate) fn remove(&self, digest: &Digest) {
        self.plugins().retain(|plugin| plugin.digest() != digest);
    }

    fn plugins(&self) -> MutexGuard<'_, Vec<Arc<Plugin>>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
