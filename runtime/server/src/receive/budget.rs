//! How many bytes all requests together may hold in memory.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::crowded;
use crate::problem::Problem;

/// Memory is granted in units of this many bytes.
const UNIT: usize = 1 << 10;
/// A body is held together with the rows that are made of it.
const COPIES: usize = 2;

/// Memory that is granted and comes back.
#[derive(Clone)]
pub struct Budget {
    space: Arc<Semaphore>,
    units: usize,
    patience: Duration,
}

impl Budget {
    /// Of so many bytes; who finds none waits as long as `patience`.
    pub fn new(bytes: usize, patience: Duration) -> Self {
        let units = (bytes / UNIT).clamp(1, u32::MAX as usize);
        Self { space: Arc::new(Semaphore::new(units)), units, patience }
    }

    /// A share of nothing yet.
    pub fn share(&self) -> Share {
        Share { budget: self.clone(), units: 0, permit: None }
    }
}

/// What one request was granted; it comes back on drop.
pub struct Share {
    budget: Budget,
    units: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Makes it enough for a body of `bytes`; what is more than the whole budget has to wait until it is all free.
    ///
    /// # Errors
    /// 429 when others hold too much for too long.
    pub async fn hold(&mut self, bytes: usize) -> Result<(), Problem> {
        let units = (COPIES * bytes).div_ceil(UNIT).min(self.budget.units);
        let more = units.saturating_sub(self.units);
        if more == 0 {
            return Ok(());
        }
        let space = &self.budget.space;
        let granted = match space.clone().try_acquire_many_owned(more as u32) {
            Ok(granted) => granted,
            Err(_) => match timeout(self.budget.patience, space.clone().acquire_many_owned(more as u32)).await {
                Ok(Ok(granted)) => granted,
                _ => return Err(crowded("the requests under way hold all the memory there is for them")),
            },
        };
        self.units = units;
        match &mut self.permit {
            Some(permit) => permit.merge(granted),
            None => self.permit = Some(granted),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_held_is_not_granted_again_until_it_comes_back() {
        let budget = Budget::new(8 * UNIT, Duration::ZERO);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.hold(2 * UNIT).await.expect("half");
        first.hold(3 * UNIT).await.expect("and more");
        first.hold(UNIT).await.expect("which it has");
        let refused = second.hold(2 * UNIT).await.expect_err("too much");
        assert_eq!((refused.status.as_u16(), refused.retry_after_s), (429, Some(2)));
        second.hold(UNIT).await.expect("the rest");
        drop(first);
        second.hold(4 * UNIT).await.expect("all of it");
        drop(second);
        budget.share().hold(100 * UNIT).await.expect("never more than there is");
    }
}
