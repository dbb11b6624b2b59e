//! The open data directory.

use std::{
    collections::HashSet,
    fs::File,
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use driftline_core::Name;
use object_store::ObjectStore;

use crate::{
    Append, Appended, Error, Kind, Model, ModelDetails, Options, Segment, States, Work,
    append::{self, Intake},
    background::Background,
    backup::refuse_half_restored,
    backup_lock::NoBackup,
    catalog::Catalog,
    changes::TouchedQuarters,
    claim::Claim,
    compact,
    delayed_cache::DelayedCache,
    files::Files,
    filters::FilterCache,
    fold,
    forgotten::Forgotten,
    held, listed, log,
    log_cache::LogCache,
    merger::Merger,
    model::{self, ModelId},
    pins::Pins,
    reap::reap,
    scratch, seal,
    sealer::{self, Sealer},
    segment,
    touched::TouchedCells,
    writer::Writer,
};

/// An open data directory. Clones share it; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Storage {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub options: Options,
    pub catalog: Catalog,
    pub writer: Arc<Writer>,
    pub files: Arc<Files>,
    pub dir: PathBuf,
    pub pins: Arc<Pins>,
    pub log_cache: LogCache,
    pub delayed_cache: DelayedCache,
    pub forgotten: Arc<Forgotten>,
    pub filters: FilterCache,
    pub intake: Intake,
    pub states: States,
    pub touched: TouchedCells,
    pub touched_quarters: TouchedQuarters,
    sealing: Mutex<()>,
    merging: Mutex<()>,
    changed: Mutex<HashSet<ModelId>>,
    closing: AtomicBool,
    background: Mutex<Vec<Background>>,
    _claim: Claim,
}

impl Storage {
    /// Under this address [`Self::object_store`] is registered with a query engine; paths in it are relative.
    pub const OBJECT_STORE_URL: &str = "driftline://data/";

    /// Opens the data directory `dir`, creating it if need be: claims it,
    /// upgrades an older catalog, and removes files that a crash left unlisted.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has it open, [`Error::TooNew`] when
    /// a later release wrote it, [`Error::WrongStore`] when its files are at another
    /// [`Place`](crate::Place), [`Error::Corrupt`] when it is damaged.
    pub fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        refuse_half_restored(dir)?;
        let claim = Claim::take(dir)?;
        let (catalog, connection, mark) = Catalog::open(dir)?;
        let files = Arc::new(Files::open(dir, &options)?);
        files.claim(&connection, !catalog.read(listed::all)?.is_empty())?;
        scratch::prepare(dir)?;
        sweep(dir, &catalog, &files)?;
        let forgotten = Arc::new(Forgotten::default());
        catalog.read(|view| forgotten.load(view))?;
        let writer = Arc::new(Writer::start(connection, mark, &options)?);
        let inner = Arc::new(Inner {
            catalog,
            writer,
            files,
            dir: dir.to_owned(),
            pins: Arc::default(),
            log_cache: LogCache::new(options.log_cache_bytes),
            delayed_cache: DelayedCache::new(options.delayed_cache_bytes),
            forgotten,
            filters: FilterCache::new(options.filter_cache_bytes),
            intake: Intake::new(options.queue_bytes),
            touched: TouchedCells::default(),
            touched_quarters: TouchedQuarters::default(),
            states: States::open(dir, options.state_cache_bytes, options.clock.clone()),
            sealing: Mutex::new(()),
            merging: Mutex::new(()),
            changed: Mutex::default(),
            closing: AtomicBool::new(false),
            background: Mutex::default(),
            _claim: claim,
            options,
        });
        if inner.options.background {
            let (mut sealer, mut merger) = (Sealer::default(), Merger::default());
            let every = inner.options.merge_interval;
            let threads = [
                Background::start("sealer", &inner, sealer::TICK, move |inner, stopped| sealer.tick(inner, stopped))?,
                Background::start("merger", &inner, every, move |inner, stopped| merger.tick(inner, stopped))?,
            ];
            held(&inner.background).extend(threads);
        }
        Ok(Self { inner })
    }

    /// Finishes what waits and closes the catalog. Afterwards writes fail with
    /// [`Error::Closed`]; the directory is free once the last clone is dropped.
    pub fn close(&self) {
        self.inner.closing.store(true, Ordering::Relaxed);
        let background = std::mem::take(&mut *held(&self.inner.background));
        drop(background);
        self.inner.close();
    }

    /// The time by the clock given in [`Options`].
    pub fn now(&self) -> driftline_core::Time {
        self.inner.options.clock.now()
    }

    /// Whether the disk takes writes. After a write that failed because of the disk this tries another one.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::ReadOnly`], [`Error::Disk`]; reads go on, and writes are refused until this is over.
    pub fn health(&self) -> Result<(), Error> {
        self.inner.writer.check_disk()
    }

    /// Creates the model or replaces its details; tells whether it was created.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn put_model(&self, name: &Name, details: ModelDetails) -> Result<(Model, bool), Error> {
        let name = name.clone();
        self.inner.writer.call(move |group| model::put(group.connection, &name, &details, group.now))
    }

    /// Models in the order of their names, at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn models(&self, after: Option<&Name>, limit: usize) -> Result<Vec<Model>, Error> {
        self.inner.catalog.read(|view| model::list(view, after, limit))
    }

    /// The model called `name`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn model(&self, name: &Name) -> Result<Option<Model>, Error> {
        self.inner.catalog.read(|view| model::find(view, name))
    }

    /// Appends rows. They are checked and encoded before this returns, on the
    /// calling thread; the future waits until they are durable and visible.
    /// All of them are kept or none.
    ///
    /// # Errors
    /// [`Error::Schema`] and [`Error::Rows`] for rows that don't fit,
    /// [`Error::NotFound`] without the model, [`Error::KeyReused`], [`Error::Busy`], [`Error::Full`].
    pub fn append(&self, append: Append) -> impl Future<Output = Result<Appended, Error>> + Send + use<> {
        append::append(&self.inner, append)
    }

    /// Moves all of the model's log into segments.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; nothing is lost then.
    pub fn seal(&self, model: &Model) -> Result<(), Error> {
        [Kind::Predictions, Kind::Delayed].into_iter().try_for_each(|kind| self.inner.seal(model.id, kind))
    }

    /// Moves every model's log into segments.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn seal_all(&self) -> Result<(), Error> {
        let depths = self.inner.catalog.read(log::depths)?;
        depths.into_iter().try_for_each(|depth| self.inner.seal(depth.model, depth.kind))
    }

    /// Seals every model's log, folds all delayed metrics whose predictions are there,
    /// drops those that have expired, merges small segments, and deletes the files
    /// that nobody reads any more; until nothing is left to do.
    ///
    /// # Errors
    /// As [`Self::seal`]; what was done before stays done.
    pub fn maintain(&self) -> Result<(), Error> {
        let inner = &self.inner;
        self.seal_all()?;
        for model in inner.catalog.read(segment::models)? {
            // Merging widens ranges of ids, so that delayed metrics may have to be looked at again.
            loop {
                while inner.merge_once(Work::Fold, || fold::round(inner, model))? {}
                if !inner.merge_once(Work::Compact, || compact::round(inner, model))? {
                    break;
                }
            }
        }
        reap(inner).map(drop)
    }

    /// The store with the segments' and datasets' files, rooted where the files are kept.
    pub fn object_store(&self) -> Arc<dyn ObjectStore> {
        self.inner.files.store()
    }

    /// States and reports that need not be computed again.
    pub fn states(&self) -> &States {
        &self.inner.states
    }

    /// Checks a segment's file against its digest before its first use: once in the
    /// life of this process, and not if this process wrote it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the file is missing or other than it was written.
    pub fn verify_segment(&self, segment: &Segment) -> Result<(), Error> {
        self.inner.files.verify(&segment.path, &segment.digest)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A forgotten append may still hold the writer; its thread must not outlive the claim.
        self.close();
    }
}

impl Inner {
    /// Closes the catalog; the writer's connection last, because the last one tidies up.
    fn close(&self) {
        self.states.close();
        self.catalog.close();
        self.writer.close();
    }

    /// See [`Storage::scratch`].
    pub fn scratch(&self) -> Result<File, Error> {
        scratch::file(&self.dir)
    }

    /// Seals what the model's log holds now.
    pub fn seal(&self, model: ModelId, kind: Kind) -> Result<(), Error> {
        let _alone = held(&self.sealing);
        while self.seal_round(model, kind)? > 0 {}
        Ok(())
    }

    /// Runs a round of folding or merging; only one runs at a time.
    pub fn merge_once(&self, work: Work, round: impl FnOnce() -> Result<bool, Error>) -> Result<bool, Error> {
        let _alone = held(&self.merging);
        self.go_on()?;
        self.observed(work, round, |something| *something)
    }

    /// Keeps all who make files of rows or of other files away while it is held.
    pub fn alone(&self) -> (MutexGuard<'_, ()>, MutexGuard<'_, ()>) {
        (held(&self.merging), held(&self.sealing))
    }

    /// Notes that other segments of the model are listed than before.
    pub fn note_change(&self, model: ModelId) {
        held(&self.changed).insert(model);
    }

    /// The models whose segments have changed since the last call.
    pub fn take_changed(&self) -> HashSet<ModelId> {
        std::mem::take(&mut *held(&self.changed))
    }

    /// Whether long work should go on.
    ///
    /// # Errors
    /// [`Error::Closed`] when storage is being closed.
    pub fn go_on(&self) -> Result<(), Error> {
        if self.closing.load(Ordering::Relaxed) { Err(Error::Closed) } else { Ok(()) }
    }

    /// Seals one stretch of the model's log.
    pub fn seal_some(&self, model: ModelId, kind: Kind) -> Result<usize, Error> {
        let _alone = held(&self.sealing);
        self.seal_round(model, kind)
    }

    fn seal_round(&self, model: ModelId, kind: Kind) -> Result<usize, Error> {
        self.observed(Work::Seal, || seal::round(self, model, kind), |sealed| *sealed > 0)
    }

    /// Does some work and tells the observer of it, unless there turned out to be nothing to do.
    pub fn observed<T>(
        &self,
        work: Work,
        perform: impl FnOnce() -> Result<T, Error>,
        is_something: impl FnOnce(&T) -> bool,
    ) -> Result<T, Error> {
        let start = Instant::now();
        let result = perform();
        if result.as_ref().map_or(true, is_something) {
            self.options.observer.worked(work, start.elapsed(), result.is_err());
        }
        result
    }
}

/// Removes the files that a crash left unlisted; a backup that runs may still need them.
fn sweep(dir: &Path, catalog: &Catalog, files: &Files) -> Result<(), Error> {
    let Some(_alone) = NoBackup::try_take(dir)? else { return Ok(()) };
    let listed = catalog.read(listed::all)?.into_iter().map(|file| file.path).collect();
    let swept = files.sweep(&listed)?;
    if swept > 0 {
        tracing::info!(swept, "removed files that no record lists");
    }
    Ok(())
}
