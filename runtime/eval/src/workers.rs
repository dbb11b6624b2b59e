//! The threads that compute, shared by all evaluations: none queues for more of them than its share, and a plugin of
//! which nothing runs does not wait for what others compute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use driftline_core::Digest;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

use crate::{Error, unit::RunContext};

/// How long a plugin of which nothing runs waits for a thread before it gets a spare one.
const PATIENCE: Duration = Duration::from_millis(50);
/// How many plugins can have a spare thread at once. What takes long is not interrupted, so it has to be run beside.
const SPARE: usize = 4;

/// The worker threads that evaluations share.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Inner>);

struct Inner {
    threads: usize,
    /// First come, first served.
    regular: Arc<Semaphore>,
    spare: Arc<Semaphore>,
    /// How many threads each plugin has now.
    busy: Mutex<HashMap<Digest, usize>>,
    freed: Notify,
}

/// A thread that a plugin may use, until this is dropped.
struct Worker {
    inner: Arc<Inner>,
    plugin: Digest,
    permit: Option<OwnedSemaphorePermit>,
}

impl Workers {
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        Self(Arc::new(Inner {
            threads,
            regular: Arc::new(Semaphore::new(threads)),
            spare: Arc::new(Semaphore::new(SPARE)),
            busy: Mutex::default(),
            freed: Notify::new(),
        }))
    }

    /// Runs one job of a plugin on a worker thread, when it is its turn.
    pub async fn run_one<T: Send + 'static>(
        &self,
        plugin: Digest,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let worker = self.worker(plugin).await?;
        let work = spawn_blocking(move || {
            let answer = job();
            drop(worker);
            answer
        });
        work.await.map_err(|error| Error::Worker(error.to_string()))
    }

    /// Runs jobs on worker threads and gives their answers in the order of the jobs.
    pub async fn run_all<T: Send + 'static>(
        &self,
        jobs: Vec<impl FnOnce() -> Result<T, Error> + Send + 'static>,
        context: &RunContext,
    ) -> Result<Vec<T>, Error> {
        let mut answers: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
        let mut jobs = jobs.into_iter().enumerate();
        let mut set = JoinSet::new();
        // Twice the threads keep all of them busy; whoever comes next need not wait for all the rest.
        let mut start = |set: &mut JoinSet<_>, most: usize| {
            for (at, job) in jobs.by_ref().take(most) {
                let (workers, plugin, cancel) = (self.clone(), context.plugin, context.cancel.clone());
                set.spawn(async move {
                    tokio::select! {
                        answer = workers.run_one(plugin, job) => Ok((at, answer??)),
                        () = cancel.cancelled() => Err(Error::Cancelled),
                    }
                });
            }
        };
        start(&mut set, 2 * self.0.threads);
        while let Some(done) = set.join_next().await {
            let (at, answer) = done.map_err(|error| Error::Worker(error.to_string()))??;
            answers[at] = Some(answer);
            start(&mut set, 1);
        }
        Ok(answers.into_iter().flatten().collect())
    }

    async fn worker(&self, plugin: Digest) -> Result<Worker, Error> {
        let regular = Arc::clone(&self.0.regular).acquire_owned();
        tokio::pin!(regular);
        let permit = match timeout(PATIENCE, &mut regular).await {
            Ok(permit) => permit,
            Err(_) => tokio::select! {
                permit = &mut regular => permit,
                worker = self.spare(plugin) => return Ok(worker),
            },
        };
        let permit = permit.map_err(|_| Error::Cancelled)?;
        *self.0.busy().entry(plugin).or_default() += 1;
        Ok(Worker { inner: Arc::clone(&self.0), plugin, permit: Some(permit) })
    }

    /// A spare thread for a plugin that has none.
    async fn spare(&self, plugin: Digest) -> Worker {
        loop {
            let freed = self.0.freed.notified();
            if let Some(permit) = self.0.spare_for(plugin) {
                return Worker { inner: Arc::clone(&self.0), plugin, permit: Some(permit) };
            }
            freed.await;
        }
    }
}

impl Inner {
    fn spare_for(&self, plugin: Digest) -> Option<OwnedSemaphorePermit> {
        let mut busy = self.busy();
        if busy.contains_key(&plugin) {
            return None;
        }
        let permit = Arc::clone(&self.spare).try_acquire_owned().ok()?;
        busy.insert(plugin, 1);
        Some(permit)
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<Digest, usize>> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut busy = self.inner.busy();
        if let Some(threads) = busy.get_mut(&self.plugin) {
            *threads -= 1;
            if *threads == 0 {
                busy.remove(&self.plugin);
            }
        }
        drop(busy);
        self.inner.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, mpsc};

    use super::*;

    /// A door at which jobs wait.
    #[derive(Default)]
    struct Door(Mutex<bool>, Condvar);

    impl Door {
        fn pass(&self) {
            let open = self.0.lock().expect("no panic");
            drop(self.1.wait_while(open, |open| !*open).expect("no panic"));
        }

        fn open(&self) {
            *self.0.lock().expect("no panic") = true;
            self.1.notify_all();
        }
    }

    fn plugin(number: u8) -> Digest {
        Digest::from_bytes([number; 32])
    }

    /// Keeps every thread with jobs of plugin 0 that end when the door opens, and then some more of them waiting.
    async fn held(workers: &Workers, door: &Arc<Door>) -> JoinSet<()> {
        let (mut set, (began, begins)) = (JoinSet::new(), mpsc::channel());
        for _ in 0..10 {
            let (workers, door, began) = (workers.clone(), Arc::clone(door), began.clone());
            set.spawn(async move {
                let job = move || {
                    // Only the first are listened for.
                    let _ = began.send(());
                    door.pass();
                };
                workers.run_one(plugin(0), job).await.expect("done");
            });
        }
        let threads = workers.0.threads;
        let waiting = spawn_blocking(move || (0..threads).for_each(|_| begins.recv().expect("begun")));
        waiting.await.expect("no panic");
        set
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_has_no_thread_gets_a_spare_one_while_another_plugin_has_all() {
        let (workers, door) = (Workers::new(2), Arc::new(Door::default()));
        let mut set = held(&workers, &door).await;
        for round in 0..3 {
            let others = (1..=SPARE as u8).map(|number| workers.run_one(plugin(number), move || number + round));
            let answers: Vec<u8> = futures::future::try_join_all(others).await.expect("beside");
            assert_eq!(answers, (1..=SPARE as u8).map(|number| number + round).collect::<Vec<_>>());
        }
        door.open();
        while let Some(done) = set.join_next().await {
            done.expect("no panic");
        }
        assert!(workers.0.busy().is_empty());
        assert_eq!((workers.0.regular.available_permits(), workers.0.spare.available_permits()), (2, SPARE));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_plugin_has_one_spare_thread_at_most() {
        let (workers, door) = (Workers::new(1), Arc::new(Door::default()));
        let mut set = held(&workers, &door).await;
        let (first, second) = (workers.spare(plugin(1)).await, timeout(PATIENCE, workers.spare(plugin(1))).await);
        assert!(second.is_err(), "it has one already");
        let waiting = tokio::spawn({
            let workers = workers.clone();
            async move { drop(workers.spare(plugin(1)).await) }
        });
        drop(first);
        waiting.await.expect("its turn comes");
        door.open();
        while set.join_next().await.is_some() {}
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_that_panics_frees_its_thread() {
        let workers = Workers::new(1);
        let panicked = workers.run_one(plugin(1), || -> u8 { panic!("on purpose") }).await;
        assert!(matches!(panicked, Err(Error::Worker(_))));
        assert_eq!(workers.run_one(plugin(1), || 7).await.ok(), Some(7));
    }
}
