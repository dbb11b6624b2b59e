//! What follows from the four counts.
//!
//! Precision, recall and F-beta: C. J. van Rijsbergen, "Information Retrieval"
//! (1979). Matthews' correlation: B. W. Matthews, Biochimica et Biophysica Acta
//! 405 (1975). Kappa: J. Cohen, Educational and Psychological Measurement 20 (1960).

use driftline_numerics::Counted;

/// A number that follows from the counts, with its slopes by them.
pub(crate) type Rate = Counted<4>;

/// True positives, false positives, true negatives and false negatives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) plain: [f64; 4],
    tp: Rate,
    fp: Rate,
    tn: Rate,
    fn_: Rate,
}

impl Counts {
    pub(crate) fn new(plain: [f64; 4]) -> Self {
        let [tp, fp, tn, fn_] = Rate::all(plain);
        Self { plain, tp, fp, tn, fn_ }
    }

    pub(crate) fn total(&self) -> Rate {
        self.tp + self.fp + self.tn + self.fn_
    }

    pub(crate) fn accuracy(&self) -> Rate {
        (self.tp + self.tn) / self.total()
    }

    pub(crate) fn prevalence(&self) -> Rate {
        (self.tp + self.fn_) / self.total()
    }

    pub(crate) fn precision(&self) -> Rate {
        self.tp / (self.tp + self.fp)
    }

    pub(crate) fn recall(&self) -> Rate {
        self.tp / (self.tp + self.fn_)
    }

    pub(crate) fn specificity(&self) -> Rate {
        self.tn / (self.tn + self.fp)
    }

    pub(crate) fn balanced_accuracy(&self) -> Rate {
        (self.recall() + self.specificity()) * Rate::constant(0.5)
    }

    pub(crate) fn f_beta(&self, beta: f64) -> Rate {
        let square = Rate::constant(beta * beta);
        let hits = (Rate::constant(1.0) + square) * self.tp;
        hits / (hits + square * self.fn_ + self.fp)
    }

    pub(crate) fn matthews_correlation(&self) -> Rate {
        // In shares: products of four counts of a million rows would be beyond exact.
        let total = Rate::constant(self.total().value);
        let [tp, fp, tn, fn_] = [self.tp / total, self.fp / total, self.tn / total, self.fn_ / total];
        (tp * tn - fp * fn_) / ((tp + fp).sqrt() * (tp + fn_).sqrt() * (tn + fp).sqrt() * (tn + fn_).sqrt())
    }

    pub(crate) fn cohen_kappa(&self) -> Rate {
        let total = Rate::constant(self.total().value);
        let [tp, fp, tn, fn_] = [self.tp / total, self.fp / total, self.tn / total, self.fn_ / total];
        let chance = (tp + fp) * (tp + fn_) + (tn + fn_) * (tn + fp);
        (tp + tn - chance) / (Rate::constant(1.0) - chance)
    }

    /// How much more accurate than always saying the commoner class.
    pub(crate) fn lift(&self) -> Rate {
        let positive = self.prevalence();
        let constant = if positive.value >= 0.5 { positive } else { Rate::constant(1.0) - positive };
        self.accuracy() - constant
    }

    /// The sum of each decision's value: `[[tn, fp], [fn, tp]]`, as NannyML writes it.
    pub(crate) fn business_value(&self, [[tn, fp], [fn_, tp]]: [[f64; 2]; 2]) -> Rate {
        let worth = Rate::constant;
        self.tp * worth(tp) + self.fp * worth(fp) + self.tn * worth(tn) + self.fn_ * worth(fn_)
    }

    /// The mean worth of a positive decision and that of a negative one, added; a kind never taken adds nothing.
    pub(crate) fn business_value_per_decision(&self, [[tn, fp], [fn_, tp]]: [[f64; 2]; 2]) -> Rate {
        let mean = |(good, worth): (Rate, f64), (bad, harm): (Rate, f64)| match good + bad {
            Rate { value: 0.0, .. } => Rate::constant(0.0),
            taken => (good * Rate::constant(worth) + bad * Rate::constant(harm)) / taken,
        };
        mean((self.tp, tp), (self.fp, fp)) + mean((self.tn, tn), (self.fn_, fn_))
    }
}
