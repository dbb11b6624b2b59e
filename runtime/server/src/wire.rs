//! The JSON of the interface, in snake_case; the only place where serde meets the vocabulary.

mod aggregate;
mod comparison;
mod cursor;
mod dataset;
mod deletion;
mod evaluation;
mod labels;
mod list;
mod model;
mod plugin;
mod rows;
mod scalar;
mod sql;

pub use aggregate::{Aggregate, AggregateQuery, AggregateRow, AggregatesAccepted};
pub use comparison::{
    ChartDifference, Compared, Comparison, ComparisonQuery, ComparisonRequest, ComparisonStatus, Difference,
    DifferenceKind,
};
pub use cursor::Cursor;
pub use dataset::{Dataset, DatasetStored};
pub use deletion::{Deletion, DeletionStatus, DeletionSubject, RolledUpContribution};
pub use evaluation::{
    Chart, Drift, DriftedShare, Evaluation, EvaluationFilter, EvaluationRequest, EvaluationStatus, EvaluationSummary,
    Failure, InputColumns, LeftOut, Lineage, Progress, ReferenceSpec, RolledUp, RowCounts, Series, SliceCell, Timing,
    UsedPlugin, Value, Wait, WaitQuery, WindowBounds, WindowResult, WindowSpec,
};
pub use labels::{Coverage, LabelPeriod, Labels, Unmatched};
pub use list::{List, PageQuery};
pub use model::{Column, Model, ModelPut, ModelSummary, Retention};
pub use plugin::{
    Alias, AliasMove, AliasPut, Circuit, CircuitState, Installed, LawFinding, LawVerdict, Laws, LawsChecked, Plugin,
    PluginFuel, PluginGroup, PluginLimits, PluginUpload, PluginVersion, Signer, Standing, UploadLimits, UploadQuery,
    UploadStatus,
};
pub use rows::{Accepted, PredictionPage, PredictionQuery};
pub use scalar::{Id, Instant, ItemName, Length};
pub use sql::{SqlAnswer, SqlColumn, SqlRequest};
