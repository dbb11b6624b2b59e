//! How a metric is computed over a window.
//!
//! `window + bindings + filter + slices -> rows -> accumulators -> states -> merged -> report`
//!
//! A [`Request`] is checked into a [`Plan`] (`plan`, `star`, `binding`, `expression`,
//! `parameters`). Running it (`run`, `side`; once for all who ask the same, `flight`) cuts each
//! side's rows into units (`source`), those of segments that a period cuts into cells (`cell`).
//! What is kept of them is found by keys (`identity`, `keys`, `gathered`, `packed`); what is missing is
//! scanned once for all columns, or for as many as memory allows (`pass`, `scanning`, `scan`, `passes`),
//! split into periods and slices (`frame`, `groups`), and fed to one fresh plugin
//! instance a unit and column (`accumulate`, `unit`). The saved states are merged in the order
//! of the units and reports asked for (`merge`); plugins whose states do not merge get whole
//! windows (`unsplit`). Of the results of many columns it tells how many have drifted
//! (`drift`, `correction`). What the next questions of a window that moves on will lack is computed
//! after the answer (`ahead`).
//!
//! When rows go for good, the states of what was computed of them are kept
//! (`definition`, `retain`, `fold`, `standard_summary`); they stand in for the
//! rows later (`rolled_up`, `slice`), and the results say so (`marks`).
//!
//! Rows are also given as they are (`read`), and to SQL (`sql`), on threads of
//! their own (`threads`).

mod accumulate;
mod ahead;
mod binding;
mod cell;
mod correction;
mod definition;
mod drift;
mod error;
mod evaluator;
mod expression;
mod flight;
mod fold;
mod frame;
mod gathered;
mod groups;
mod identity;
mod keys;
mod marks;
mod merge;
mod outcome;
mod packed;
mod parameters;
mod pass;
mod passes;
mod plan;
mod progress;
mod read;
mod request;
mod retain;
mod rolled_up;
mod run;
mod same_rows;
mod scan;
mod scanning;
mod side;
mod slice;
mod source;
mod sql;
mod standard_summary;
mod star;
mod text;
mod threads;
mod unit;
mod unsplit;
mod workers;

pub use correction::Correction;
pub use drift::{ColumnDrift, Criterion, Drift, DriftRequest, DriftedShare};
pub use error::Error;
pub use evaluator::{Evaluator, Options};
pub use outcome::{LeftOut, Lineage, Outcome, PluginId, RolledUp, Rows, SliceValue, Timing, Units, WindowResult};
pub use plan::Plan;
pub use progress::Progress;
pub use read::RowStream;
pub use request::{Position, ReadRequest, Reference, Request, WindowSpec};
pub use sql::{Query, QueryRows};
