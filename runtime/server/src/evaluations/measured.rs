//! An evaluation that its caller keeps.

use std::sync::Arc;

use driftline_storage::{Definition, EvaluatedRun};
use serde_json::Value;

use super::{aggregates::aggregates, record::record};
use crate::wire;

/// An evaluation that has ended and is kept nowhere yet.
#[derive(Clone)]
pub struct Measured {
    /// What came out.
    pub evaluation: Arc<wire::Evaluation>,
    /// What was asked.
    pub asked: Value,
    /// What was computed of rows.
    pub definitions: Vec<Definition>,
}

impl Measured {
    /// As storage keeps it.
    pub fn kept(&self) -> EvaluatedRun {
        let succeeded = self.evaluation.status == wire::EvaluationStatus::Succeeded;
        EvaluatedRun {
            record: record(&self.evaluation, &self.asked),
            aggregates: aggregates(&self.evaluation),
            definitions: if succeeded { self.definitions.clone() } else { Vec::new() },
        }
    }
}
