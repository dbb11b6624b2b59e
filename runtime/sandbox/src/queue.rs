//! One compilation at a time; others wait, but not for ever.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Error, Limits};

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    busy: bool,
    waiting: usize,
}

/// A turn; the next one begins when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Queue);

impl Queue {
    /// Waits for a turn, unless `most_waiting` others do.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait already, or the wait took too long.
    pub(crate) fn turn(&self, most_waiting: usize, limits: &Limits) -> Result<Turn<'_>, Error> {
        let busy = Error::Busy { retry_after_ms: limits.compile_ms };
        let end = Instant::now() + Duration::from_millis(limits.compile_wait_ms);
        let mut state = self.state();
        if state.busy && state.waiting >= most_waiting {
            return Err(busy);
        }
        state.waiting += 1;
        while state.busy {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting -= 1;
                return Err(busy);
            }
            (state, _) = self.freed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        state.busy = true;
        Ok(Turn(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().busy = false;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_has_a_turn_and_waiting_is_bounded() {
        let queue = Queue::default();
        let limits = Limits { compile_wait_ms: 1, ..Limits::default() };
        let first = queue.turn(1, &limits).expect("free");
        assert!(matches!(queue.turn(1, &limits), Err(Error::Busy { .. })), "waited too long");
        let patient = Limits { compile_wait_ms: 60_000, ..Limits::default() };
        assert!(matches!(queue.turn(0, &patient), Err(Error::Busy { .. })), "too many wait");
        drop(first);
        assert!(queue.turn(1, &limits).is_ok());
    }
}
