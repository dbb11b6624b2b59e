//! Monitors: what a run does, from the window it looks at to what is told of it.
//!
//! | step | file |
//! |---|---|
//! | what a monitor is, and whether that makes sense | `monitor`, `check`, `apply`, `difference` |
//! | which windows a run looks at, and what it compares them with | `context`, `history`, `deployment` |
//! | one evaluation for as many windows as it can | `look` |
//! | what values are held against | `baselines` |
//! | the verdict | `judged` |
//! | a run from its claim to its end | `run`, `refresh`, `backfill` |
//! | what results rest on, and which of them are stale | `ground`, `stale` |
//! | what it says of each slice, and of those that are gone | `findings`, `absence` |
//! | what becomes of alerts, and what is told | `alerts`, `notices` |
//! | what would have been told, without keeping anything | `preview` |
//! | how monitors stand | `status` |
//!
//! `rules` are plain functions of times and numbers.

mod absence;
mod agenda;
mod alerts;
mod apply;
mod backfill;
mod baselines;
mod check;
mod context;
mod deployment;
mod difference;
mod findings;
mod ground;
mod history;
mod judged;
mod look;
mod monitor;
mod notices;
mod preview;
mod refresh;
mod rules;
mod run;
#[cfg(test)]
mod sequences;
mod stale;
mod status;
mod trouble;
#[cfg(test)]
mod verdicts;

pub use agenda::agenda;
pub use alerts::{AlertState, Hand, acknowledge, alert_not_found, look, resolve};
pub use apply::{apply, put, remove_monitor};
pub use backfill::{BackfillRange, backfill};
pub use check::checked;
pub use judged::Judged;
pub use monitor::{Monitor, every, find, models, not_found, read};
pub use preview::preview;
pub use run::{Later, gave_up, run};
pub use stale::marks;
pub use status::{counts, last_run, open_alerts, statuses};
