//! Whose turn it is to have a large body decoded, and whether they still wait for the answer.

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::problem::Problem;

/// A request's turn. It is dropped with the request, also when the client hangs up.
pub struct Turn {
    dropped: CancellationToken,
    _when_dropped: DropGuard,
    _place: OwnedSemaphorePermit,
}

impl Turn {
    /// The turn that goes with a place.
    pub fn new(place: OwnedSemaphorePermit) -> Self {
        let dropped = CancellationToken::new();
        Self { _when_dropped: dropped.clone().drop_guard(), dropped, _place: place }
    }

    /// Lets the thread that does the work see the end of the turn.
    pub fn watch(&self) -> Watch {
        Watch(self.dropped.clone())
    }
}

/// Sees the end of a turn.
pub struct Watch(CancellationToken);

impl Watch {
    /// Ends work that nobody waits for.
    ///
    /// # Errors
    /// Once the turn is over.
    pub fn check(&self) -> Result<(), Problem> {
        if self.0.is_cancelled() {
            return Err(Problem::bad_request("invalid_body", "the client hung up before all rows were kept"));
        }
        Ok(())
    }
}
