//! What a plugin uses up, in a measure that is the same on every machine.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use driftline_core::MetricFactory;

use super::{Stop, Unfit, parameters, trial::Trial, trials};
use crate::{Plugin, meter::Meter};

/// The rows of the one batch that is measured.
const ROWS: usize = 1_024;
/// How long that may take: counting is slower, and nobody waits.
const LIMIT: Duration = Duration::from_secs(30);

/// What a plugin uses up on rows that are made for its inputs, with the parameters that its schema gives.
///
/// The rows depend on nothing but the description, and fuel on nothing but the plugin's bytes and its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fuel {
    /// How many rows were given, in one batch.
    pub rows: u64,
    /// Fuel of one call of each export; `start` is the start of an instance.
    pub calls: BTreeMap<&'static str, u64>,
    /// The most linear memory of an instance.
    pub memory_bytes: u64,
}

impl Fuel {
    /// The fuel of `update` for one row of the batch.
    pub fn a_row(&self) -> f64 {
        self.calls.get("update").copied().unwrap_or_default() as f64 / self.rows.max(1) as f64
    }
}

/// Measures a plugin whose meter counts fuel.
pub(crate) fn fuel(plugin: &Plugin, meter: &Meter) -> Result<Fuel, String> {
    let parameters = parameters::given(&plugin.description().parameters)?;
    let found = trials(plugin, &parameters, Instant::now() + LIMIT).map_err(|unfit| match unfit {
        Unfit::Refused(reason) => reason,
        Unfit::Trapped(_, failure) => failure.message,
    })?;
    let trial = found.first().ok_or("no generated row is taken")?.with_rows(ROWS);
    // What was used so far was for finding rows that it takes.
    meter.take();
    run(&trial).map_err(|stop| match stop {
        Stop::Failed(failure) => format!("it fails on {ROWS} generated rows: {} ({})", failure.message, failure.code),
        Stop::TimeIsUp => format!("{ROWS} generated rows take it longer than it may take"),
    })?;
    let used = meter.take();
    let calls = used.calls.iter().map(|(export, call)| (*export, call.fuel / call.calls.max(1)));
    Ok(Fuel { rows: ROWS as u64, calls: calls.collect(), memory_bytes: used.memory_bytes as u64 })
}

/// Each export, as in an evaluation of one unit; rows are compared with themselves, so that `update` is called once.
fn run(trial: &Trial<'_>) -> Result<(), Stop> {
    let mut instance = trial.start()?;
    let all = instance.open()?;
    instance.update(all, 0..ROWS)?;
    let target = if trial.merges() {
        let state = instance.state(all)?;
        instance.merged(&[&state])?
    } else {
        all
    };
    let reference = trial.takes_reference().then_some(all);
    instance.report_beside(target, reference)?;
    Ok(())
}
