//! One compilation at a time; others wait in their order, but not for ever. Large uploads have a queue of their own, so
//! that one that takes a minute does not hold up those that take a moment; so has what is installed, which uploads that
//! are made to take long must not hold up.

use std::{
    collections::VecDeque,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use driftline_core::Digest;

use crate::{Error, Limits};

/// From this size on a plugin is large.
pub(crate) const LARGE_BYTES: usize = 4 << 20;

/// Why a plugin is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It was uploaded, and may wait unless so many others do.
    Upload {
        /// How many.
        most_waiting: usize,
    },
    /// It is installed and must be had, however many ask for it at once; the evaluations bound how many that are.
    Use,
}

/// How far a compilation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits until so many others are done.
    Waiting {
        /// How many.
        ahead: usize,
    },
    /// It is at work.
    Compiling,
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    lanes: Mutex<[Lane; 3]>,
    freed: Condvar,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct Lane {
    busy: Option<Digest>,
    waiting: VecDeque<(u64, Digest)>,
    tickets: u64,
}

/// A turn; the next one begins when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    queue: &'a Queue,
    lane: usize,
}

impl Queue {
    /// Waits for the turn of a plugin of so many bytes.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait already, or the wait took too long; [`Error::Stopped`].
    pub(crate) fn turn(
        &self,
        (digest, bytes): (&Digest, usize),
        purpose: Purpose,
        limits: &Limits,
    ) -> Result<Turn<'_>, Error> {
        let busy = Error::Busy { retry_after_ms: limits.compile_ms };
        let end = Instant::now() + Duration::from_millis(limits.compile_wait_ms);
        let (at, most_waiting) = match purpose {
            Purpose::Use => (0, usize::MAX),
            Purpose::Upload { most_waiting } => (1 + usize::from(bytes >= LARGE_BYTES), most_waiting),
        };
        let mut lanes = self.lanes();
        if lanes[at].busy.is_some() && lanes[at].waiting.len() >= most_waiting {
            return Err(busy);
        }
        let ticket = lanes[at].enter(*digest);
        while !lanes[at].is_turn_of(ticket) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_stopped() {
                lanes[at].waiting.retain(|(other, _)| *other != ticket);
                self.freed.notify_all();
                return Err(if self.is_stopped() { Error::Stopped } else { busy });
            }
            (lanes, _) = self.freed.wait_timeout(lanes, left).unwrap_or_else(PoisonError::into_inner);
        }
        lanes[at].waiting.pop_front();
        lanes[at].busy = Some(*digest);
        Ok(Turn { queue: self, lane: at })
    }

    /// How far the compilation of a plugin is; `None` when it neither waits nor is at work.
    pub(crate) fn stage(&self, digest: &Digest) -> Option<Stage> {
        self.lanes().iter().find_map(|lane| {
            if lane.busy.as_ref() == Some(digest) {
                return Some(Stage::Compiling);
            }
            let ahead = lane.waiting.iter().position(|(_, waiting)| waiting == digest)?;
            Some(Stage::Waiting { ahead: ahead + usize::from(lane.busy.is_some()) })
        })
    }

    /// Lets nobody wait any longer.
    pub(crate) fn stop(&self) {
        // Under the lock, so that nobody is between looking and waiting.
        let _lanes = self.lanes();
        self.stopped.store(true, Relaxed);
        self.freed.notify_all();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    fn lanes(&self) -> MutexGuard<'_, [Lane; 3]> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn enter(&mut self, digest: Digest) -> u64 {
        self.tickets += 1;
        self.waiting.push_back((self.tickets, digest));
        self.tickets
    }

    fn is_turn_of(&self, ticket: u64) -> bool {
        self.busy.is_none() && self.waiting.front().is_some_and(|(first, _)| *first == ticket)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.queue.lanes()[self.lane].busy = None;
        self.queue.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> Digest {
        Digest::from_bytes([number; 32])
    }

    fn upload(most_waiting: usize) -> Purpose {
        Purpose::Upload { most_waiting }
    }

    #[test]
    fn only_one_has_a_turn_and_waiting_is_bounded() {
        let queue = Queue::default();
        let limits = Limits { compile_wait_ms: 1, ..Limits::default() };
        let turn =
            |number, most_waiting, limits: &Limits| queue.turn((&digest(number), 1), upload(most_waiting), limits);
        let first = turn(1, 1, &limits).expect("free");
        assert!(matches!(turn(2, 1, &limits), Err(Error::Busy { .. })), "waited too long");
        let patient = Limits { compile_wait_ms: 60_000, ..Limits::default() };
        assert!(matches!(turn(2, 0, &patient), Err(Error::Busy { .. })), "too many wait");
        drop(first);
        assert!(turn(2, 1, &limits).is_ok());
    }

    #[test]
    fn a_large_one_holds_up_no_small_one_and_an_upload_none_that_is_installed() {
        let queue = Queue::default();
        let limits = Limits { compile_wait_ms: 1, ..Limits::default() };
        let turn = |number, bytes, purpose| queue.turn((&digest(number), bytes), purpose, &limits);
        let _large = turn(1, LARGE_BYTES, upload(8)).expect("free");
        let _small = turn(2, LARGE_BYTES - 1, upload(8)).expect("free");
        let _used = turn(3, LARGE_BYTES, Purpose::Use).expect("free");
        for purpose in [upload(8), Purpose::Use] {
            assert!(turn(4, LARGE_BYTES, purpose).is_err());
        }
    }

    #[test]
    fn nobody_waits_when_it_stops() {
        let queue = Queue::default();
        let limits = Limits { compile_wait_ms: 600_000, ..Limits::default() };
        let turn = |number| queue.turn((&digest(number), 1), Purpose::Use, &limits).map(drop);
        let _first = queue.turn((&digest(1), 1), Purpose::Use, &limits).expect("free");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| turn(2));
            while queue.stage(&digest(2)).is_none() {
                std::thread::yield_now();
            }
            queue.stop();
            assert!(matches!(waiting.join().expect("no panic"), Err(Error::Stopped)));
        });
        assert!(matches!(turn(3), Err(Error::Stopped)));
    }

    #[test]
    fn it_is_known_who_waits_for_how_many() {
        let queue = Queue::default();
        let limits = Limits { compile_wait_ms: 60_000, ..Limits::default() };
        let first = queue.turn((&digest(1), 1), upload(8), &limits).expect("free");
        assert_eq!(queue.stage(&digest(1)), Some(Stage::Compiling));
        std::thread::scope(|scope| {
            let mut first = Some(first);
            for number in 2..4 {
                let (queue, limits) = (&queue, &limits);
                scope.spawn(move || drop(queue.turn((&digest(number), 1), upload(8), limits).expect("its turn comes")));
                while queue.stage(&digest(number)).is_none() {
                    std::thread::yield_now();
                }
                let ahead = usize::from(number) - 1;
                assert_eq!(queue.stage(&digest(number)), Some(Stage::Waiting { ahead }));
            }
            drop(first.take());
        });
        assert_eq!(queue.stage(&digest(3)), None);
    }
}
