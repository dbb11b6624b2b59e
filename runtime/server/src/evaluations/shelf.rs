//! The evaluations in memory: those under way, and the last ones that ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use driftline_core::Name;
use uuid::Uuid;

use super::job::Job;

/// How many ended evaluations can still be asked for without being recorded.
const REMEMBERED: usize = 256;

/// Evaluations by id.
#[derive(Default)]
pub struct Shelf(Mutex<Held>);

#[derive(Default)]
struct Held {
    jobs: HashMap<Uuid, Arc<Job>>,
    ended: VecDeque<Uuid>,
}

impl Shelf {
    /// Takes in one that starts.
    pub fn add(&self, job: Arc<Job>) {
        self.held().jobs.insert(job.id, job);
    }

    /// One has ended: recorded ones are on disk and go, of the others the last ones stay for a while.
    pub fn ended(&self, job: &Job) {
        let mut held = self.held();
        if job.record && matches!(job.result(), Some(Ok(_))) {
            held.jobs.remove(&job.id);
            return;
        }
        held.ended.push_back(job.id);
        if held.ended.len() > REMEMBERED
            && let Some(oldest) = held.ended.pop_front()
        {
            held.jobs.remove(&oldest);
        }
    }

    /// Those of a model, which are no longer found.
    pub fn take_of(&self, model: &Name) -> Vec<Arc<Job>> {
        self.held().jobs.extract_if(|_, job| job.model() == model).map(|(_, job)| job).collect()
    }

    /// The one with this id.
    pub fn find(&self, id: Uuid) -> Option<Arc<Job>> {
        self.held().jobs.get(&id).cloned()
    }

    /// Those that have not ended, newest first.
    pub fn under_way(&self) -> Vec<Arc<Job>> {
        let mut jobs: Vec<_> = self.held().jobs.values().filter(|job| job.result().is_none()).cloned().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.id));
        jobs
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // The maps are whole between any two statements, so a panic elsewhere does not spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
