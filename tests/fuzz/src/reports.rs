//! Reports: `evaluate` points at the fuzzed bytes.

use std::path::Path;

use driftline_core::{Failure, MetricFactory, Report};
use driftline_sandbox::Plugin;

use super::{
    Run, echo,
    life::{self, limits},
};

pub fn target(cache: &Path) -> Run {
    let plugin = echo::plugin(cache, limits());
    Box::new(move |bytes| {
        let first = evaluated(&plugin, bytes);
        assert_eq!(format!("{first:?}"), format!("{:?}", evaluated(&plugin, bytes)), "the same bytes, another report");
        vec![life::ending(&first)]
    })
}

fn evaluated(plugin: &Plugin, bytes: &[u8]) -> Result<Report, Failure> {
    let mut metric = plugin.start(&echo::layout(), life::window()).expect("an instance");
    let one = metric.open("{}").expect("opened");
    metric.merge(one, bytes).expect("kept");
    let report = metric.evaluate(one, None);
    match &report {
        Ok(report) => life::check_report(report, plugin, &limits()),
        Err(failure) => life::check_failure(failure, metric.as_mut(), &limits()),
    }
    report
}
