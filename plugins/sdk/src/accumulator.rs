//! A running metric: the summary together with its parameters.

use crate::{Description, Error, Input, Inputs, Metric, Report, Result, Rows, Run, Source};

/// What the contract calls an accumulator, for native programs and for the
/// glue behind [`plugin!`](crate::plugin) alike: the same code runs in both.
pub struct Accumulator<M: Metric> {
    summary: M,
    parameters: M::Parameters,
    declared: Vec<Input>,
    settled: bool,
}

impl<M: Metric> Accumulator<M> {
    /// The description as the JSON text of the contract.
    pub fn describe() -> String {
        serde_json::to_string(&Self::description()).unwrap_or_default()
    }

    /// The description with the parameters' schema filled in.
    pub fn description() -> Description {
        let mut description = M::describe();
        description.parameters = M::parameters_schema();
        description
    }

    /// An accumulator of no rows. `parameters` is a JSON object.
    ///
    /// # Errors
    /// [`Error::Parameters`] when they don't fit.
    pub fn open(parameters: &str, source: &dyn Source) -> Result<Self> {
        let parameters: M::Parameters = serde_json::from_str(parameters)
            .map_err(|error| Error::parameters(format!("the parameters don't fit: {error}")))?;
        let declared = M::describe().inputs().to_vec();
        let summary = M::open(&Run { parameters: &parameters, inputs: Inputs::new(source, &declared) })?;
        Ok(Self { summary, parameters, declared, settled: true })
    }

    /// Takes in the source's rows.
    ///
    /// # Errors
    /// Those of the metric.
    pub fn update(&mut self, source: &dyn Source) -> Result<()> {
        let inputs = Inputs::new(source, &self.declared);
        self.settled = false;
        self.summary.update(&Rows::new(inputs), &Run { parameters: &self.parameters, inputs })
    }

    /// The saved form of the summary.
    ///
    /// # Errors
    /// Those of the metric.
    pub fn state(&mut self) -> Result<Vec<u8>> {
        self.settle();
        self.summary.encode()
    }

    /// Adds the rows behind a saved summary.
    ///
    /// # Errors
    /// Those of the metric.
    pub fn merge(&mut self, state: impl Into<Vec<u8>>) -> Result<()> {
        self.settled = false;
        self.summary.merge(M::decode(state.into())?)
    }

    /// Brings buffered rows into their final form; needed before [`evaluate`](Self::evaluate).
    pub fn settle(&mut self) {
        if !self.settled {
            self.summary.settle();
            self.settled = true;
        }
    }

    /// Turns settled accumulators into results.
    ///
    /// # Errors
    /// Those of the metric.
    pub fn evaluate(&self, reference: Option<&Self>, source: &dyn Source) -> Result<Report> {
        let inputs = Inputs::new(source, &self.declared);
        let run = Run { parameters: &self.parameters, inputs };
        self.summary.evaluate(reference.map(|reference| &reference.summary), &run)
    }

    /// The summary itself.
    pub fn summary(&self) -> &M {
        &self.summary
    }
}
