//! Monitors: what is put, and what is answered.

mod alerting;
mod answer;
mod backfill;
mod definition;
mod preview;
mod result;
mod run;
mod schedule;
mod status;
mod threshold;
mod window;

pub use alerting::{AlertRules, CannotRun, Grouping};
pub use answer::{Monitor, MonitorSummary};
pub use backfill::{Backfill, BackfillRequest};
pub use definition::{Jitter, MonitorDefinition};
pub use preview::{Preview, PreviewRequest, PreviewedAlert, PreviewedModel};
pub use result::{MonitorResult, ResultQuery, Verdict};
pub use run::{MonitorRun, MonitorRuns, RunFilter, RunNow, RunReason, RunState};
pub use schedule::{CatchUp, On, Schedule};
pub use status::{LastRun, Lateness, MonitorsStatus, OpenAlerts, StatusCounts, StatusQuery, WatchStatus};
pub use threshold::{Change, ChangeDirection, ChangeFrom, Constant, PValue, Sigma, Threshold};
pub use window::{MonitorReference, MonitorWindow, PeriodUnit, Since};
