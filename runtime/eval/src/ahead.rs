//! What the next questions of a window that moves on need, computed after an answer when nothing else is to be done.
//!
//! A window that is asked for again a step later will move on by as much. Which stretches of time its next places need
//! is known (`cell`): when its start comes to a day or a segment that it has not cut before, or its end passes one, these
//! are a day's rows or more at once. So after each answer a few of them are computed, those needed first; every one is what
//! the question itself would compute, under the same key, so that no result depends on it.

mod aside;
mod needed;
mod stride;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driftline_core::{Digest, Window};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::{aside::aside, stride::Strides};
use crate::{Evaluator, Plan, Progress, cell, frame::Shape, identity, side::Side};

/// How many plans may wait to be followed; those beyond are followed when they are asked for again.
const PLACES: u32 = 64;

/// Looks ahead of the windows that move on. Clones are the same.
#[derive(Clone)]
pub(crate) struct Ahead {
    strides: Arc<Mutex<Strides>>,
    places: Arc<Semaphore>,
    /// Of the one that computes.
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
        let (places, turn) = (Semaphore::new(PLACES as usize), Semaphore::new(1));
        Self { strides: Arc::default(), places: Arc::new(places), turn: Arc::new(turn) }
    }

    /// Computes ahead of a plan that has been answered, one after the other and with the lowest priority.
    pub fn follow(&self, plan: Plan, evaluator: &Evaluator) {
        let moving = self.moving(&plan);
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        if moving.is_empty() {
            return;
        }
        let (this, evaluator) = (self.clone(), evaluator.clone());
        tokio::spawn(async move {
            let turn = this.turn.acquire().await;
            let ahead = this.clone();
            aside(move || moving.iter().for_each(|side| ahead.compute(&plan, side, &evaluator))).await;
            drop((turn, place));
        });
    }

    /// Waits until nothing is computed ahead.
    pub async fn settled(&self) {
        // They are never closed.
        let _all = self.places.acquire_many(PLACES).await;
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

    /// Computes a few of those stretches that are needed first. Where states are not kept it is of no use to go on after the
    /// next answer. Blocks.
    fn compute(&self, plan: &Plan, moving: &Moving, evaluator: &Evaluator) {
        let (progress, cancel) = (Arc::new(Progress::default()), CancellationToken::new());
        let context = evaluator.context(plan.plugin.digest, progress, cancel);
        let scans = needed::scans(plan, moving, evaluator);
        let computed = scans.and_then(|scans| {
            scans.into_iter().try_fold(true, |all_kept, scan| Ok(all_kept & scan.run(&context)?.kept))
        });
        match computed {
            Ok(true) => return,
            Ok(false) => tracing::debug!("states that are needed next are not kept"),
            Err(error) => tracing::debug!(%error, "what is needed next can't be computed"),
        }
        self.strides().give_up(moving.question);
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
