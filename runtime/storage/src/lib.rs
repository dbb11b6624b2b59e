//! How facts are kept: what models predicted, what turned out to be true, and what was made of it.
//!
//! Everything lives in one data directory: `catalog.db` (SQLite) with the append
//! log and all records, and beside it immutable files that it lists
//! (`segments/`, `datasets/`, `plugins/`). What is acknowledged is durable.
//!
//! | what | here |
//! |---|---|
//! | open, close | [`Storage::open`], [`Options`], [`Clock`], [`Storage::close`] |
//! | models | [`Storage::put_model`], [`Storage::models`], [`Storage::model`], [`Storage::model_summary`] |
//! | late truth | [`Storage::label_summary`], [`Storage::unmatched`] |
//! | rows in | [`Storage::append`]: [`Append`], [`Kind`], [`Retry`] → [`Appended`] |
//! | rows out | [`Storage::snapshot`] → [`Snapshot`]: [`Segment`]s, unsealed rows, [`DelayedCells`] |
//! | the life of a segment | [`Storage::seal`], [`Storage::seal_all`], [`Storage::maintain`]; threads do it by themselves |
//! | readers' hold on files | [`Snapshot::pin`] → [`Pin`] |
//! | files | [`Storage::object_store`], [`Storage::verify_segment`] |
//! | datasets | [`Storage::put_dataset`], [`Storage::dataset`], [`Storage::datasets`], [`Storage::all_datasets`] |
//! | plugins | [`Storage::install_plugin`], [`Storage::plugin`], [`Storage::plugins`], [`Storage::plugin_wasm`], [`Storage::retire_plugin`] |
//! | evaluations | [`Storage::put_evaluation`], [`Storage::evaluation`], [`Storage::evaluations`], [`Storage::scan_evaluations`] |
//! | aggregates | [`Storage::append_aggregates`], [`Storage::aggregates`], [`Storage::scan_aggregates`] |
//! | failures | [`Error`] |
//!
//! Functions block unless they are futures; call them from threads that may.

mod aggregate;
mod append;
mod background;
mod backup_lock;
mod body;
mod catalog;
mod census;
mod claim;
mod clock;
mod columns;
mod compact;
mod dataset;
mod delayed;
mod delayed_cache;
mod delayed_file;
mod draft;
mod error;
mod evaluation;
mod files;
mod fold;
mod id_range;
mod label_summary;
mod labels;
mod latest;
mod log;
mod log_cache;
mod merge;
mod merger;
mod model;
mod month;
mod options;
mod parquet_file;
mod pins;
mod plugin;
mod reap;
mod replace;
mod retry;
mod rows;
mod seal;
mod sealer;
mod segment;
mod snapshot;
mod storage;
mod summary;
mod writer;

pub use aggregate::{Aggregate, AggregateFilter, Source};
pub use append::{Append, Appended};
pub use clock::{Clock, SystemClock};
pub use dataset::Dataset;
pub use delayed::DelayedCells;
pub use error::Error;
pub use evaluation::{EvaluationFilter, EvaluationRecord};
pub use label_summary::{LabelCounts, LabelPeriod, LabelSummary, Unmatched};
pub use model::{Model, ModelDetails, ModelId};
pub use options::Options;
pub use pins::Pin;
pub use plugin::{Installed, PluginRecord, PluginRef};
pub use retry::Retry;
pub use rows::Kind;
pub use segment::Segment;
pub use snapshot::Snapshot;
pub use storage::Storage;
pub use summary::ModelSummary;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`; what it guards is valid between any two statements, so a
/// panic elsewhere does not spoil it.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
