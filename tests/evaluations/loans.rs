//! Eight days of loans, some without an amount, some without a label.

use serde_json::{Value, json};

use crate::harness::id;

/// Epoch milliseconds of the first loan's day.
pub const START: i64 = 1_000_080_000_000;
/// Milliseconds of a day.
pub const DAY: i64 = 86_400_000;

/// One prediction and what became of it.
pub struct Loan {
    pub id: String,
    pub time: i64,
    pub score: f64,
    pub region: &'static str,
    pub amount: Option<f64>,
    pub defaulted: Option<i64>,
}

/// All of them.
pub struct Loans(pub Vec<Loan>);

impl Loan {
    /// How many whole days after the start.
    pub fn day(&self) -> i64 {
        (self.time - START) / DAY
    }

    /// What is known when the prediction is made.
    pub fn metrics(&self) -> Value {
        json!({"score": self.score, "region": self.region, "amount": self.amount})
    }
}

impl Loans {
    /// Sixty a day; scores in steps of 0.05, so that there are ties.
    pub fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(8);
        let loan = |n: u64| {
            let score = f64::from(random.u8(0..=20)) / 20.0;
            let defaulted = i64::from(random.f64() < 0.2 + 0.5 * score);
            Loan {
                id: id(n),
                time: START + n as i64 * (DAY / 60),
                score,
                region: if random.bool() { "eu" } else { "us" },
                amount: (random.u8(0..10) > 0).then(|| f64::from(random.u16(100..1000))),
                defaulted: (random.u8(0..8) > 0).then_some(defaulted),
            }
        };
        Self((0..480).map(loan).collect())
    }

    /// The start of a day as the interface writes it.
    pub fn day(number: i64) -> String {
        let time = jiff::Timestamp::from_millisecond(START + number * DAY).expect("in the calendar");
        time.to_string()
    }

    /// The body that tracks them.
    pub fn predictions(&self) -> String {
        let row = |loan: &Loan| json!({"id": loan.id, "time": loan.time, "metrics": loan.metrics()});
        json!(self.0.iter().map(row).collect::<Vec<_>>()).to_string()
    }

    /// The body that attaches what became known.
    pub fn labels(&self) -> String {
        let known = self.0.iter().filter(|loan| loan.defaulted.is_some());
        let row = |loan: &Loan| json!({"id": loan.id, "metrics": {"defaulted": loan.defaulted}});
        json!(known.map(row).collect::<Vec<_>>()).to_string()
    }
}

/// The share of pairs of a defaulted and a repaid loan in which the defaulted one has the higher score; ties count half.
pub fn roc_auc(loans: &[&Loan]) -> f64 {
    let scores = |label| loans.iter().filter(move |loan| loan.defaulted == Some(label)).map(|loan| loan.score);
    let (mut won, mut pairs) = (0.0, 0.0);
    for bad in scores(1) {
        for good in scores(0) {
            pairs += 1.0;
            won += if bad > good {
                1.0
            } else if bad == good {
                0.5
            } else {
                0.0
            };
        }
    }
    won / pairs
}
