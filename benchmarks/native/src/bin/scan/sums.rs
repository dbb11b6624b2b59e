//! The metric: rows counted, two columns summed.

use std::sync::Arc;

use arrow::compute::sum;
use driftline_core::{
    Accumulator, Cells, Description, Direction, Failure, FailureCode, Input, InputBatch, InputLayout, Kind, Metric,
    MetricFactory, Output, ReferenceUse, Report, Value, Window,
};

/// The names of the columns in the metric.
pub const INPUTS: [&str; 2] = ["first", "second"];

/// What is summed.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sums {
    /// How many rows have both columns.
    pub rows: u64,
    /// The sum of the one.
    pub first: f64,
    /// The sum of the other.
    pub second: f64,
}

/// Starts the metric.
pub struct Summing(Description);

impl Summing {
    /// The metric, which needs no parameters.
    pub fn factory() -> anyhow::Result<Arc<dyn MetricFactory>> {
        let input = |name: &str| Input {
            name: name.into(),
            kinds: vec![Kind::Number],
            nullable: false,
            optional: false,
            repeated: false,
            doc: String::new(),
        };
        let output = |name: &str| Output {
            name: name.into(),
            direction: Direction::Neutral,
            range: (None, None),
            warning: None,
            critical: None,
            doc: String::new(),
        };
        Ok(Arc::new(Self(Description {
            name: "sums".parse()?,
            version: "1.0.0".into(),
            doc: String::new(),
            inputs: INPUTS.map(input).into(),
            outputs: vec![output("rows"), output("first"), output("second")],
            parameters: r#"{"type": "object"}"#.into(),
            reference: ReferenceUse::None,
            merges: true,
            tolerance: 1e-9,
        })))
    }
}

impl MetricFactory for Summing {
    fn description(&self) -> &Description {
        &self.0
    }

    fn start(&self, _: &InputLayout, _: Window) -> Result<Box<dyn Metric>, Failure> {
        Ok(Box::new(Running(Vec::new())))
    }
}

struct Running(Vec<Sums>);

impl Running {
    fn get(&mut self, accumulator: Accumulator) -> Result<&mut Sums, Failure> {
        let closed = || Failure::new(FailureCode::Trap, "no such accumulator");
        self.0.get_mut(accumulator.0 as usize).ok_or_else(closed)
    }
}

impl Metric for Running {
    fn open(&mut self, _: &str) -> Result<Accumulator, Failure> {
        self.0.push(Sums::default());
        Ok(Accumulator(u32::try_from(self.0.len() - 1).unwrap_or(u32::MAX)))
    }

    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure> {
        let sums = self.get(accumulator)?;
        sums.rows += batch.rows as u64;
        let mut columns = batch.columns.iter().map(|cells| match cells {
            Some(Cells::Numbers(numbers)) => sum(numbers).unwrap_or(0.0),
            _ => 0.0,
        });
        sums.first += columns.next().unwrap_or(0.0);
        sums.second += columns.next().unwrap_or(0.0);
        Ok(())
    }

    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure> {
        let sums = *self.get(accumulator)?;
        Ok([sums.rows.to_le_bytes(), sums.first.to_le_bytes(), sums.second.to_le_bytes()].concat())
    }

    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure> {
        let words: Vec<[u8; 8]> = state.chunks_exact(8).filter_map(|word| word.try_into().ok()).collect();
        let [rows, score, label] = words[..] else {
            return Err(Failure::new(FailureCode::InvalidData, "a state has three words"));
        };
        let sums = self.get(accumulator)?;
        sums.rows += u64::from_le_bytes(rows);
        sums.first += f64::from_le_bytes(score);
        sums.second += f64::from_le_bytes(label);
        Ok(())
    }

    fn evaluate(&mut self, current: Accumulator, _: Option<Accumulator>) -> Result<Report, Failure> {
        let sums = *self.get(current)?;
        let value = |name: &str, number: f64| Value {
            name: name.into(),
            number: Some(number),
            standard_error: None,
            note: None,
        };
        let values = vec![value("rows", sums.rows as f64), value("first", sums.first), value("second", sums.second)];
        Ok(Report { values, charts: Vec::new() })
    }

    fn close(&mut self, _: Accumulator) -> Result<(), Failure> {
        Ok(())
    }

    fn take_log(&mut self) -> Vec<String> {
        Vec::new()
    }
}
