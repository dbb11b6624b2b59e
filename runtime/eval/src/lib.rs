//! How a metric is computed over a window.
//!
//! `window + bindings + filter + slices -> rows -> accumulators -> states -> merged -> report`
//!
//! A [`Request`] is checked into a [`Plan`] (`plan`, `binding`, `expression`,
//! `parameters`). Running it cuts each side's rows into units (`source`), scans
//! them (`scan`), splits their rows into periods and slices (`frame`,
//! `groups`), feeds one fresh plugin instance a unit (`accumulate`, `unit`),
//! merges the saved states in the order of the units and asks for reports
//! (`merge`); plugins whose states do not merge get whole windows (`unsplit`).
//!
//! Rows are also given as they are (`read`), and to SQL (`sql`), on threads of
//! their own (`threads`).

mod accumulate;
mod binding;
mod error;
mod evaluator;
mod expression;
mod frame;
mod groups;
mod merge;
mod outcome;
mod parameters;
mod plan;
mod progress;
mod read;
mod request;
mod run;
mod scan;
mod source;
mod sql;
mod text;
mod threads;
mod unit;
mod unsplit;

pub use error::Error;
pub use evaluator::{Evaluator, Options};
pub use outcome::{Lineage, Outcome, PluginId, Rows, SliceValue, Timing, WindowResult};
pub use plan::Plan;
pub use progress::Progress;
pub use read::RowStream;
pub use request::{Position, ReadRequest, Reference, Request, WindowSpec};
pub use sql::{Query, QueryRows};
