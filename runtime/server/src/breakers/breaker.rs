//! One circuit breaker: closed, open, or trying whether it can be closed.

use driftline_core::Time;

use crate::config::BreakerRules;

/// When a try is under way nobody knows how long it takes: whoever is refused meanwhile asks again soon.
const TRY_AGAIN_S: u64 = 5;

/// What is known of a plugin that has failed.
#[derive(Debug, Clone, Default)]
pub(super) struct Breaker {
    faults: u64,
    last_code: String,
    opened: Option<Time>,
    is_trying: bool,
}

/// How a breaker stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circuit {
    /// Whether evaluations are let through.
    pub state: State,
    /// How often the plugin has failed in a row by its own doing.
    pub consecutive_faults: u64,
    /// The code of the last of these.
    pub last_code: Option<String>,
    /// When the next evaluation is let through, where one is not now.
    pub retry_at: Option<Time>,
}

/// Whether evaluations are let through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// They are.
    #[default]
    Closed,
    /// They are refused for a while.
    Open,
    /// One is let through, to see whether the plugin works again.
    HalfOpen,
}

impl Breaker {
    /// Whether it has opened and not closed since.
    pub fn is_open(&self) -> bool {
        self.opened.is_some()
    }

    /// Lets an evaluation through and tells whether it is a try, or says in how many seconds it is worth asking again.
    pub fn enter(&mut self, now: Time, rules: &BreakerRules) -> Result<bool, u64> {
        match self.state(now, rules) {
            State::Closed => Ok(false),
            State::Open => Err(self.left_s(now, rules)),
            State::HalfOpen if self.is_trying => Err(TRY_AGAIN_S),
            State::HalfOpen => {
                self.is_trying = true;
                Ok(true)
            }
        }
    }

    /// Takes note of a fault; whether it is open since this one.
    pub fn fault(&mut self, code: &str, now: Time, rules: &BreakerRules) -> bool {
        self.faults += 1;
        code.clone_into(&mut self.last_code);
        let opens = match self.opened {
            None => self.faults >= u64::from(rules.faults),
            // Those that were let through before it opened say nothing new.
            Some(_) => self.state(now, rules) == State::HalfOpen,
        };
        if opens {
            self.opened = Some(now);
        }
        opens
    }

    /// The evaluation that tried is over.
    pub fn leave(&mut self) {
        self.is_trying = false;
    }

    /// How it stands.
    pub fn circuit(&self, now: Time, rules: &BreakerRules) -> Circuit {
        let state = self.state(now, rules);
        let retry_at = self.opened.filter(|_| state == State::Open).map(|opened| end(opened, rules));
        Circuit { state, consecutive_faults: self.faults, last_code: Some(self.last_code.clone()), retry_at }
    }

    fn state(&self, now: Time, rules: &BreakerRules) -> State {
        match self.opened {
            None => State::Closed,
            // A clock that was set back would keep it open for longer than it ought to be.
            Some(opened) if now < opened || now >= end(opened, rules) => State::HalfOpen,
            Some(_) => State::Open,
        }
    }

    fn left_s(&self, now: Time, rules: &BreakerRules) -> u64 {
        let left = self.opened.map_or(0, |opened| end(opened, rules).micros() - now.micros());
        u64::try_from(left).unwrap_or_default().div_ceil(1_000_000).max(1)
    }
}

fn end(opened: Time, rules: &BreakerRules) -> Time {
    let micros = i64::try_from(rules.cool_down.as_micros()).unwrap_or(i64::MAX);
    driftline_core::Span::from_micros(micros).map_or(opened, |span| opened.after(span))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RULES: BreakerRules = BreakerRules { faults: 3, cool_down: Duration::from_secs(60) };

    fn at(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000).expect("a time")
    }

    #[test]
    fn it_opens_cools_down_tries_once_and_opens_again() {
        let mut breaker = Breaker::default();
        for (second, opens) in [(0, false), (1, false), (2, true)] {
            assert_eq!(breaker.enter(at(second), &RULES), Ok(false));
            assert_eq!(breaker.fault("plugin_trap", at(second), &RULES), opens, "{second}");
        }
        assert_eq!(breaker.enter(at(3), &RULES), Err(59));
        assert!(!breaker.fault("plugin_stack", at(4), &RULES), "one that was under way changes nothing");
        let circuit = breaker.circuit(at(5), &RULES);
        assert_eq!((circuit.state, circuit.retry_at), (State::Open, Some(at(62))));
        assert_eq!((circuit.consecutive_faults, circuit.last_code.as_deref()), (4, Some("plugin_stack")));

        assert_eq!(breaker.enter(at(62), &RULES), Ok(true), "one may try");
        assert_eq!(breaker.enter(at(63), &RULES), Err(TRY_AGAIN_S), "and only one");
        breaker.leave();
        assert_eq!(breaker.enter(at(64), &RULES), Ok(true), "the one before came to no end");
        assert!(breaker.fault("plugin_trap", at(65), &RULES), "it fails again");
        breaker.leave();
        assert_eq!(breaker.enter(at(66), &RULES), Err(59));
    }

    #[test]
    fn a_clock_that_is_set_back_lets_one_try() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            breaker.fault("plugin_trap", at(1000), &RULES);
        }
        assert_eq!(breaker.circuit(at(10), &RULES).state, State::HalfOpen);
    }
}
