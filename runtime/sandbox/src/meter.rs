//! What plugins have used up: the same numbers on every machine where they are counted in instructions.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What the instances of a sandbox have used up.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Usage {
    /// How many instances were started.
    pub instances: u64,
    /// The most linear memory that one of them held.
    pub memory_bytes: usize,
    /// Rows given to `update`.
    pub rows: u64,
    /// What each export has used up; `start` is the start of an instance.
    pub calls: BTreeMap<&'static str, CallUsage>,
}

/// What the calls of one export have used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallUsage {
    /// How many calls.
    pub calls: u64,
    /// Fuel: about one for each WebAssembly instruction, by the Wasm runtime's table; it depends on the plugin's bytes and
    /// its rows, not on the machine.
    pub fuel: u64,
    /// How long they took, on a machine and an engine that counts fuel, which is slower than a server.
    pub time: Duration,
}

impl Usage {
    /// The fuel of all calls.
    pub fn fuel(&self) -> u64 {
        self.calls.values().map(|call| call.fuel).sum()
    }
}

/// Adds up what instances use; clones are the same meter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<Mutex<Usage>>);

impl Meter {
    /// A call has ended.
    pub(crate) fn add(&self, export: &'static str, fuel: u64, time: Duration, memory_bytes: usize) {
        let mut usage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        usage.memory_bytes = usage.memory_bytes.max(memory_bytes);
        usage.instances += u64::from(export == "start");
        let call = usage.calls.entry(export).or_default();
        *call = CallUsage { calls: call.calls + 1, fuel: call.fuel + fuel, time: call.time + time };
    }

    /// Rows are given to a plugin.
    pub(crate) fn rows(&self, rows: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).rows += rows as u64;
    }

    /// What was used since the last time.
    pub(crate) fn take(&self) -> Usage {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
