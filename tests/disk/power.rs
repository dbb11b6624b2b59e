//! The power of a disk: on, failing at a chosen change, or off.

use fuser::Errno;
use futures::executor::block_on;
use tokio::sync::watch;

/// Whether requests are answered.
#[derive(Debug)]
pub struct Power(watch::Sender<State>);

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
        Self(watch::Sender::new(State::Off))
    }
}

impl Power {
    /// On until told otherwise.
    pub fn on(&self) {
        self.0.send_replace(State::On(u64::MAX));
    }

    /// Off.
    pub fn off(&self) {
        self.0.send_replace(State::Off);
    }

    /// Fails at the `changes`th change from now.
    pub fn fail_after(&self, changes: u64) {
        self.0.send_replace(State::On(changes));
    }

    /// Returns once it fails.
    pub async fn failed(&self) {
        let failing = |state: &State| *state == State::Failing;
        self.0.subscribe().wait_for(failing).await.expect("the power is watched");
    }

    /// Lets a request through that changes nothing.
    pub fn read(&self) -> Result<(), Errno> {
        self.answer()
    }

    /// Lets a change or a sync through, or fails just before it.
    pub fn change(&self) -> Result<(), Errno> {
        self.0.send_if_modified(|state| match state {
            State::On(0) => {
                *state = State::Failing;
                true
            }
            State::On(left) => {
                *left -= 1;
                false
            }
            State::Failing | State::Off => false,
        });
        self.answer()
    }

    fn answer(&self) -> Result<(), Errno> {
        let mut state = self.0.subscribe();
        match block_on(state.wait_for(|state| *state != State::Failing)).map(|state| *state) {
            Ok(State::On(_)) => Ok(()),
            _ => Err(Errno::EIO),
        }
    }
}
