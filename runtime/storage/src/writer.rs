//! The one thread that writes the catalog: it takes everything that waits,
//! runs it in one transaction, and answers after one sync.

mod known;
mod staged;
mod unsealed;

pub(crate) use known::Known;
pub(crate) use staged::{Chunk, Staged};
pub(crate) use unsealed::Unsealed;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender, TryRecvError},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use rusqlite::{Connection, TransactionBehavior};

use crate::{
    Clock, Error, Faults, Observer, Options, Step,
    catalog::{self, Mark},
    held,
};

/// The most jobs in one transaction.
const MAX_JOBS: usize = 4_096;

/// What a job sees while it runs.
pub(crate) struct Group<'a> {
    /// The transaction all jobs of the group share; each runs under its own savepoint.
    pub connection: &'a Connection,
    /// The models' columns as of now.
    pub known: &'a mut Known,
    /// The ids of predictions in the log.
    pub unsealed: &'a mut Unsealed,
    /// Rows that go into the log just before the commit.
    pub staged: &'a mut Staged,
    /// The present.
    pub now: driftline_core::Time,
}

/// Something to do in a transaction, and someone to tell how it went.
trait Job: Send {
    /// Runs under a savepoint, which an error rolls back.
    fn run(&mut self, group: &mut Group<'_>) -> Result<(), Error>;
    /// Tells the outcome, which is `failed` if the transaction was not committed.
    fn answer(self: Box<Self>, failed: Option<&Error>);
}

struct Task<T, W, R> {
    work: Option<W>,
    result: Result<T, Error>,
    reply: R,
}

impl<T, W, R> Job for Task<T, W, R>
where
    T: Send,
    W: FnOnce(&mut Group<'_>) -> Result<T, Error> + Send,
    R: FnOnce(Result<T, Error>) + Send,
{
    fn run(&mut self, group: &mut Group<'_>) -> Result<(), Error> {
        if let Some(work) = self.work.take() {
            self.result = work(group);
        }
        self.result.as_ref().map(|_| ()).map_err(Error::clone)
    }

    fn answer(self: Box<Self>, failed: Option<&Error>) {
        let result = match failed {
            // It ran well, or not at all, because the whole transaction failed.
            Some(error) if self.result.is_ok() || self.work.is_some() => Err(error.clone()),
            _ => self.result,
        };
        (self.reply)(result);
    }
}

/// Hands jobs to the writer thread.
pub(crate) struct Writer {
    jobs: Mutex<Option<Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    appended_rows: Arc<AtomicU64>,
    trouble: Arc<Mutex<Option<Error>>>,
}

impl Writer {
    /// Starts the thread on `connection`.
    pub fn start(connection: Connection, mark: Mark, options: &Options) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::channel();
        let appended_rows = Arc::new(AtomicU64::new(0));
        let trouble = Arc::<Mutex<Option<Error>>>::default();
        let mut serving = Serving {
            connection,
            mark,
            known: Known::default(),
            unsealed: Unsealed::default(),
            clock: options.clock.clone(),
            observer: options.observer.clone(),
            faults: options.faults.clone(),
            appended_rows: appended_rows.clone(),
            trouble: trouble.clone(),
        };
        let thread = thread::Builder::new()
            .name("catalog-writer".into())
            .spawn(move || serving.serve(&waiting))
            .map_err(|error| Error::failed("starting the writer thread", error))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)), appended_rows, trouble })
    }

    /// Queues `work`; `reply` is called on the writer thread once its transaction is durable, or has failed.
    pub fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Group<'_>) -> Result<T, Error> + Send + 'static,
        reply: impl FnOnce(Result<T, Error>) + Send + 'static,
    ) -> Result<(), Error> {
        let task = Task { work: Some(work), result: Err(Error::Closed), reply };
        match held(&self.jobs).as_ref() {
            Some(jobs) => jobs.send(Box::new(task)).map_err(|_| Error::Closed),
            None => Err(Error::Closed),
        }
    }

    /// Runs `work` and waits for it to be durable.
    pub fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Group<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.submit(work, move |result| {
            let _gone = sender.send(result);
        })?;
        receiver.recv().unwrap_or(Err(Error::Closed))
    }

    /// How many rows were appended since the start.
    pub fn appended_rows(&self) -> u64 {
        self.appended_rows.load(Ordering::Relaxed)
    }

    /// Whether the disk takes writes. After one that failed because of the disk another is tried now, which changes only a count.
    pub fn check_disk(&self) -> Result<(), Error> {
        if held(&self.trouble).is_none() {
            return Ok(());
        }
        self.call(|group| catalog::advance(group.connection)).map(drop)
    }

    /// Finishes what waits and ends the thread.
    pub fn close(&self) {
        held(&self.jobs).take();
        if let Some(thread) = held(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// What the writer thread works with.
struct Serving {
    connection: Connection,
    mark: Mark,
    known: Known,
    unsealed: Unsealed,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    faults: Arc<dyn Faults>,
    appended_rows: Arc<AtomicU64>,
    trouble: Arc<Mutex<Option<Error>>>,
}

impl Serving {
    fn serve(&mut self, waiting: &Receiver<Box<dyn Job>>) {
        while let Ok(first) = waiting.recv() {
            let mut jobs = vec![first];
            while jobs.len() < MAX_JOBS {
                match waiting.try_recv() {
                    Ok(job) => jobs.push(job),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            let start = Instant::now();
            let result = self.run_group(&mut jobs);
            self.observer.committed(start.elapsed(), result.as_ref().err());
            *held(&self.trouble) = result.as_ref().err().filter(|error| error.is_disk()).cloned();
            match result {
                Ok(rows) => {
                    self.appended_rows.fetch_add(rows, Ordering::Relaxed);
                    jobs.into_iter().for_each(|job| job.answer(None));
                }
                Err(error) => {
                    tracing::error!(%error, jobs = jobs.len(), "a transaction of the catalog failed");
                    self.known.forget();
                    self.unsealed.forget();
                    jobs.into_iter().for_each(|job| job.answer(Some(&error)));
                }
            }
        }
    }

    /// Runs and commits all of `jobs`; gives the number of rows appended.
    fn run_group(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<u64, Error> {
        self.faults.pass(Step::TransactionBegin)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut staged = Staged::default();
        let (now, before) = (self.clock.now(), transaction.total_changes());
        for job in jobs {
            transaction.prepare_cached("SAVEPOINT job")?.execute([])?;
            let mark = staged.mark();
            let (known, unsealed) = (&mut self.known, &mut self.unsealed);
            let mut group = Group { connection: &transaction, known, unsealed, staged: &mut staged, now };
            if let Err(error) = job.run(&mut group) {
                // After an error of the disk SQLite may have rolled back everything.
                if error.is_disk() {
                    return Err(error);
                }
                transaction.prepare_cached("ROLLBACK TO job")?.execute([])?;
                // A refused append has added no ids; what fails after it may have.
                if staged.mark() > mark {
                    self.unsealed.forget();
                }
                staged.cut(mark);
                self.known.forget();
            }
            transaction.prepare_cached("RELEASE job")?.execute([])?;
        }
        self.faults.pass(Step::TransactionLog)?;
        let rows = staged.write(&transaction, now)?;
        // A transaction that changes nothing is neither synced nor counted.
        let is_change = transaction.total_changes() > before;
        let commits = is_change.then(|| catalog::advance(&transaction)).transpose()?;
        self.faults.pass(Step::TransactionCommit)?;
        transaction.commit()?;
        commits.inspect(|commits| self.mark.set(*commits));
        self.faults.pass(Step::TransactionAnswer)?;
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{FixedSizeBinaryArray, RecordBatch},
        datatypes::{DataType, Field, Schema},
    };

    use super::*;
    use crate::{Kind, NoFaults, SystemClock, Unobserved, catalog::Catalog, model};

    type Answer = Result<bool, Error>;

    fn job(answers: &Sender<Answer>, work: impl FnOnce(&mut Group<'_>) -> Answer + Send + 'static) -> Box<dyn Job> {
        let answers = answers.clone();
        let reply = move |answer| answers.send(answer).expect("the test listens");
        Box::new(Task { work: Some(work), result: Err(Error::Closed), reply })
    }

    fn create(name: &'static str) -> impl FnOnce(&mut Group<'_>) -> Answer + Send + 'static {
        move |group| model::create(group.connection, &name.parse().expect("a name"), group.now)
    }

    /// Queues `works` before the writer starts, so that they share a transaction; gives their answers.
    fn together(opened: (Connection, Mark), works: impl FnOnce(&Sender<Answer>) -> Vec<Box<dyn Job>>) -> Vec<Answer> {
        let (answers, answered) = mpsc::channel();
        let (jobs, waiting) = mpsc::channel();
        works(&answers).into_iter().for_each(|job| jobs.send(job).expect("the queue is open"));
        drop((jobs, answers));
        let (connection, mark) = opened;
        let mut serving = Serving {
            connection,
            mark,
            known: Known::default(),
            unsealed: Unsealed::default(),
            clock: Arc::new(SystemClock),
            observer: Arc::new(Unobserved),
            faults: Arc::new(NoFaults),
            appended_rows: Arc::default(),
            trouble: Arc::default(),
        };
        serving.serve(&waiting);
        answered.into_iter().collect()
    }

    #[test]
    fn a_refused_job_is_rolled_back_alone() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let (catalog, connection, mark) = Catalog::open(dir.path()).expect("opens");
        let answers = together((connection, mark), |answers| {
            vec![
                job(answers, create("a")),
                job(answers, |group| create("b")(group).and(Err(Error::Busy))),
                job(answers, create("c")),
            ]
        });
        assert!(matches!(answers[..], [Ok(true), Err(Error::Busy), Ok(true)]), "{answers:?}");
        let models = catalog.read(|view| model::list(view, None, 9)).expect("reads");
        assert_eq!(models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_failed_commit_is_told_to_all_and_keeps_nothing() {
        let dir = tempfile::TempDir::new().expect("a directory");
        let (catalog, connection, mark) = Catalog::open(dir.path()).expect("opens");
        let orphan = |group: &mut Group<'_>| {
            // A reference to no model, which only the commit notices.
            group
                .connection
                .execute_batch("PRAGMA defer_foreign_keys = ON; INSERT INTO columns (model, position, name, type) VALUES (99, 0, 'a', 'integer')")?;
            Ok(true)
        };
        let answers = together((connection, mark), |answers| vec![job(answers, create("a")), job(answers, orphan)]);
        assert!(matches!(answers[..], [Err(Error::Failed { .. }), Err(Error::Failed { .. })]), "{answers:?}");
        assert_eq!(catalog.read(|view| model::list(view, None, 9)).expect("reads"), []);
    }

    /// Rows of predictions, as far as their ids matter.
    fn batch(ids: std::ops::Range<u128>) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("id", DataType::FixedSizeBinary(16), false)]);
        let ids = FixedSizeBinaryArray::try_from_iter(ids.map(u128::to_be_bytes)).expect("ids");
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(ids)]).expect("a batch")
    }

    #[test]
    fn ids_that_came_before_in_the_same_transaction_are_there() {
        for count in [1_u128, 1000] {
            let dir = tempfile::TempDir::new().expect("a directory");
            let (_catalog, connection, mark) = Catalog::open(dir.path()).expect("opens");
            let name: driftline_core::Name = "m".parse().expect("a name");
            let look = {
                let name = name.clone();
                move |group: &mut Group<'_>| {
                    let model = model::id(group.connection, &name)?;
                    let there =
                        group.unsealed.those_of(group.connection, group.staged, model, &[(count - 1).to_be_bytes()])?;
                    Ok(there.len() == 1)
                }
            };
            let add = {
                let name = name.clone();
                move |group: &mut Group<'_>| {
                    let (model, rows) = (model::id(group.connection, &name)?, batch(0..count));
                    group.staged.add(model, Kind::Predictions, Chunk::cut(&rows)?);
                    Ok(true)
                }
            };
            let answers = together((connection, mark), |answers| {
                vec![job(answers, create("m")), job(answers, add), job(answers, look)]
            });
            assert!(matches!(answers[..], [Ok(true), Ok(true), Ok(true)]), "{count}: {answers:?}");
        }
    }
}
