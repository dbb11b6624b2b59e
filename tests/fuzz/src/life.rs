//! A plugin from its bytes to the end of its instances.

use std::{path::Path, sync::Arc};

use arrow::array::{Float64Array, StringArray, TimestampMicrosecondArray};
use driftline_core::{
    BoundColumn, Cells, Failure, FailureCode, InputBatch, InputLayout, Kind, Metric, MetricFactory, Report, Time,
    Window,
};
use driftline_sandbox::{Compiler, Limits, Metering, Options, Plugin, Sandbox};

/// The limits of a hasty sandbox.
pub fn limits() -> Limits {
    Limits {
        call_ms: 200,
        total_ms: 1_000,
        memory_bytes: 8 << 20,
        table_elements: 10_000,
        handles: 1_000,
        dictionary_bytes: 1 << 20,
        output_bytes: 1 << 20,
        report_bytes: 1 << 20,
        report_values: 100,
        report_charts: 10,
        report_points: 1_000,
        message_bytes: 1_000,
        log_bytes: 4_000,
        log_flood_bytes: 100_000,
        log_flood_messages: 1_000,
        laws_ms: 50,
        ..Limits::default()
    }
}

pub fn sandbox(cache: &Path, limits: Limits, metering: Metering) -> Sandbox {
    let options = Options::new(cache, Compiler::InProcess);
    let options = Options { limits, metering, upload_bytes: 1 << 20, loaded_bytes: 64 << 20, ..options };
    Sandbox::new(options).expect("a sandbox")
}

pub fn plugin(sandbox: &Sandbox, wasm: &[u8]) -> Arc<Plugin> {
    let digest = sandbox.inspect(wasm).unwrap_or_else(|error| panic!("{error}")).digest;
    sandbox.load(&digest, || Err::<Vec<u8>, _>("it was just compiled")).expect("a plugin")
}

/// One column for each input that a plugin cannot do without, of the kind that it prefers.
pub fn layout(plugin: &Plugin) -> InputLayout {
    let inputs = &plugin.description().inputs;
    let kind = |at: usize| inputs[at].kinds.first().copied().unwrap_or(Kind::Number);
    let bound =
        |at: usize| (!inputs[at].optional).then(|| BoundColumn { name: inputs[at].name.clone(), kind: kind(at) });
    let columns: Vec<_> = (0..inputs.len()).map(bound).collect();
    let numbers = columns.iter().enumerate().map(|(at, column)| column.iter().map(|_| at as u32).collect());
    InputLayout { bound: numbers.collect(), columns }
}

/// A few rows for a layout.
pub fn batch(layout: &InputLayout, rows: usize) -> InputBatch {
    let cells = |(at, column): (usize, &Option<BoundColumn>)| {
        let flag = |row: usize| (row * 7 + at) % 3 % 2;
        Some(match column.as_ref()?.kind {
            Kind::Number if at == 1 => {
                Cells::Numbers((0..rows).map(|row| Some(flag(row) as f64)).collect::<Float64Array>())
            }
            Kind::Number => {
                Cells::Numbers((0..rows).map(|row| Some((row * 37 % 64) as f64 / 64.0)).collect::<Float64Array>())
            }
            Kind::Category => {
                Cells::Categories((0..rows).map(|row| Some(flag(row).to_string())).collect::<StringArray>())
            }
            Kind::Timestamp => {
                Cells::Timestamps((0..rows).map(|row| Some(row as i64)).collect::<TimestampMicrosecondArray>())
            }
        })
    };
    InputBatch { rows, columns: layout.columns.iter().enumerate().map(cells).collect() }
}

pub fn window() -> Window {
    let time = |micros| Time::from_micros(micros).expect("in range");
    Window::new(time(0), time(1_000_000_000)).expect("not empty")
}

/// How something ended, as a small number.
pub fn ending<T>(result: &Result<T, Failure>) -> u64 {
    result.as_ref().err().map_or(0, |failure| 1 + failure.code as u64)
}

/// What must hold of every failure: a message that fits, and an instance that stays failed when it says so.
pub fn check_failure(failure: &Failure, metric: &mut dyn Metric, limits: &Limits) {
    assert!(!failure.message.is_empty());
    assert!(failure.message.len() < limits.message_bytes + 6_000, "{} bytes: {failure}", failure.message.len());
    let log: usize = failure.log.iter().map(String::len).sum();
    assert!(log < limits.log_bytes + 1_000, "{log} bytes of log");
    if failure.code.is_fatal() {
        let again = metric.open("{}").expect_err("it failed for good");
        assert!(again.message.starts_with("the plugin failed before: "), "{again}");
    }
}

/// What must hold of every report.
pub fn check_report(report: &Report, plugin: &Plugin, limits: &Limits) {
    let outputs = &plugin.description().outputs;
    assert!(report.values.len() <= limits.report_values && report.charts.len() <= limits.report_charts);
    for (at, value) in report.values.iter().enumerate() {
        assert!(value.number.is_none_or(f64::is_finite), "{value:?}");
        assert!(value.standard_error.is_none_or(|error| error.is_finite() && error >= 0.0), "{value:?}");
        assert!(outputs.iter().any(|output| output.matches(&value.name)), "{value:?}");
        assert!(value.note.as_ref().is_none_or(|note| note.len() <= limits.message_bytes));
        assert!(report.values[..at].iter().all(|other| other.name != value.name), "{value:?} twice");
    }
    let series = report.charts.iter().flat_map(|chart| &chart.series);
    let points = series.map(|series| {
        assert_eq!(series.x.len(), series.y.len());
        series.x.len()
    });
    assert!(points.sum::<usize>() <= limits.report_points);
}

/// Everything that an evaluation asks of a plugin.
pub fn run(plugin: &Plugin, limits: &Limits) -> Result<Report, FailureCode> {
    let layout = layout(plugin);
    let mut metric = plugin.start(&layout, window()).map_err(|failure| failure.code)?;
    let mut all = || {
        let (one, two) = (metric.open("{}")?, metric.open("{}")?);
        metric.update(one, batch(&layout, 20))?;
        metric.update(one, batch(&layout, 0))?;
        let state = metric.state(one)?;
        assert!(state.len() <= limits.output_bytes);
        metric.merge(two, &state)?;
        let report = metric.evaluate(two, Some(one))?;
        metric.close(one)?;
        Ok(report)
    };
    let ended = all();
    match ended {
        Ok(report) => {
            check_report(&report, plugin, limits);
            Ok(report)
        }
        Err(failure) => {
            check_failure(&failure, metric.as_mut(), limits);
            Err(failure.code)
        }
    }
}
