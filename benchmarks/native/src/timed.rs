//! Where the time goes: a metric that clocks each of its calls.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use driftline_core::{
    Accumulator, Description, Failure, InputBatch, InputLayout, Metric, MetricFactory, Report, Window,
};

/// The phases that are clocked.
pub const PHASES: [&str; 6] = ["start", "update", "state", "merge", "evaluate", "drop"];

/// Nanoseconds in each phase, summed over threads.
#[derive(Default)]
pub struct Phases([AtomicU64; 6]);

impl Phases {
    fn clock<T>(&self, phase: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        self.0[phase].fetch_add(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        done
    }

    /// Milliseconds in each phase; they start again at zero.
    pub fn take_ms(&self) -> Vec<f64> {
        self.0.iter().map(|phase| phase.swap(0, Ordering::Relaxed) as f64 / 1e6).collect()
    }
}

/// Clocks the metrics that `factory` starts.
pub struct Timed {
    /// What is clocked.
    pub factory: Arc<dyn MetricFactory>,
    /// Where the time is noted.
    pub phases: Arc<Phases>,
}

impl MetricFactory for Timed {
    fn description(&self) -> &Description {
        self.factory.description()
    }

    fn start(&self, layout: &InputLayout, window: Window) -> Result<Box<dyn Metric>, Failure> {
        let metric = self.phases.clock(0, || self.factory.start(layout, window))?;
        Ok(Box::new(Running { metric: Some(metric), phases: Arc::clone(&self.phases) }))
    }
}

struct Running {
    metric: Option<Box<dyn Metric>>,
    phases: Arc<Phases>,
}

impl Running {
    fn clock<T>(
        &mut self,
        phase: usize,
        call: impl FnOnce(&mut dyn Metric) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        match &mut self.metric {
            Some(metric) => self.phases.clock(phase, || call(metric.as_mut())),
            None => Err(Failure::new(driftline_core::FailureCode::Start, "the metric is gone")),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let metric = self.metric.take();
        self.phases.clock(5, || drop(metric));
    }
}

impl Metric for Running {
    fn open(&mut self, parameters: &str) -> Result<Accumulator, Failure> {
        self.clock(0, |metric| metric.open(parameters))
    }

    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure> {
        self.clock(1, |metric| metric.update(accumulator, batch))
    }

    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure> {
        self.clock(2, |metric| metric.state(accumulator))
    }

    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure> {
        self.clock(3, |metric| metric.merge(accumulator, state))
    }

    fn evaluate(&mut self, current: Accumulator, reference: Option<Accumulator>) -> Result<Report, Failure> {
        self.clock(4, |metric| metric.evaluate(current, reference))
    }

    fn close(&mut self, accumulator: Accumulator) -> Result<(), Failure> {
        self.clock(5, |metric| metric.close(accumulator))
    }

    fn take_log(&mut self) -> Vec<String> {
        self.metric.as_mut().map(|metric| metric.take_log()).unwrap_or_default()
    }
}
