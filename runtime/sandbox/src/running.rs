//! The accumulators of a running plugin.

use std::sync::Arc;

use driftline_core::{
    Accumulator, BoundColumn, Cells, Description, Failure, FailureCode, InputBatch, InputLayout, Metric, Report,
};
use wasmtime::component::ResourceAny;

use crate::{Limits, report, session::Session};

/// A started plugin.
pub(crate) struct Running {
    session: Session,
    description: Arc<Description>,
    limits: Limits,
    accumulators: Vec<Option<ResourceAny>>,
}

impl Running {
    pub(crate) fn new(session: Session, description: Arc<Description>, limits: Limits) -> Self {
        Self { session, description, limits, accumulators: Vec::new() }
    }

    fn held(&self, accumulator: Accumulator) -> Result<ResourceAny, Failure> {
        self.accumulators.get(accumulator.0 as usize).copied().flatten().ok_or_else(|| closed(accumulator))
    }
}

impl Metric for Running {
    fn open(&mut self, parameters: &str) -> Result<Accumulator, Failure> {
        let number = u32::try_from(self.accumulators.len())
            .map_err(|_| Failure::new(FailureCode::Memory, "too many accumulators were opened in one instance"))?;
        self.accumulators.push(Some(self.session.open(parameters)?));
        Ok(Accumulator(number))
    }

    fn update(&mut self, accumulator: Accumulator, batch: InputBatch) -> Result<(), Failure> {
        let accumulator = self.held(accumulator)?;
        check_batch(&batch, self.session.layout())?;
        self.session.update(accumulator, batch)
    }

    fn state(&mut self, accumulator: Accumulator) -> Result<Vec<u8>, Failure> {
        let accumulator = self.held(accumulator)?;
        self.session.state(accumulator)
    }

    fn merge(&mut self, accumulator: Accumulator, state: &[u8]) -> Result<(), Failure> {
        let accumulator = self.held(accumulator)?;
        self.session.merge(accumulator, state)
    }

    fn evaluate(&mut self, current: Accumulator, reference: Option<Accumulator>) -> Result<Report, Failure> {
        let current = self.held(current)?;
        let reference = reference.map(|reference| self.held(reference)).transpose()?;
        let given = self.session.evaluate(current, reference)?;
        report::check(given, &self.description, &self.limits).map_err(|halt| self.session.end(halt))
    }

    fn close(&mut self, accumulator: Accumulator) -> Result<(), Failure> {
        let held = self.held(accumulator)?;
        self.accumulators[accumulator.0 as usize] = None;
        self.session.close(held)
    }

    fn take_log(&mut self) -> Vec<String> {
        self.session.take_log()
    }

    fn has_read_clock(&self) -> bool {
        self.session.has_read_clock()
    }
}

fn closed(accumulator: Accumulator) -> Failure {
    Failure::new(FailureCode::Failed, format!("accumulator {} is closed or belongs to another instance", accumulator.0))
}

/// Batches are made by the runtime, so one that does not fit is its defect, found here before a guest sees it.
fn check_batch(batch: &InputBatch, layout: &InputLayout) -> Result<(), Failure> {
    let fits = |(bound, cells): (&Option<BoundColumn>, &Option<Cells>)| match (bound, cells) {
        (None, None) => true,
        (Some(bound), Some(cells)) => bound.kind == cells.kind() && cells.array().len() == batch.rows,
        _ => false,
    };
    let mut columns = layout.columns.iter().zip(&batch.columns);
    if layout.columns.len() == batch.columns.len() && columns.all(fits) {
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::Contract,
        "the runtime made a batch that does not fit the run's columns: report this defect",
    ))
}
