//! When a delivery that failed is tried again, and when it is given up.

use std::time::Duration;

use uuid::Uuid;

use crate::Failure;

/// After so many failed attempts a delivery is dead.
pub const MAX_ATTEMPTS: u32 = 30;

/// A delivery whose next attempt would come later than this after it was created is dead: it would no longer be news.
pub const MAX_AGE: Duration = Duration::from_hours(24);

const FIRST: Duration = Duration::from_secs(10);
const FACTOR: u32 = 3;
const LONGEST: Duration = Duration::from_hours(1);

/// What becomes of a delivery that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is tried again, not before this time in Unix seconds.
    At(i64),
    /// It belongs on the dead-letter list, for this reason.
    Dead(&'static str),
}

/// How long to wait after the `attempt`-th failed attempt, from 1: 10 s, 30 s, 1.5 min, 4.5 min, 13.5 min, 40.5 min,
/// then 1 h each time, less up to a fifth that depends on `key`, so that deliveries that failed together do not come
/// back together.
pub fn backoff(attempt: u32, key: Uuid) -> Duration {
    let factor = FACTOR.saturating_pow(attempt.saturating_sub(1));
    let longest = FIRST.saturating_mul(factor).min(LONGEST);
    longest - longest.mul_f64(0.2 * fraction(attempt, key))
}

/// What becomes of the delivery `key` after its `attempts`-th failed attempt. `created` and `now` are Unix seconds.
pub fn next(failure: &Failure, attempts: u32, key: Uuid, created: i64, now: i64) -> Next {
    let Some(retry) = failure.retry else { return Next::Dead("trying again can't help") };
    if attempts >= MAX_ATTEMPTS {
        return Next::Dead("it was tried 30 times");
    }
    let wait = backoff(attempts, key).max(retry.after.unwrap_or_default());
    let at = now.saturating_add(seconds(wait));
    if at.saturating_sub(created) > seconds(MAX_AGE) {
        return Next::Dead("it would be more than a day old");
    }
    Next::At(at)
}

fn seconds(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// From 0 to 1, spread evenly over keys and attempts (the finalizer of SplitMix64).
fn fraction(attempt: u32, key: Uuid) -> f64 {
    let (high, low) = key.as_u64_pair();
    let mut bits = high ^ low.rotate_left(32) ^ u64::from(attempt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FailureKind, Retry};

    fn key(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn waits_longer_each_time_up_to_an_hour() {
        for (attempt, longest) in [
            (0, 10.0),
            (1, 10.0),
            (2, 30.0),
            (3, 90.0),
            (4, 270.0),
            (5, 810.0),
            (6, 2430.0),
            (7, 3600.0),
            (30, 3600.0),
            (u32::MAX, 3600.0),
        ] {
            for number in 0..200 {
                let wait = backoff(attempt, key(number)).as_secs_f64();
                assert!(wait <= longest && wait >= 0.8 * longest, "{attempt}: {wait}");
                assert_eq!(backoff(attempt, key(number)).as_secs_f64(), wait);
            }
        }
    }

    #[test]
    fn deliveries_that_failed_together_come_back_apart() {
        let waits: Vec<f64> = (0..1000).map(|number| backoff(7, key(number)).as_secs_f64()).collect();
        for tenth in 0..10 {
            let (from, to) = (2880.0 + 72.0 * f64::from(tenth), 2880.0 + 72.0 * f64::from(tenth + 1));
            let share = waits.iter().filter(|wait| (from..to).contains(*wait)).count();
            assert!((60..140).contains(&share), "{share} of 1000 within {from}..{to}");
        }
    }

    #[test]
    fn gives_up_in_the_end() {
        let hour = 3600;
        let asked = |seconds| Some(Retry { after: Some(Duration::from_secs(seconds)) });
        let again = Some(Retry { after: None });
        let first = seconds(backoff(1, key(7)));
        for (retry, attempts, now, expected) in [
            (None, 1, 0, Next::Dead("trying again can't help")),
            (again, 1, 0, Next::At(first)),
            (asked(3), 1, 0, Next::At(first)),
            (asked(120), 1, 0, Next::At(120)),
            (again, 29, 0, Next::At(seconds(backoff(29, key(7))))),
            (again, 30, 0, Next::Dead("it was tried 30 times")),
            (again, u32::MAX, 0, Next::Dead("it was tried 30 times")),
            (again, 1, 24 * hour - first, Next::At(24 * hour)),
            (again, 1, 24 * hour - first + 1, Next::Dead("it would be more than a day old")),
            (asked(2 * 3600), 1, 23 * hour, Next::Dead("it would be more than a day old")),
            // A clock that was set back.
            (again, 1, -hour, Next::At(first - hour)),
            (again, 1, i64::MAX, Next::Dead("it would be more than a day old")),
        ] {
            let failure = Failure { kind: FailureKind::Timeout, retry, message: String::new() };
            assert_eq!(next(&failure, attempts, key(7), 0, now), expected, "{retry:?} {attempts} {now}");
        }
    }
}
