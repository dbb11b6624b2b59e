//! A metric in native code: the mean of a column, beside that of the reference.

use driftline_core::{
    Accumulator, Cells, Description, Direction, Failure, FailureCode, Input, InputBatch, InputLayout, Kind, Metric,
    MetricFactory, Output, ReferenceUse, Report, Value, Window,
};

/// Starts [`Mean`]s.
pub struct MeanFactory(Description);

impl MeanFactory {
    /// A metric that says whether its states merge.
    pub fn new(merges: bool) -> Self {
        let output = |name: &str| Output {
            name: name.into(),
            direction: Direction::Neutral,
            range: (None, None),
            warning: None,
            critical: None,
            doc: String::new(),
        };
        Self(Description {
            name: "mean".parse().expect("name"),
            version: "1.0.0".into(),
            doc: String::new(),
            inputs: vec![input("value", false, false)],
            outputs: vec![output("mean"), output("reference")],
            parameters: r#"{"type":"object","properties":{"fail":{"type":"boolean","default":false},"late":{"type":"boolean","default":false}}}"#.into(),
            reference: ReferenceUse::Optional,
            merges,
            tolerance: 1e-9,
        })
    }
}

impl MeanFactory {
    /// The same with inputs of the test's own, the first of which is measured.
    pub fn with_inputs(inputs: Vec<Input>) -> Self {
        let Self(description) = Self::new(true);
        Self(Description { inputs, ..description })
    }
}

/// An input for numbers.
pub fn input(name: &str, optional: bool, repeated: bool) -> Input {
    Input { name: name.into(), kinds: vec![Kind::Number], nullable: false, optional, repeated, doc: String::new() }
}

impl MetricFactory for MeanFactory {
    fn description(&self) -> &Description {
        &self.0
    }

    fn start(&self, _: &InputLayout, _: Window) -> Result<Box<dyn Metric>, Failure> {
        Ok(Box::new(Mean { sums: Vec::new(), merges: self.0.merges, late: false }))
    }
}

struct Mean {
    sums: Vec<(f64, u64)>,
    merges: bool,
    late: bool,
}

impl Mean {
    fn mean(&self, accumulator: Accumulator) -> Option<f64> {
        let (sum, count) = self.sums[accumulator.0 as usize];
        (count > 0).then(|| sum / count as f64)
    }
}

impl Metric for Mean {
    fn open(&mut self, parameters: &str) -> Result<Accumulator, Failure> {
        if parameters.contains(r#""fail":true"#) {
            return Err(Failure::new(FailureCode::InvalidParameters, "told to fail"));
        }
        self.late = parameters.contains(r#""late":true"#);
        self.sums.push((0.0, 0));
        Ok(Accumulator(self.sums.len() as u32 - 1))
    }

    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure> {
        let Some(Cells::Numbers(numbers)) = &batch.columns[0] else { panic!("a number column") };
        let sum = &mut self.sums[accumulator.0 as usize];
        sum.0 += numbers.values().iter().sum::<f64>();
        sum.1 += batch.rows as u64;
        Ok(())
    }

    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure> {
        assert!(self.merges, "state of a metric that does not merge");
        let (sum, count) = self.sums[accumulator.0 as usize];
        Ok([sum.to_le_bytes(), count.to_le_bytes()].concat())
    }

    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure> {
        let (sum, count) = state.split_at(8);
        let into = &mut self.sums[accumulator.0 as usize];
        into.0 += f64::from_le_bytes(sum.try_into().expect("8 bytes"));
        into.1 += u64::from_le_bytes(count.try_into().expect("8 bytes"));
        Ok(())
    }

    fn evaluate(&mut self, current: Accumulator, reference: Option<Accumulator>) -> Result<Report, Failure> {
        if self.late {
            return Err(Failure::new(FailureCode::Deadline, "told to be late"));
        }
        let value = |name: &str, number| Value { name: name.into(), number, standard_error: None, note: None };
        let mut values = vec![value("mean", self.mean(current))];
        values.extend(reference.map(|reference| value("reference", self.mean(reference))));
        Ok(Report { values, charts: Vec::new() })
    }

    fn close(&mut self, _: Accumulator) -> Result<(), Failure> {
        Ok(())
    }

    fn take_log(&mut self) -> Vec<String> {
        Vec::new()
    }
}
