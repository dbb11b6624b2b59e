//! Where a test makes storage fail: at named steps, in named ways.

use std::io;

use crate::Error;

/// Asked at each [`Step`] whether to fail there; the default never does.
pub trait Faults: Send + Sync {
    /// How to fail at this step, now that it is reached.
    fn at(&self, step: Step) -> Option<Fault>;
}

/// Nothing fails but what fails by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _step: Step) -> Option<Fault> {
        None
    }
}

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk gives an I/O error.
    Error,
    /// The disk is full.
    Full,
    /// The disk takes no writes.
    ReadOnly,
    /// Half of the file gets its place, then the disk gives an I/O error. Where no file is written: as [`Self::Error`].
    ShortWrite,
    /// The process dies, without tidying up.
    Abort,
}

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident,)*) => {
        /// A place at which storage can fail. Each says what is done already and what is not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Step {
            $($(#[$doc])* $step,)*
        }

        impl Step {
            /// Every step.
            pub const ALL: &[Self] = &[$(Self::$step,)*];
        }
    };
}

steps! {
    /// A transaction, of appends or of anything else, is about to begin.
    TransactionBegin,
    /// The jobs of a transaction ran; the rows they append are not in the log yet.
    TransactionLog,
    /// Everything is written, nothing committed.
    TransactionCommit,
    /// The commit is durable, nobody was told.
    TransactionAnswer,
    /// A file is about to be written; the one step with short writes of its own.
    FileWrite,
    /// The file has its name, nothing is synced.
    FileSync,
    /// The file is synced, its name is not.
    FileSyncFolder,
    /// Rows of the log are about to be read for sealing.
    SealRead,
    /// The new segments are durable, no record lists them.
    SealList,
    /// They are listed, the log rows are still there; same transaction.
    SealRemove,
    /// The transaction is durable, caches are not told.
    SealDone,
    /// Delayed metrics are about to be read for folding.
    FoldRead,
    /// A segment of predictions is about to be written anew with its delayed metrics.
    FoldRewrite,
    /// Segments are about to be chosen for merging.
    CompactRead,
    /// The rows of several segments are merged, their new file is not complete.
    CompactWrite,
    /// The new segments of a folding or merging are durable, the old ones are listed.
    ReplaceUnlist,
    /// The old segments are listed no more, the new ones not yet; same transaction.
    ReplaceList,
    /// The transaction is durable, the old files are there.
    ReplaceDone,
    /// A run of an upload is full, its segments are not written.
    UploadFlush,
    /// The segments of an upload are durable, no record lists them, and its key is not kept.
    UploadList,
    /// They are listed and the key is kept, nothing is committed; same transaction.
    UploadListed,
    /// The transaction is durable, nobody was told.
    UploadDone,
    /// Rows past their time are known, nothing is computed of them.
    RetainRead,
    /// The states of the rows are durable, no record lists them.
    RetainList,
    /// The states are listed, the rows are still there; same transaction.
    RetainUnlist,
    /// Whole segments are listed no more, the horizon has not moved; same transaction.
    RetainHorizon,
    /// The transaction is durable, the old files are there.
    RetainDone,
    /// A segment most of whose rows are in roll-ups is about to be written anew.
    Shrink,
    /// Coarser states are durable, no record lists them.
    CoarsenUnlist,
    /// The finer states are listed no more, the coarser ones not yet; same transaction.
    CoarsenList,
    /// The transaction is durable, the old files are there.
    CoarsenDone,
    /// States past their time are listed no more, their time still counts as covered; same transaction.
    Expire,
    /// They are gone from the list, their files are there.
    ExpireDone,
    /// Due runs are made, their watch has not moved on; same transaction.
    MonitorSchedule,
    /// Runs are claimed, nothing is committed.
    RunClaim,
    /// The evaluations of a run are kept, its results not yet; same transaction.
    RunEvaluated,
    /// Its results are kept, alerts are as they were; same transaction.
    RunResults,
    /// Alerts and deliveries are made, the run is not over; same transaction.
    RunAlerts,
    /// The transaction is durable, nobody was told.
    RunFinished,
    /// Deliveries are claimed, nothing is committed.
    DeliveryClaim,
    /// A delivery was sent or not, nothing is written of that.
    DeliverySettle,
    /// A deletion is about to be recorded.
    Delete,
    /// It is recorded, what it is about is still to be seen; same transaction.
    DeleteHide,
    /// The transaction is durable, nobody was told.
    DeleteDone,
    /// A segment is about to be written anew without a deleted prediction.
    EraseRewrite,
    /// The new segment is durable, the old one is listed.
    EraseUnlist,
    /// The old segment is listed no more, the new one not yet; same transaction.
    EraseList,
    /// The transaction is durable, the old file is there.
    EraseDone,
    /// No segment holds a deleted prediction, records may.
    EraseRecords,
    /// Some rows, files or records of a deleted model are about to go.
    EraseModel,
    /// The transaction is durable, the model's files are there.
    EraseModelDone,
    /// No record lists what was deleted, old files and pages may hold it.
    EraseWipe,
    /// No byte is left, the deletion is not marked as done.
    EraseGone,
    /// A file that nobody needs is about to be deleted.
    FileDelete,
    /// The files of a backup are kept from being deleted, nothing is copied.
    BackupCatalog,
    /// A file of a backup, or the catalog of a restored directory, is about to be written.
    BackupFile,
    /// Every file of a backup is synced, there is no manifest.
    BackupManifest,
    /// Every file of a backup is restored; the directory can't be opened yet.
    RestoreDone,
}

impl Step {
    /// Whether a file is being written, so that a write can be short.
    pub fn writes_a_file(self) -> bool {
        matches!(self, Self::FileWrite | Self::BackupFile)
    }
}

impl dyn Faults + '_ {
    /// Passes the step, or fails there as asked.
    pub(crate) fn pass(&self, step: Step) -> Result<(), Error> {
        match self.at(step) {
            None => Ok(()),
            Some(Fault::Abort) => std::process::abort(),
            Some(fault) => Err(error(step, fault)),
        }
    }

    /// Passes the step of writing a file; `Some` when only half of it is to be written, with the error to give then.
    pub(crate) fn pass_write(&self, step: Step) -> Result<Option<Error>, Error> {
        match self.at(step) {
            None => Ok(None),
            Some(Fault::Abort) => std::process::abort(),
            Some(Fault::ShortWrite) => Ok(Some(error(step, Fault::ShortWrite))),
            Some(fault) => Err(error(step, fault)),
        }
    }
}

fn error(step: Step, fault: Fault) -> Error {
    let error = match fault {
        Fault::Full => io::ErrorKind::StorageFull.into(),
        Fault::ReadOnly => io::Error::from_raw_os_error(EROFS),
        Fault::Error | Fault::ShortWrite | Fault::Abort => io::Error::from_raw_os_error(EIO),
    };
    Error::failed(format!("being at the step {step:?}"), error)
}

/// "Input/output error".
const EIO: i32 = 5;
/// "Read-only file system".
const EROFS: i32 = 30;
