//! Evaluations: what is asked, and what is answered.

mod answer;
mod drift;
mod request;

pub use answer::{
    Chart, Evaluation, EvaluationStatus, EvaluationSummary, Failure, LeftOut, Lineage, Progress, RolledUp, RowCounts,
    Series, SliceCell, Timing, UsedPlugin, Value, WindowBounds, WindowResult,
};
pub use drift::{Drift, DriftSpec, DriftedShare};
pub use request::{EvaluationFilter, EvaluationRequest, InputColumns, ReferenceSpec, Wait, WaitQuery, WindowSpec};
