//! Which step fails, when and how; and what was reached.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use driftline_storage::{Fault, Faults, Step};

/// At most one failure.
pub struct Plan {
    failing: Mutex<Option<(Step, usize, Fault)>>,
    failed: AtomicBool,
    reached: Mutex<BTreeMap<String, (Step, usize)>>,
}

impl Plan {
    /// Nothing fails.
    pub fn watching() -> Self {
        Self { failing: Mutex::default(), failed: AtomicBool::new(false), reached: Mutex::default() }
    }

    /// The step fails when it is reached for the `time`th time, from 1.
    pub fn failing(step: Step, time: usize, fault: Fault) -> Self {
        Self { failing: Mutex::new(Some((step, time, fault))), ..Self::watching() }
    }

    /// The step fails when it is reached next.
    pub fn fail(&self, step: Step, fault: Fault) {
        let time = self.reached().get(&word(step)).map_or(0, |(_, count)| *count) + 1;
        *self.failing.lock().expect("no panic") = Some((step, time, fault));
    }

    /// Whether the failure has been.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// How often each step was reached.
    pub fn reached(&self) -> BTreeMap<String, (Step, usize)> {
        self.reached.lock().expect("no panic").clone()
    }
}

impl Faults for Plan {
    fn at(&self, step: Step) -> Option<Fault> {
        let mut reached = self.reached.lock().expect("no panic");
        let (_, count) = reached.entry(word(step)).or_insert((step, 0));
        *count += 1;
        let (failing, time, fault) = (*self.failing.lock().expect("no panic"))?;
        let now = failing == step && time == *count;
        now.then(|| {
            self.failed.store(true, Ordering::SeqCst);
            fault
        })
    }
}

/// The step's name.
pub fn word(step: Step) -> String {
    format!("{step:?}")
}
