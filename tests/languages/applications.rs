//! Eight days of applications for a loan, in segments of which some are rare, and with cells that are missing.

use serde_json::{Value, json};

use crate::harness::id;

const START: i64 = 1_000_080_000_000;
const DAY: i64 = 86_400_000;
const ROWS_A_DAY: usize = 600;
/// The last but one has so many that a segment takes several batches.
const ROWS_OF_A_LONG_DAY: usize = 20_000;
const LONG_DAY: i64 = 6;

/// Beside these there are sixty numbered ones, more than are drawn. UTF-16 would order the last two the other way round.
const SEGMENTS: [&str; 6] = ["b2b", "über", "a", "cost/with \"quotes\"\n", "\u{FFFD}", "\u{1F600}"];

/// All of them.
pub struct Applications(Vec<(i64, Value)>);

impl Applications {
    /// The same on every run.
    pub fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(21);
        let mut row = || {
            let score = if random.u8(0..20) == 0 { 0.5 } else { random.f64() };
            let bad = random.f64() < 0.1 + 0.7 * score;
            let segment = match random.u8(0..100) {
                rare @ 0..20 => format!("s{:02}", u16::from(rare) * 3 + random.u16(0..3)),
                common => SEGMENTS[usize::from(common) % SEGMENTS.len()].to_owned(),
            };
            let mut cells = json!({
                "score": score, "label": i64::from(bad), "approved": !bad, "segment": segment,
                "kind": if bad { "Betrug \"ü\" \u{1F600}\n\\\u{1}" } else { "ok" },
                "amount": 100.0 + f64::from(random.u16(0..9000)) / 10.0,
            });
            for missing in ["score", "label", "segment", "kind"] {
                if random.u8(0..30) == 0 {
                    cells[missing] = Value::Null;
                }
            }
            cells
        };
        let rows_of = |day| if day == LONG_DAY { ROWS_OF_A_LONG_DAY } else { ROWS_A_DAY };
        let times = (0..8).flat_map(|day| {
            let rows = rows_of(day) as i64;
            (0..rows).map(move |n| START + day * DAY + n * (DAY / rows))
        });
        Self(times.map(|time| (time, row())).collect())
    }

    /// The start of a day, epoch milliseconds.
    pub fn day(number: i64) -> i64 {
        START + number * DAY
    }

    /// The body that tracks those of a day.
    pub fn of_day(&self, day: i64) -> Value {
        let rows = self.0.iter().zip(0..).filter(|((time, _), _)| (time - START) / DAY == day);
        rows.map(|((time, cells), n)| json!({"id": id(n), "time": time, "metrics": cells})).collect()
    }

    /// A data set in which one segment is missing and one is new.
    pub fn training(&self) -> Value {
        let rows = self.0.iter().step_by(3).map(|(_, cells)| cells).filter(|cells| cells["segment"] != "a");
        rows.map(|cells| {
            let mut cells = cells.clone();
            if cells["segment"] == "b2b" {
                cells["segment"] = json!("b3b");
            }
            json!({"metrics": cells})
        })
        .collect()
    }
}
