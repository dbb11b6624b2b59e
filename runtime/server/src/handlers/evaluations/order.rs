//! From a request's JSON to an order for the evaluator.

use std::time::Duration;

use driftline_core::Window;
use driftline_eval::{DriftRequest, Reference, Request, WindowSpec};

use crate::{
    evaluations::Order,
    plugins::parse_ref,
    problem::Problem,
    wire::{self, EvaluationRequest, Instant, ReferenceSpec, Wait},
};

const WAIT: Duration = Duration::from_secs(30);

/// Checks what can be checked without looking anything up; `wait` is the query's.
///
/// # Errors
/// 422 with the field.
pub fn order(asked: EvaluationRequest, wait: Option<Wait>) -> Result<Order, Problem> {
    let record = asked.record;
    let wait = wait.or(asked.wait).map_or(WAIT, Wait::duration);
    let json = serde_json::to_value(&asked).map_err(Problem::internal)?;
    let request = Request {
        model: asked.model.0,
        plugin: parse_ref(&asked.plugin)?,
        window: window(&asked.window)?,
        every: asked.every.map(|every| every.0),
        reference: asked.reference.map(reference).transpose()?,
        inputs: asked.inputs.0.into_iter().map(|(name, columns)| (name, columns.into_vec())).collect(),
        parameters: asked.parameters,
        filter: asked.filter,
        group_by: asked.group_by,
        drift: asked.drift.map(DriftRequest::from),
    };
    Ok(Order { request, asked: json, record, wait })
}

fn window(spec: &wire::WindowSpec) -> Result<WindowSpec, Problem> {
    match (spec.start, spec.end, spec.last) {
        (Some(start), Some(end), None) => range(start, end, "window").map(WindowSpec::Range),
        (None, None, Some(last)) => Ok(WindowSpec::Last(last.0)),
        (None, None, None) => Err(incomplete("window", "write {\"start\": …, \"end\": …} or {\"last\": \"7d\"}")),
        (_, _, Some(_)) => {
            Err(incomplete("window", "`last` goes without `start` and `end`: choose one of the two forms"))
        }
        (None, Some(_), None) => Err(missing("window.start")),
        (Some(_), None, None) => Err(missing("window.end")),
    }
}

fn reference(spec: ReferenceSpec) -> Result<Reference, Problem> {
    match (spec.start, spec.end, spec.dataset) {
        (Some(start), Some(end), None) => range(start, end, "reference").map(Reference::Window),
        (None, None, Some(dataset)) => Ok(Reference::Dataset(dataset.0)),
        (None, None, None) => Err(incomplete(
            "reference",
            "write {\"start\": …, \"end\": …} or {\"dataset\": \"training\"}, or leave it out",
        )),
        (_, _, Some(_)) => {
            Err(incomplete("reference", "`dataset` goes without `start` and `end`: choose one of the two forms"))
        }
        (None, Some(_), None) => Err(missing("reference.start")),
        (Some(_), None, None) => Err(missing("reference.end")),
    }
}

fn range(start: Instant, end: Instant, field: &str) -> Result<Window, Problem> {
    Window::new(start.0, end.0)
        .map_err(|error| Problem::invalid("invalid_window", format!("`{field}`: {error}")).at(field))
}

fn incomplete(field: &str, detail: &str) -> Problem {
    Problem::invalid("invalid_field", format!("`{field}`: {detail}")).at(field)
}

fn missing(field: &str) -> Problem {
    Problem::invalid("missing_field", format!("`{field}` is missing: a range has a start and an end")).at(field)
}
