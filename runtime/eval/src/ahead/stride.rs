//! How far windows move from one question to the next.

use std::collections::HashMap;

use driftline_core::{Digest, Window};

/// How many questions are remembered: those asked last.
const MOST: usize = 4096;

/// Where the window of each question was when it was last asked.
#[derive(Default)]
pub(super) struct Strides {
    turn: u64,
    known: HashMap<Digest, Known>,
}

struct Known {
    /// When the window started, in microseconds.
    start: i64,
    turn: u64,
    /// What was computed ahead was of no use.
    in_vain: bool,
}

impl Strides {
    /// By how many microseconds the window of a question has moved on since it was last asked, if that is less than its length;
    /// windows of one question are of one length.
    pub fn step(&mut self, question: Digest, window: Window) -> Option<i64> {
        self.turn += 1;
        let (turn, start) = (self.turn, window.start().micros());
        let Some(known) = self.known.get_mut(&question) else {
            if self.known.len() >= MOST {
                self.forget_oldest();
            }
            self.known.insert(question, Known { start, turn, in_vain: false });
            return None;
        };
        known.turn = turn;
        let step = start - std::mem::replace(&mut known.start, start);
        (0 < step && start + step < window.end().micros() && !known.in_vain).then_some(step)
    }

    /// Nothing more is computed ahead of a question.
    pub fn give_up(&mut self, question: Digest) {
        if let Some(known) = self.known.get_mut(&question) {
            known.in_vain = true;
        }
    }

    fn forget_oldest(&mut self) {
        let oldest = self.known.iter().min_by_key(|(_, known)| known.turn).map(|(question, _)| *question);
        if let Some(oldest) = oldest {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use driftline_core::Time;

    use super::*;

    fn window(start: i64) -> Window {
        let time = |micros| Time::from_micros(micros).expect("a time");
        Window::new(time(start), time(start + 10)).expect("a window")
    }

    #[test]
    fn a_window_that_moves_on_and_overlaps_itself_has_a_step() {
        let (mut strides, question) = (Strides::default(), Digest::of(b"question"));
        for (start, expected) in [
            (0, None),
            (1, Some(1)),
            (1, None),
            (3, Some(2)),
            // Back, and too far.
            (2, None),
            (12, None),
            (21, Some(9)),
        ] {
            assert_eq!(strides.step(question, window(start)), expected, "to {start}");
        }
        strides.give_up(question);
        assert_eq!(strides.step(question, window(22)), None);
    }

    #[test]
    fn those_asked_last_are_remembered() {
        let mut strides = Strides::default();
        let question = |number: usize| Digest::of(&number.to_le_bytes());
        for number in 0..MOST {
            strides.step(question(number), window(0));
        }
        assert_eq!(strides.step(question(0), window(1)), Some(1));
        strides.step(question(MOST), window(0));
        assert_eq!(strides.known.len(), MOST);
        assert_eq!(strides.step(question(0), window(2)), Some(1), "asked after the second");
        assert_eq!(strides.step(question(1), window(1)), None, "forgotten");
    }
}
