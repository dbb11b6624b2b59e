//! Evaluations: what is asked, and what is answered.

mod answer;
mod request;

pub use answer::{
    Chart, Evaluation, EvaluationStatus, EvaluationSummary, Failure, Lineage, Progress, RolledUp, RowCounts, Series,
    SliceCell, Timing, UsedPlugin, Value, WindowBounds, WindowResult,
};
pub use request::{EvaluationFilter, EvaluationRequest, InputColumns, ReferenceSpec, Wait, WaitQuery, WindowSpec};
