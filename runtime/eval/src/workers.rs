//! The threads that compute, shared by all evaluations.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{Error, unit::RunContext};

/// The worker threads that evaluations share.
#[derive(Clone)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub fn new(threads: usize) -> Self {
        Self(Arc::new(Semaphore::new(threads.max(1))))
    }

    /// Runs one job on a worker thread, when it is its turn.
    pub async fn run_one<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Error::Cancelled)?;
        let work = tokio::task::spawn_blocking(move || {
            let answer = job();
            drop(permit);
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
        let mut set = JoinSet::new();
        for (at, job) in jobs.into_iter().enumerate() {
            let (workers, cancel) = (Arc::clone(&self.0), context.cancel.clone());
            set.spawn(async move {
                let permit = tokio::select! {
                    permit = workers.acquire_owned() => permit.map_err(|_| Error::Cancelled)?,
                    () = cancel.cancelled() => return Err(Error::Cancelled),
                };
                let work = tokio::task::spawn_blocking(move || {
                    let answer = job();
                    drop(permit);
                    answer
                });
                let answer = work.await.map_err(|error| Error::Worker(error.to_string()))??;
                Ok((at, answer))
            });
        }
        while let Some(done) = set.join_next().await {
            let (at, answer) = done.map_err(|error| Error::Worker(error.to_string()))??;
            answers[at] = Some(answer);
        }
        Ok(answers.into_iter().flatten().collect())
    }
}
