//! How facts are kept: what models predicted, what turned out to be true, and what was made of it.
//!
//! Everything lives in one data directory: `catalog.db` (SQLite) with the append
//! log and all records, and beside it, or in an S3-compatible store, immutable files
//! that it lists (`segments/`, `rollups/`, `datasets/`, `plugins/`). What is acknowledged is durable.
//!
//! | what | here |
//! |---|---|
//! | open, close | [`Storage::open`], [`Options`], [`Clock`], [`Storage::close`] |
//! | models | [`Storage::put_model`], [`Storage::models`], [`Storage::model`], [`Storage::model_summary`] |
//! | late truth | [`Storage::label_summary`], [`Storage::unmatched`] |
//! | rows in | [`Storage::append`]: [`Append`], [`Kind`], [`Retry`] → [`Appended`] |
//! | many rows in | [`Storage::start_upload`] → [`Upload`] → [`Committed`], [`Storage::start_dataset`]; [`Storage::scratch`] |
//! | rows out | [`Storage::snapshot`] → [`Snapshot`]: [`Segment`]s, unsealed rows, [`DelayedCells`] |
//! | one row out | [`Storage::find`] |
//! | the life of a segment | [`Storage::seal`], [`Storage::seal_all`], [`Storage::maintain`]; threads do it by themselves |
//! | readers' hold on files | [`Snapshot::pin`], [`Storage::pin`] → [`Pin`] |
//! | files | [`Place`], [`Storage::object_store`], [`Storage::verify_segment`] |
//! | datasets | [`Storage::put_dataset`], [`Storage::dataset`], [`Storage::datasets`], [`Storage::all_datasets`] |
//! | plugins | [`Storage::install_plugin`], [`Storage::plugin`], [`Storage::plugins`], [`Storage::plugin_wasm`], [`Storage::retire_plugin`] |
//! | evaluations | [`Storage::put_evaluation`], [`Storage::evaluation`], [`Storage::evaluations`], [`Storage::scan_evaluations`] |
//! | aggregates | [`Storage::append_aggregates`], [`Storage::aggregates`], [`Storage::scan_aggregates`] |
//! | rows that go | [`Storage::retention_step`], [`Storage::roll_up`], [`Storage::shrink`]; their states: [`Definition`], [`KeptState`], [`Snapshot::kept`] |
//! | states that age | [`Storage::coarsening`], [`Storage::coarsen`], [`Storage::expire_roll_ups`] |
//! | what need not be computed again | [`Storage::states`] → [`States`]; its keys: [`Snapshot::identities`], [`Snapshot::unsealed_identity`] |
//! | what is to be forgotten | [`Storage::delete_prediction`], [`Storage::delete_model`], [`Storage::erase`], [`Storage::deletion`] |
//! | monitors | [`Storage::put_monitor`], [`Storage::monitors`], [`Storage::remove_monitor`]; [`Storage::watches`] |
//! | their runs | [`Storage::watches_due`], [`Storage::schedule`], [`Storage::claim_runs`], [`Storage::renew_runs`], [`Storage::finish_run`], [`Storage::runs`] |
//! | what they find | [`Storage::results`]; [`Storage::alerts`], [`Storage::change_alert`], [`Storage::put_silence`] |
//! | what is told | [`Storage::put_channel`]; [`Storage::claim_deliveries`], [`Storage::settle_delivery`], [`Storage::deliveries`] |
//! | for operators | [`Storage::readings`], [`Storage::health`]; [`Observer`] hears of work |
//! | a whole data directory | [`backup()`], [`restore`], [`verify()`] |
//! | failures | [`Error`]; [`Faults`] makes them for tests |
//!
//! Functions block unless they are futures; call them from threads that may.

mod aggregate;
mod alert;
mod alias;
mod append;
mod background;
mod backup;
mod backup_lock;
mod body;
mod catalog;
mod census;
mod changes;
mod channel;
mod claim;
mod clock;
mod coarsening;
mod columns;
mod compact;
mod covered;
mod dataset;
mod definition;
mod delayed;
mod delayed_cache;
mod delayed_file;
mod deletion;
mod delivery;
mod doubtful;
mod draft;
mod erase;
mod error;
mod evaluation;
mod faults;
mod files;
mod filters;
mod fitting;
mod fold;
mod forgotten;
mod grain;
mod hidden;
mod id_pass;
mod id_range;
mod kept;
mod label_summary;
mod labels;
mod latest;
mod listed;
mod log;
mod log_cache;
mod merge;
mod merger;
mod model;
mod monitor;
mod month;
mod observer;
mod options;
mod parquet_file;
mod pins;
mod place;
mod plugin;
mod readings;
mod reap;
mod received;
mod replace;
mod result;
mod retention;
mod retry;
mod rewrite;
mod rollup;
mod rows;
mod run;
mod scratch;
mod seal;
mod sealer;
mod segment;
mod shrink;
mod signature;
mod silence;
mod snapshot;
mod states;
mod storage;
mod summary;
mod sweep;
mod touched;
mod upload;
mod verify;
mod watch;
mod word;
mod writer;

pub use aggregate::{Aggregate, AggregateFilter, Source, TakeAggregates};
pub use alert::{
    AlertChange, AlertCount, AlertEvent, AlertFilter, AlertKind, AlertRecord, AlertStatus, Docket, Judge, NewAlert,
    NewEvent,
};
pub use alias::{Alias, AliasMove, MoveKind};
pub use append::{Append, Appended, Unique};
pub use backup::{Copied, backup, restore};
pub use changes::Changes;
pub use channel::ChannelRecord;
pub use clock::{Clock, SystemClock};
pub use coarsening::{Coarsened, Coarsening, Room};
pub use dataset::{Dataset, DatasetUpload};
pub use definition::{Definition, DefinitionKey};
pub use delayed::DelayedCells;
pub use deletion::{Deletion, Subject};
pub use delivery::{
    ClaimedDelivery, DeliveryFilter, DeliveryReading, DeliveryRecord, DeliveryStatus, NewDelivery, Settled,
};
pub use erase::Erasing;
pub use error::Error;
pub use evaluation::{EvaluationFilter, EvaluationRecord};
pub use faults::{Fault, Faults, NoFaults, Step};
pub use grain::Grain;
pub use hidden::Hidden;
pub use kept::{KeptFile, KeptState};
pub use label_summary::{LabelCounts, LabelPeriod, LabelSummary, Unmatched};
pub use model::{Model, ModelDetails, ModelId, Retention};
pub use monitor::{MonitorRecord, NewMonitor, Trigger, Written};
pub use observer::{Observer, Unobserved, Work};
pub use options::Options;
pub use pins::Pin;
pub use place::{Credentials, Place, S3};
pub use plugin::{Installed, PluginRecord, PluginRef};
pub use readings::{LogReading, Readings, SegmentReading};
pub use received::ReceivedRows;
pub use result::{NewResult, ResultFilter, ResultRecord};
pub use retention::RetentionStep;
pub use retry::Retry;
pub use rows::Kind;
pub use run::{Claimed, EvaluatedRun, Finished, NewRun, Reason, RunEnd, RunFilter, RunReading, RunRecord, RunStatus};
pub use segment::Segment;
pub use signature::PluginSignature;
pub use silence::SilenceRecord;
pub use snapshot::Snapshot;
pub use states::{Keep, StateReadings, States};
pub use storage::Storage;
pub use summary::ModelSummary;
pub use upload::{Committed, NewUpload, Started, Upload};
pub use verify::{Problem, Verification, verify};
pub use watch::{Awaiting, Scheduling, WatchCounts, WatchFilter, WatchRecord};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`; what it guards is valid between any two statements, so a
/// panic elsewhere does not spoil it.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
