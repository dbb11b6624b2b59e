//! Evaluations as storage keeps them.

use driftline_storage::EvaluationRecord;
use serde_json::Value;

use crate::{
    ingest,
    problem::Problem,
    wire::{Evaluation, EvaluationStatus, EvaluationSummary, Id, Instant, ItemName},
};

/// The record of an evaluation.
pub fn record(evaluation: &Evaluation, asked: &Value) -> EvaluationRecord {
    EvaluationRecord {
        id: evaluation.id.0,
        model: evaluation.model.0.clone(),
        plugin: format!("{}@{}", evaluation.plugin.name, evaluation.plugin.version),
        status: evaluation.status.as_str().into(),
        created: evaluation.created.0,
        finished: evaluation.finished.map(|finished| finished.0),
        request: asked.to_string(),
        result: serde_json::to_string(evaluation).unwrap_or_default(),
    }
}

/// The evaluation of a record.
///
/// # Errors
/// 500 when the record can't be read.
pub fn evaluation(record: EvaluationRecord) -> Result<Evaluation, Problem> {
    let unreadable =
        |error| Problem::internal(format!("the record of evaluation {} can't be read: {error}", record.id));
    let mut evaluation: Evaluation = serde_json::from_str(&record.result).map_err(unreadable)?;
    evaluation.request = serde_json::from_str(&record.request).ok();
    Ok(evaluation)
}

/// An evaluation as lists show it.
pub fn summary(evaluation: &Evaluation) -> EvaluationSummary {
    EvaluationSummary {
        id: evaluation.id,
        status: evaluation.status,
        model: evaluation.model.clone(),
        plugin: format!("{}@{}", evaluation.plugin.name, evaluation.plugin.version),
        created: evaluation.created,
        finished: evaluation.finished,
    }
}

/// A record as lists show it; `None` for a status of another release.
pub fn listed(record: EvaluationRecord) -> Option<EvaluationSummary> {
    Some(EvaluationSummary {
        id: Id(record.id),
        status: serde_json::from_value(Value::String(record.status)).ok()?,
        model: ItemName(record.model),
        plugin: record.plugin,
        created: Instant(record.created),
        finished: record.finished.map(Instant),
    })
}

/// The record of an evaluation that the server's end cut off.
pub fn interrupted(record: EvaluationRecord) -> EvaluationRecord {
    let status = EvaluationStatus::Interrupted;
    let finished = ingest::now();
    let result = match serde_json::from_str::<Evaluation>(&record.result) {
        Ok(evaluation) => {
            let ended = Evaluation { status, finished: Some(Instant(finished)), progress: None, ..evaluation };
            serde_json::to_string(&ended).unwrap_or_default()
        }
        Err(_) => record.result,
    };
    EvaluationRecord { status: status.as_str().into(), finished: Some(finished), result, ..record }
}
