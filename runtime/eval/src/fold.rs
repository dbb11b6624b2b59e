//! Several states of a metric become one.

use driftline_core::{Failure, FailureCode, Metric, MetricFactory, Window};

use crate::binding::Binding;

/// Merges states in one instance, which is started when it is first needed.
pub(crate) struct Fold<'a> {
    factory: &'a dyn MetricFactory,
    binding: Option<&'a Binding>,
    parameters: &'a str,
    /// Where the plugin's clock stands.
    window: Window,
    running: Option<Box<dyn Metric>>,
}

impl<'a> Fold<'a> {
    pub fn new(
        factory: &'a dyn MetricFactory,
        binding: Option<&'a Binding>,
        parameters: &'a str,
        window: Window,
    ) -> Self {
        Self { factory, binding, parameters, window, running: None }
    }

    /// The state of all rows behind `states`, merged in their order. After a failure start afresh.
    pub fn one(&mut self, states: Vec<Vec<u8>>) -> Result<Vec<u8>, Failure> {
        let states = match <[Vec<u8>; 1]>::try_from(states) {
            Ok([only]) => return Ok(only),
            Err(states) => states,
        };
        let metric = match &mut self.running {
            Some(metric) => metric,
            None => {
                let none = || Failure::new(FailureCode::Start, "there are no columns to start the plugin with");
                let layout = &self.binding.ok_or_else(none)?.layout;
                self.running.insert(self.factory.start(layout, self.window)?)
            }
        };
        let accumulator = metric.open(self.parameters)?;
        for state in &states {
            metric.merge(accumulator, state)?;
        }
        let state = metric.state(accumulator)?;
        metric.close(accumulator)?;
        Ok(state)
    }
}
