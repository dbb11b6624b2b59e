//! One instance of a plugin: every call within its limits, none after a fatal failure.

use std::time::{Duration, Instant};

use driftline_core::{Failure, FailureCode, InputBatch, InputLayout};
use wasmtime::{Store, component::ResourceAny};

use crate::{
    Limits,
    bindings::{MetricPlugin, MetricPluginPre, wit},
    clock::Frozen,
    fault::{self, Call, Halt},
    guest::Guest,
    log::head,
    meter::Meter,
    ticker::TICK_MS,
};

/// An instance and what it may still use.
pub(crate) struct Session {
    store: Store<Guest>,
    plugin: MetricPlugin,
    limits: Limits,
    left: Duration,
    meter: Option<Meter>,
    fatal: Option<Failure>,
}

/// What a call of the guest comes to: our trap or its own failure.
type Answer<T> = wasmtime::Result<Result<T, wit::Failure>>;

impl Session {
    /// A fresh instance.
    pub(crate) fn start(
        pre: &MetricPluginPre<Guest>,
        layout: InputLayout,
        now: Frozen,
        limits: &Limits,
        meter: Option<&Meter>,
    ) -> Result<Self, Failure> {
        let mut store = Guest::store(pre.engine(), layout, now, limits)
            .map_err(|error| Failure::new(FailureCode::Start, format!("the plugin could not be started: {error:#}")))?;
        let deadline = Duration::from_millis(limits.call_ms.min(limits.total_ms));
        let start = Call { during: "start", deadline, allowance_bytes: small_bytes(limits) };
        store.set_epoch_deadline(ticks(deadline));
        store.set_hostcall_fuel(start.allowance_bytes);
        let begun = Instant::now();
        let before = meter.map(|_| refuel(&mut store));
        let plugin = pre.instantiate(&mut store).map_err(|error| unstarted(&error, store.data(), start))?;
        let took = begun.elapsed();
        note(meter, "start", before, took, &store);
        let left = Duration::from_millis(limits.total_ms).saturating_sub(took);
        Ok(Self { store, plugin, limits: limits.clone(), left, meter: meter.cloned(), fatal: None })
    }

    /// The plugin's description, as it wrote it.
    pub(crate) fn describe(&mut self) -> Result<String, Failure> {
        self.call("describe", self.limits.report_bytes, |store, metric| {
            metric.driftline_metric_metric().call_describe(store).map(Ok)
        })
    }

    pub(crate) fn open(&mut self, parameters: &str) -> Result<ResourceAny, Failure> {
        self.call("open", small_bytes(&self.limits), |store, metric| {
            metric.driftline_metric_metric().accumulator().call_open(store, parameters)
        })
    }

    pub(crate) fn update(&mut self, accumulator: ResourceAny, batch: InputBatch) -> Result<(), Failure> {
        if let Some(meter) = &self.meter {
            meter.rows(batch.rows);
        }
        self.store.data_mut().batch = Some(batch);
        let updated = self.call("update", small_bytes(&self.limits), |store, metric| {
            metric.driftline_metric_metric().accumulator().call_update(store, accumulator)
        });
        self.store.data_mut().batch = None;
        updated
    }

    pub(crate) fn state(&mut self, accumulator: ResourceAny) -> Result<Vec<u8>, Failure> {
        self.call("state", self.limits.output_bytes, |store, metric| {
            metric.driftline_metric_metric().accumulator().call_state(store, accumulator)
        })
    }

    pub(crate) fn merge(&mut self, accumulator: ResourceAny, state: &[u8]) -> Result<(), Failure> {
        self.call("merge", small_bytes(&self.limits), |store, metric| {
            metric.driftline_metric_metric().accumulator().call_merge(store, accumulator, state)
        })
    }

    pub(crate) fn evaluate(
        &mut self,
        current: ResourceAny,
        reference: Option<ResourceAny>,
    ) -> Result<wit::Report, Failure> {
        self.call("evaluate", self.limits.report_bytes, |store, metric| {
            metric.driftline_metric_metric().call_evaluate(store, current, reference)
        })
    }

    pub(crate) fn close(&mut self, accumulator: ResourceAny) -> Result<(), Failure> {
        self.call("drop", small_bytes(&self.limits), |store, _| accumulator.resource_drop(store).map(Ok))
    }

    pub(crate) fn take_log(&mut self) -> Vec<String> {
        self.store.data().log.take()
    }

    /// Whether the guest has looked at the clock.
    pub(crate) fn has_read_clock(&self) -> bool {
        self.store.data().now.was_read()
    }

    /// The shape of the batches that this instance takes.
    pub(crate) fn layout(&self) -> &InputLayout {
        &self.store.data().layout
    }

    /// Ends the instance because of what it gave back.
    pub(crate) fn end(&mut self, halt: Halt) -> Failure {
        let failure = Failure { code: halt.code, message: halt.message, log: self.take_log() };
        self.remember(&failure);
        failure
    }

    /// Makes one call: sets its deadline and how many bytes it may give us, and sorts out how it ended.
    fn call<T>(
        &mut self,
        during: &'static str,
        allowance_bytes: usize,
        enter: impl FnOnce(&mut Store<Guest>, &MetricPlugin) -> Answer<T>,
    ) -> Result<T, Failure> {
        if let Some(fatal) = &self.fatal {
            return Err(fatal.clone());
        }
        let deadline = Duration::from_millis(self.limits.call_ms).min(self.left);
        self.store.set_epoch_deadline(ticks(deadline));
        self.store.set_hostcall_fuel(allowance_bytes);
        let before = self.meter.as_ref().map(|_| refuel(&mut self.store));
        let begun = Instant::now();
        let answer = enter(&mut self.store, &self.plugin);
        let took = begun.elapsed();
        note(self.meter.as_ref(), during, before, took, &self.store);
        self.left = self.left.saturating_sub(took);
        match answer {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(said)) => Err(self.said(said)),
            Err(error) => {
                let failure = fault::failure(&error, self.store.data(), Call { during, deadline, allowance_bytes });
                self.remember(&failure);
                Err(failure)
            }
        }
    }

    fn said(&self, failure: wit::Failure) -> Failure {
        let (code, message) = match failure {
            wit::Failure::InvalidParameters(message) => (FailureCode::InvalidParameters, message),
            wit::Failure::InvalidData(message) => (FailureCode::InvalidData, message),
            wit::Failure::Failed(message) => (FailureCode::Failed, message),
        };
        let kept = head(&message, self.limits.message_bytes);
        let cut = message.len() - kept.len();
        let message = match (kept, cut) {
            ("", _) => "the plugin failed and did not say why".to_owned(),
            (_, 0) => message,
            _ => format!("{kept}… ({cut} more bytes)"),
        };
        Failure { code, message, log: self.store.data().log.take() }
    }

    fn remember(&mut self, failure: &Failure) {
        let earlier = Failure::new(failure.code, format!("the plugin failed before: {}", failure.message));
        self.fatal = Some(earlier);
    }
}

/// Fills up the fuel of an instance: it is counted, not limited.
fn refuel(store: &mut Store<Guest>) -> u64 {
    // It only fails on an engine that counts none; it stays 0 then.
    let filled = store.set_fuel(u64::MAX).and_then(|()| store.get_fuel());
    filled.unwrap_or_default()
}

/// Tells the meter of a call that has ended.
fn note(meter: Option<&Meter>, during: &'static str, before: Option<u64>, took: Duration, store: &Store<Guest>) {
    if let (Some(meter), Some(before)) = (meter, before) {
        let fuel = before.saturating_sub(store.get_fuel().unwrap_or(before));
        meter.add(during, fuel, took, store.data().limiter.memory_bytes());
    }
}

/// What calls may give us that return next to nothing: a log message large
/// enough to be known as a flood, or a failure's text, cut afterwards.
fn small_bytes(limits: &Limits) -> usize {
    let flood = usize::try_from(limits.log_flood_bytes).unwrap_or(usize::MAX);
    flood.saturating_mul(2).max(limits.message_bytes)
}

/// The deadline in ticks: one more, since the current tick has begun already.
fn ticks(deadline: Duration) -> u64 {
    u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX).div_ceil(TICK_MS).saturating_add(1)
}

fn unstarted(error: &wasmtime::Error, guest: &Guest, start: Call) -> Failure {
    let failure = fault::failure(error, guest, start);
    match failure.code {
        FailureCode::Trap | FailureCode::Contract => Failure { code: FailureCode::Start, ..failure },
        _ => failure,
    }
}
