//! What the next questions of a window that moves on need, computed after an answer while a thread has nothing to do.
//!
//! A window that is asked for again a step later will move on by as much. Which stretches of time its next places need
//! is known (`cell`): when its start comes to a day or a segment that it has not cut before, or its end passes one, these
//! are a day's rows or more at once. So after each answer a few of them are computed, those needed first; every one is what
//! the question itself would compute, under the same key, so that no result depends on it.

mod needed;
mod stride;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driftline_core::{Digest, Window};
use tokio::sync::Semaphore;

use self::stride::Strides;
use crate::{
    Error, Evaluator, Plan, Progress, cell,
    evaluator::blocking,
    frame::Shape,
    identity,
    scanning::{Scanned, Scanning},
    side::Side,
};

/// Looks ahead of the windows that move on. Clones are the same.
#[derive(Clone)]
pub(crate) struct Ahead {
    strides: Arc<Mutex<Strides>>,
    /// Held by the one that computes.
    turn: Arc<Semaphore>,
}

/// A side whose window has moved on since it was last asked for.
struct Moving {
    question: Digest,
    side: usize,
    window: Window,
    /// By how many microseconds.
    step: i64,
}

impl Ahead {
    pub fn new() -> Self {
        Self { strides: Arc::default(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// Computes ahead of a plan that has been answered, unless that is done for another.
    pub fn follow(&self, plan: Plan, evaluator: &Evaluator) {
        let moving = self.moving(&plan);
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else { return };
        if moving.is_empty() {
            return;
        }
        let (this, evaluator, plan) = (self.clone(), evaluator.clone(), Arc::new(plan));
        tokio::spawn(async move {
            for side in moving {
                let question = side.question;
                if !this.compute(&plan, side, &evaluator).await {
                    this.strides().give_up(question);
                }
            }
            drop(turn);
        });
    }

    /// Waits until nothing is computed ahead.
    pub async fn settled(&self) {
        // It is never closed.
        let _turn = self.turn.acquire().await;
    }

    /// The sides that have moved on.
    fn moving(&self, plan: &Plan) -> Vec<Moving> {
        let moving = |side| {
            let shape = shape(plan, side)?;
            let [window] = shape.periods.listed() else { return None };
            let columns = [shape.bindings.first()?, shape.bindings.last()?];
            let columns = columns.map(|binding| identity::definition(plan, shape, binding));
            let question = identity::question(&columns, side, *window);
            let step = self.strides().step(question, *window)?;
            Some(Moving { question, side, window: *window, step })
        };
        (0..2).filter_map(moving).collect()
    }

    /// Computes a few of those stretches that are needed first; tells whether it is worth while to go on after the next
    /// answer, which it is not where states are not kept.
    async fn compute(&self, plan: &Arc<Plan>, moving: Moving, evaluator: &Evaluator) -> bool {
        let (this, of) = (evaluator.clone(), Arc::clone(plan));
        let scans = match blocking(move || needed::scans(&of, &moving, &this)).await {
            Ok(scans) if scans.is_empty() => return true,
            Ok(scans) => scans,
            Err(error) => {
                tracing::debug!(%error, "what is needed next can't be looked for");
                return false;
            }
        };
        let (this, plugin) = (evaluator.clone(), plan.plugin.digest);
        let computed = evaluator.workers.run_idle(move |cancel| {
            let context = this.context(plugin, Arc::new(Progress::default()), cancel);
            scans.into_iter().map(|scan: Scanning| scan.run(&context)).collect::<Result<Vec<Scanned>, Error>>()
        });
        match computed.await {
            Some(Ok(scanned)) => scanned.iter().all(|scanned| scanned.kept),
            // Others need the threads now.
            None | Some(Err(Error::Cancelled)) => true,
            Some(Err(error)) => {
                tracing::debug!(%error, "what is needed next can't be computed");
                false
            }
        }
    }

    fn strides(&self) -> MutexGuard<'_, Strides> {
        // Whole between any two statements, so a panic elsewhere does not spoil it.
        self.strides.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether there may be anything to compute ahead of windows like these.
pub(crate) fn is_of_use(plan: &Plan, sides: &(Side, Option<Side>)) -> bool {
    let mut parts = std::iter::once(&sides.0).chain(&sides.1).flat_map(|side| &side.parts);
    plan.factory.description().merges && parts.any(|part| part.unit.extent().is_some_and(cell::is_taken_apart))
}

/// The columns of a side: 0 for the window, 1 for the reference.
fn shape(plan: &Plan, side: usize) -> Option<&Shape> {
    match side {
        0 => Some(&plan.shape),
        _ => plan.reference.as_ref().map(|reference| &reference.shape),
    }
}
