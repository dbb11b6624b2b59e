//! The power of a disk: on, failing at a chosen change, or off.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use fuser::Errno;

/// Whether requests are answered.
#[derive(Debug)]
pub struct Power {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// On for so many changes more.
    On(u64),
    /// Failing: whoever asks waits, as for a disk that has stopped.
    Failing,
    /// Off: whoever asks gets an error, so that the killed can end.
    Off,
}

impl Default for Power {
    fn default() -> Self {
        Self { state: Mutex::new(State::Off), changed: Condvar::new() }
    }
}

impl Power {
    /// On until told otherwise.
    pub fn on(&self) {
        self.turn(State::On(u64::MAX));
    }

    /// Off.
    pub fn off(&self) {
        self.turn(State::Off);
    }

    /// Fails at the `changes`th change from now.
    pub fn fail_after(&self, changes: u64) {
        self.turn(State::On(changes));
    }

    /// Calls `told` each time it has failed, for ever.
    pub fn watch(&self, told: impl Fn()) {
        loop {
            drop(self.wait_while(|state| state != State::Failing));
            told();
            drop(self.wait_while(|state| state == State::Failing));
        }
    }

    /// Lets a request through that changes nothing.
    pub fn read(&self) -> Result<(), Errno> {
        match *self.wait_while(|state| state == State::Failing) {
            State::On(_) => Ok(()),
            State::Failing | State::Off => Err(Errno::EIO),
        }
    }

    /// Lets a change or a sync through, or fails just before it.
    pub fn change(&self) -> Result<(), Errno> {
        let mut state = self.lock();
        match &mut *state {
            State::On(0) => {
                *state = State::Failing;
                self.changed.notify_all();
            }
            State::On(left) => *left -= 1,
            State::Failing | State::Off => {}
        }
        drop(state);
        self.read()
    }

    fn turn(&self, state: State) {
        *self.lock() = state;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, unwanted: impl Fn(State) -> bool) -> MutexGuard<'_, State> {
        let waited = self.changed.wait_while(self.lock(), |state| unwanted(*state));
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}
