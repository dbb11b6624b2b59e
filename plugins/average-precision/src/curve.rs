//! One pass over the scores of both classes.
//!
//! Average precision is the step sum Σ (Rᵢ - Rᵢ₋₁) Pᵢ over the thresholds from
//! the highest score down, without interpolation: M. Zhu, "Recall, Precision and
//! Average Precision" (2004), as scikit-learn has it.

use driftline_numerics::{
    Classes, Sum,
    key::number,
    walk::{Visitor, walk},
};

/// The most steps of recall that are drawn.
const POINTS: f64 = 400.0;

/// What the pass gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curve {
    pub(crate) average_precision: f64,
    /// By how much the order within equal scores could move the average precision.
    pub(crate) tied: f64,
    pub(crate) best_f1: f64,
    /// The lowest score at which it is reached; rows at or above it count as positive.
    pub(crate) best_threshold: f64,
    /// Recall and precision, from the lowest threshold to the highest.
    pub(crate) points: Vec<(f64, f64)>,
}

/// The curve of two settled classes, both with rows.
pub(crate) fn curve(classes: &Classes) -> Curve {
    let (positives, negatives) = (classes.positives().total(), classes.negatives().total());
    let mut pass = Pass {
        positives,
        left: (positives, negatives),
        area: Sum::default(),
        tied: Sum::default(),
        best: (f64::NEG_INFINITY, f64::NAN),
        points: Vec::new(),
        next: f64::INFINITY,
        weighted: classes.is_weighted(),
    };
    walk(classes.positives(), classes.negatives(), &mut pass);
    pass.points.push((0.0, 1.0));
    Curve {
        average_precision: pass.area.value().clamp(0.0, 1.0),
        tied: pass.tied.value(),
        best_f1: pass.best.0,
        best_threshold: pass.best.1,
        points: pass.points,
    }
}

struct Pass {
    positives: f64,
    /// Weights of both classes at or above the current score.
    left: (f64, f64),
    area: Sum,
    tied: Sum,
    best: (f64, f64),
    points: Vec<(f64, f64)>,
    next: f64,
    weighted: bool,
}

impl Visitor for Pass {
    fn visit(&mut self, key: u64, positive: f64, negative: f64) {
        let (true_positives, false_positives) = self.left;
        let (recall, precision) =
            (true_positives / self.positives, true_positives / (true_positives + false_positives));
        let share = positive / self.positives;
        self.area.add(share * precision);
        self.left = ((true_positives - positive).max(0.0), (false_positives - negative).max(0.0));
        if positive > 1.0 || (positive > 0.0 && (negative > 0.0 || self.weighted)) {
            // With all positives of this score first, and with all of them last.
            let (above, below) = self.left;
            let (first, last) = (true_positives / (true_positives + below), above / (above + false_positives));
            self.tied.add(share * (first - precision).max(precision - last));
        }
        let f1 = 2.0 * true_positives / (self.positives + true_positives + false_positives);
        if f1 > self.best.0 {
            self.best = (f1, number(key));
        }
        if recall <= self.next {
            self.points.push((recall, precision));
            self.next = recall - 1.0 / POINTS;
        }
    }
}
