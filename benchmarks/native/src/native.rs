//! A plugin's code run native in the host, behind the host's own traits.

use std::{borrow::Cow, collections::HashMap, marker::PhantomData, sync::Arc};

use arrow::array::Array;
use driftline_core::{
    Accumulator, Cells, Chart, Description, Failure, FailureCode, InputBatch, InputLayout, Kind, Metric, MetricFactory,
    Report, Series, Value, Window,
};
use driftline_sdk as sdk;

/// Starts the metric `M` native.
pub struct Native<M> {
    description: Description,
    metric: PhantomData<fn() -> M>,
}

impl<M: sdk::Metric> Native<M> {
    /// The metric with its own description.
    pub fn new() -> anyhow::Result<Self> {
        let (description, _) = driftline_sandbox::parse_description(&sdk::Accumulator::<M>::describe())?;
        Ok(Self { description, metric: PhantomData })
    }
}

impl<M: sdk::Metric + Send + 'static> MetricFactory for Native<M>
where
    sdk::Accumulator<M>: Send,
{
    fn description(&self) -> &Description {
        &self.description
    }

    fn start(&self, layout: &InputLayout, _: Window) -> Result<Box<dyn Metric>, Failure> {
        let batch = InputBatch { rows: 0, columns: vec![None; layout.columns.len()] };
        let rows = Rows { layout: layout.clone(), batch, dictionaries: HashMap::new(), codes: HashMap::new() };
        Ok(Box::new(Running::<M> { rows, accumulators: Vec::new() }))
    }
}

struct Running<M: sdk::Metric> {
    rows: Rows,
    accumulators: Vec<Option<sdk::Accumulator<M>>>,
}

impl<M: sdk::Metric> Running<M> {
    fn get(&mut self, accumulator: Accumulator) -> Result<(&Rows, &mut sdk::Accumulator<M>), Failure> {
        let open = self.accumulators.get_mut(accumulator.0 as usize).and_then(Option::as_mut);
        let open = open.ok_or_else(|| Failure::new(FailureCode::Trap, "the accumulator is closed"))?;
        Ok((&self.rows, open))
    }
}

impl<M: sdk::Metric> Metric for Running<M>
where
    sdk::Accumulator<M>: Send,
{
    fn open(&mut self, parameters: &str) -> Result<Accumulator, Failure> {
        self.accumulators.push(Some(sdk::Accumulator::open(parameters, &self.rows).map_err(failure)?));
        Ok(Accumulator(u32::try_from(self.accumulators.len() - 1).unwrap_or(u32::MAX)))
    }

    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure> {
        self.rows.take(batch);
        let (rows, open) = self.get(accumulator)?;
        open.update(rows).map_err(failure)
    }

    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure> {
        self.get(accumulator)?.1.state().map_err(failure)
    }

    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure> {
        self.get(accumulator)?.1.merge(state).map_err(failure)
    }

    fn evaluate(&mut self, current: Accumulator, reference: Option<Accumulator>) -> Result<Report, Failure> {
        for accumulator in [Some(current), reference].into_iter().flatten() {
            self.get(accumulator)?.1.settle();
        }
        let open = |at: Accumulator| self.accumulators.get(at.0 as usize).and_then(Option::as_ref);
        let closed = || Failure::new(FailureCode::Trap, "the accumulator is closed");
        let current = open(current).ok_or_else(closed)?;
        current.evaluate(reference.and_then(open), &self.rows).map(report).map_err(failure)
    }

    fn close(&mut self, accumulator: Accumulator) -> Result<(), Failure> {
        self.accumulators[accumulator.0 as usize] = None;
        Ok(())
    }

    fn take_log(&mut self) -> Vec<String> {
        Vec::new()
    }
}

fn failure(error: sdk::Error) -> Failure {
    Failure::new(FailureCode::Failed, error.to_string())
}

fn report(report: sdk::Report) -> Report {
    let value = |value: sdk::Value| Value {
        name: value.name,
        number: value.number.filter(|number| number.is_finite()),
        standard_error: value.standard_error.filter(|number| number.is_finite()),
        note: value.note,
    };
    let series = |series: sdk::Series| Series { name: series.name, x: series.x, y: series.y };
    let chart = |chart: sdk::Chart| Chart {
        name: chart.name,
        x_label: chart.x_label,
        y_label: chart.y_label,
        kind: chart.kind,
        categories: chart.categories,
        series: chart.series.into_iter().map(series).collect(),
    };
    Report {
        values: report.values.into_iter().map(value).collect(),
        charts: report.charts.into_iter().map(chart).collect(),
    }
}

/// The current batch, as the sandbox would show it.
struct Rows {
    layout: InputLayout,
    batch: InputBatch,
    dictionaries: HashMap<u32, Dictionary>,
    codes: HashMap<u32, Vec<u32>>,
}

#[derive(Default)]
struct Dictionary {
    labels: Arc<Vec<String>>,
    codes: HashMap<String, u32>,
}

impl Rows {
    fn take(&mut self, batch: InputBatch) {
        for (column, cells) in (0..).zip(&batch.columns) {
            if let Some(Cells::Categories(labels)) = cells {
                let dictionary = self.dictionaries.entry(column).or_default();
                self.codes.insert(column, labels.iter().map(|label| dictionary.code(label)).collect());
            }
        }
        self.batch = batch;
    }

    fn cells(&self, column: u32) -> Option<&Cells> {
        self.batch.columns.get(column as usize)?.as_ref()
    }
}

impl Dictionary {
    fn code(&mut self, label: Option<&str>) -> u32 {
        let Some(label) = label else { return u32::MAX };
        if let Some(code) = self.codes.get(label) {
            return *code;
        }
        let code = u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        Arc::make_mut(&mut self.labels).push(label.into());
        self.codes.insert(label.into(), code);
        code
    }
}

impl sdk::Source for Rows {
    fn rows(&self) -> usize {
        self.batch.rows
    }

    fn bound(&self, input: u32) -> Vec<u32> {
        self.layout.bound.get(input as usize).cloned().unwrap_or_default()
    }

    fn name(&self, column: u32) -> String {
        self.layout
            .columns
            .get(column as usize)
            .and_then(Option::as_ref)
            .map_or_else(String::new, |bound| bound.name.clone())
    }

    fn kind(&self, column: u32) -> sdk::Kind {
        match self.layout.columns.get(column as usize).and_then(Option::as_ref).map(|bound| bound.kind) {
            Some(Kind::Category) => sdk::Kind::Category,
            Some(Kind::Timestamp) => sdk::Kind::Timestamp,
            _ => sdk::Kind::Number,
        }
    }

    fn numbers(&self, column: u32) -> Cow<'_, [f64]> {
        match self.cells(column) {
            Some(Cells::Numbers(numbers)) if numbers.null_count() == 0 => Cow::Borrowed(numbers.values()),
            Some(Cells::Numbers(numbers)) => numbers.iter().map(|number| number.unwrap_or(f64::NAN)).collect(),
            _ => Cow::Borrowed(&[]),
        }
    }

    fn validity(&self, column: u32) -> Option<Cow<'_, [u8]>> {
        let nulls = self.cells(column)?.array().nulls().filter(|nulls| nulls.null_count() > 0)?;
        Some(Cow::Owned(nulls.inner().sliced().as_slice().to_vec()))
    }

    fn codes(&self, column: u32) -> Cow<'_, [u32]> {
        self.codes.get(&column).map_or(Cow::Borrowed(&[]), |codes| Cow::Borrowed(&codes[..]))
    }

    fn labels(&self, column: u32) -> Arc<Vec<String>> {
        self.dictionaries.get(&column).map(|dictionary| Arc::clone(&dictionary.labels)).unwrap_or_default()
    }

    fn timestamps(&self, column: u32) -> Cow<'_, [i64]> {
        match self.cells(column) {
            Some(Cells::Timestamps(times)) => times.iter().map(|time| time.unwrap_or(i64::MIN)).collect(),
            _ => Cow::Borrowed(&[]),
        }
    }
}
