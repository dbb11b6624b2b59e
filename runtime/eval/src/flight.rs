//! The same work asked for twice at once is done once.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use driftline_core::Digest;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{Error, Outcome, Plan, Progress, identity, side::Side};

/// The runs under way, by a digest over everything that their outcome depends on. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<Digest, Weak<Flight>>>>);

/// A run that several may wait for. When nobody does any more, it is cancelled.
struct Flight {
    progress: Arc<Progress>,
    cancel: CancellationToken,
    landed: watch::Receiver<bool>,
    outcome: Arc<Mutex<Option<Result<Outcome, Error>>>>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// What a run depends on: what is computed, of which rows.
pub(crate) fn key(plan: &Plan, current: &Side, reference: Option<&Side>) -> Digest {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let periods = plan.shape.periods.listed();
    let windows = [Some(plan.window), periods.first().copied()];
    parts.push(format!("{windows:?} {} {:?} {:?}", periods.len(), plan.criterion, plan.left_out).into_bytes());
    for side in std::iter::once(current).chain(reference) {
        let definitions = side.shape.bindings.iter().map(|binding| identity::definition(plan, &side.shape, binding));
        let rows = side.parts.iter().map(|part| part.rows).chain(side.kept).chain([side.facts.data]);
        parts.push(definitions.flat_map(|digest| *digest.as_bytes()).collect());
        parts.push(rows.flat_map(|digest| *digest.as_bytes()).collect());
    }
    Digest::of_parts(parts.iter().map(Vec::as_slice))
}

impl Flights {
    /// Waits for the run with this key; `start` starts it unless it is under way. `None` when the run of another failed:
    /// its error is the other's.
    pub async fn join<F>(
        &self,
        key: Digest,
        progress: &Progress,
        cancel: &CancellationToken,
        start: impl FnOnce(Arc<Progress>, CancellationToken) -> F,
    ) -> Option<Result<Outcome, Error>>
    where
        F: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        let (flight, is_own) = self.flight(key, start);
        progress.follow(flight.progress.clone());
        let mut landed = flight.landed.clone();
        tokio::select! {
            ended = landed.wait_for(|landed| *landed) => {
                if ended.is_err() {
                    return Some(Err(Error::Worker("the evaluation ended".into())));
                }
            }
            () = cancel.cancelled() => return Some(Err(Error::Cancelled)),
        }
        let mut outcome = flight.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome.as_ref() {
            Some(Ok(outcome)) => Some(Ok(outcome.clone())),
            _ if is_own => outcome.take(),
            _ => None,
        }
    }

    fn flight<F>(&self, key: Digest, start: impl FnOnce(Arc<Progress>, CancellationToken) -> F) -> (Arc<Flight>, bool)
    where
        F: Future<Output = Result<Outcome, Error>> + Send + 'static,
    {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&key).and_then(Weak::upgrade) {
            return (flight, false);
        }
        let (sender, landed) = watch::channel(false);
        let (progress, cancel) = (Arc::new(Progress::default()), CancellationToken::new());
        let outcome = Arc::new(Mutex::new(None));
        let flight = Flight { progress: progress.clone(), cancel: cancel.clone(), landed, outcome: outcome.clone() };
        let (flight, this, run) = (Arc::new(flight), self.clone(), start(progress, cancel));
        let weak = Arc::downgrade(&flight);
        flights.insert(key, weak.clone());
        tokio::spawn(async move {
            let ended = run.await;
            // Who comes from now on starts anew, unless another has already.
            let mut flights = this.0.lock().unwrap_or_else(PoisonError::into_inner);
            if flights.get(&key).is_some_and(|known| known.ptr_eq(&weak)) {
                flights.remove(&key);
            }
            drop(flights);
            *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
            let _nobody_waits = sender.send(true);
        });
        (flight, true)
    }
}
