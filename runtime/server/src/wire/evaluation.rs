//! Evaluations: what is asked, and what is answered.

mod answer;
mod drift;
mod report;
mod request;
mod result;

pub use answer::{Evaluation, EvaluationStatus, EvaluationSummary, Failure, Lineage, Progress, Timing, UsedPlugin};
pub use drift::{Correction, Drift, DriftSpec, DriftedShare};
pub use report::{Chart, Series, Value};
pub use request::{
    EvaluationFilter, EvaluationRequest, InputColumns, Inputs, ReferenceSpec, Wait, WaitQuery, WindowSpec,
};
pub use result::{LeftOut, RolledUp, RowCounts, SliceCell, WindowBounds, WindowResult};
