//! The JSON of the interface, in snake_case; the only place where serde meets the vocabulary.

mod aggregate;
mod alert;
mod apply;
mod channel;
mod comparison;
mod cursor;
mod dataset;
mod deletion;
mod delivery;
mod evaluation;
mod labels;
mod list;
mod model;
mod monitor;
mod plugin;
mod rows;
mod scalar;
mod silence;
mod sql;

pub use aggregate::{Aggregate, AggregateQuery, AggregateRow, AggregatesAccepted};
pub use alert::{Alert, AlertEventShown, AlertFilter, AlertHand, AlertKind, AlertLevel, AlertStatus};
pub use apply::{Applied, AppliedItem, ApplyRequest, FieldChange, ItemKind};
pub use channel::{Channel, ChannelTest, Outcome, config as channel_config};
pub use comparison::{
    ChartDifference, Compared, Comparison, ComparisonQuery, ComparisonRequest, ComparisonStatus, Difference,
    DifferenceKind,
};
pub use cursor::Cursor;
pub use dataset::{Dataset, DatasetStored};
pub use deletion::{Deletion, DeletionStatus, DeletionSubject, RolledUpContribution};
pub use delivery::{Delivery, DeliveryFilter, DeliveryStatus};
pub use evaluation::{
    Chart, Correction, Drift, DriftSpec, DriftedShare, Evaluation, EvaluationFilter, EvaluationRequest,
    EvaluationStatus, EvaluationSummary, Failure, InputColumns, Inputs, LeftOut, Lineage, Progress, ReferenceSpec,
    RolledUp, RowCounts, Series, SliceCell, Timing, UsedPlugin, Value, Wait, WaitQuery, WindowBounds, WindowResult,
    WindowSpec,
};
pub use labels::{Coverage, LabelPeriod, Labels, Unmatched};
pub use list::{List, PageQuery};
pub use model::{Column, Model, ModelPut, ModelSummary, Retention};
pub use monitor::{
    AlertRules, Backfill, BackfillRequest, CannotRun, CatchUp, Change, ChangeDirection, ChangeFrom, Constant, Grouping,
    Jitter, LastRun, Lateness, Monitor, MonitorDefinition, MonitorReference, MonitorResult, MonitorRun, MonitorRuns,
    MonitorSummary, MonitorWindow, MonitorsStatus, On, OpenAlerts, PValue, PeriodUnit, Preview, PreviewRequest,
    PreviewedAlert, PreviewedModel, ResultQuery, RunFilter, RunNow, RunReason, RunState, Schedule, Sigma, Since,
    StatusCounts, StatusQuery, Threshold, Verdict, WatchStatus,
};
pub use plugin::{
    Alias, AliasMove, AliasPut, Circuit, CircuitState, Installed, LawFinding, LawVerdict, Laws, LawsChecked, Plugin,
    PluginGroup, PluginLimits, PluginUpload, PluginVersion, Signer, Standing, UploadStatus,
};
pub use rows::{Accepted, PredictionPage, PredictionQuery};
pub use scalar::{Id, Instant, ItemName, Length};
pub use silence::{Silence, SilencePut, SilenceQuery, SilenceRule};
pub use sql::{SqlAnswer, SqlColumn, SqlRequest};
