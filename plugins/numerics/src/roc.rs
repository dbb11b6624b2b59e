//! The area under the ROC curve, its standard error, and the curve.
//!
//! The area is the Mann-Whitney statistic with tied scores averaged; the error
//! is DeLong, DeLong & Clarke-Pearson, "Comparing the Areas under Two or More
//! Correlated Receiver Operating Characteristic Curves", Biometrics 44 (1988),
//! from the placements that one ordered pass yields (Sun & Xu, IEEE Signal
//! Processing Letters 21 (2014)).

use crate::{
    Multiset, Sum,
    key::number,
    walk::{Visitor, walk},
};

/// The most points a curve has.
const POINTS: f64 = 500.0;

/// What one pass over the scores of both classes gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// The area under the curve.
    pub area: f64,
    /// DeLong's standard error of the area, for unit weights and at least two rows of each class.
    pub standard_error: Option<f64>,
    /// False and true positive rates, from (0, 0) to (1, 1): at most 500 points.
    pub curve: Vec<(f64, f64)>,
    /// The share of pairs of a positive and a negative with equal scores.
    pub tied: f64,
}

/// The curve of the scores of positives and negatives, settled and both of
/// positive weight. Higher scores speak for positives.
///
/// `unit` says that every weight counts rows, so that a standard error has a meaning.
pub fn roc(positives: &Multiset, negatives: &Multiset, unit: bool) -> Roc {
    let mut pass = Pass::new(positives.total(), negatives.total());
    walk(positives, negatives, &mut pass);
    pass.finish(unit)
}

/// The curve to be expected of calibrated scores: each is that many positives, and the rest of one negative. The totals of
/// both, which are positive, are known already.
pub fn expected_roc(scores: &Multiset, positives: f64, negatives: f64) -> Roc {
    let mut pass = Expected(Pass::new(positives, negatives));
    walk(scores, &Multiset::default(), &mut pass);
    pass.0.finish(false)
}

struct Expected(Pass);

impl Visitor for Expected {
    fn visit(&mut self, key: u64, rows: f64, _: f64) {
        let score = number(key);
        self.0.visit(key, rows * score, rows * (1.0 - score));
    }

    fn pause(&mut self) {
        self.0.pause();
    }
}

struct Pass {
    positives: f64,
    negatives: f64,
    /// Weights of the keys seen so far.
    seen_positive: f64,
    seen_negative: f64,
    area: Partial,
    tied: Partial,
    /// Sums of squared placements of positives and negatives.
    squares_positive: Partial,
    squares_negative: Partial,
    curve: Vec<(f64, f64)>,
    step: (f64, f64),
    next: f64,
}

/// A plain sum over a part, and the compensated sum of the parts before.
#[derive(Default)]
struct Partial {
    now: f64,
    before: Sum,
}

impl Partial {
    fn flush(&mut self) {
        self.before.add(core::mem::take(&mut self.now));
    }
}

impl Pass {
    fn new(positives: f64, negatives: f64) -> Self {
        Self {
            positives,
            negatives,
            seen_positive: 0.0,
            seen_negative: 0.0,
            area: Partial::default(),
            tied: Partial::default(),
            squares_positive: Partial::default(),
            squares_negative: Partial::default(),
            curve: vec![(1.0, 1.0)],
            // Along the curve both rates together rise by two.
            step: (1.0 / positives, 1.0 / negatives),
            next: 2.0 / (POINTS - 1.0),
        }
    }

    fn finish(mut self, unit: bool) -> Roc {
        self.pause();
        let (p, n) = (self.positives, self.negatives);
        let pairs = p * n;
        let area = (self.area.before.value() / pairs).clamp(0.0, 1.0);
        // Variances of the placements, which have the mean `area` on both sides.
        let variance = |squares: &Partial, rows: f64, other: f64| {
            (squares.before.value() / rows / other / other - area * area).max(0.0) * (rows / (rows - 1.0)) / rows
        };
        let standard_error = (unit && p > 1.0 && n > 1.0)
            .then(|| (variance(&self.squares_positive, p, n) + variance(&self.squares_negative, n, p)).sqrt());
        if self.curve.last() != Some(&(0.0, 0.0)) {
            self.curve.push((0.0, 0.0));
        }
        self.curve.reverse();
        Roc { area, standard_error, curve: self.curve, tied: self.tied.before.value() / pairs }
    }

    fn rates(&self) -> (f64, f64) {
        let rate = |all: f64, seen: f64| ((all - seen) / all).clamp(0.0, 1.0);
        (rate(self.negatives, self.seen_negative), rate(self.positives, self.seen_positive))
    }
}

impl Visitor for Pass {
    fn visit(&mut self, _key: u64, positive: f64, negative: f64) {
        let below = self.seen_negative + negative * 0.5;
        let above = self.positives - self.seen_positive - positive * 0.5;
        self.area.now += positive * below;
        self.tied.now += positive * negative;
        self.squares_positive.now += positive * (below * below);
        self.squares_negative.now += negative * (above * above);
        self.advance(positive, negative);
    }

    fn left(&mut self, _key: u64, positive: f64) {
        let below = self.seen_negative;
        self.area.now += positive * below;
        self.squares_positive.now += positive * (below * below);
        self.advance(positive, 0.0);
    }

    fn right(&mut self, _key: u64, negative: f64) {
        let above = self.positives - self.seen_positive;
        self.squares_negative.now += negative * (above * above);
        self.advance(0.0, negative);
    }

    fn takes_order(&self) -> bool {
        true
    }

    fn order(&mut self, is_positive: &[u8]) -> bool {
        let Some(Placements { positives, negatives, sum, squares_positive, squares_negative }) =
            placements(is_positive)
        else {
            return false;
        };
        let below = self.seen_negative;
        let above = self.positives - self.seen_positive;
        self.area.now += positives * below + sum;
        self.squares_positive.now += positives * (below * below) + 2.0 * below * sum + squares_positive;
        let sum = positives * negatives - sum;
        self.squares_negative.now += negatives * (above * above) - 2.0 * above * sum + squares_negative;
        self.draw(is_positive);
        true
    }

    fn pause(&mut self) {
        self.area.flush();
        self.tied.flush();
        self.squares_positive.flush();
        self.squares_negative.flush();
    }
}

/// Within a part: rows of both classes, and over the rows of one the sums of how many of the other come before.
struct Placements {
    positives: f64,
    negatives: f64,
    /// Over the positives.
    sum: f64,
    squares_positive: f64,
    squares_negative: f64,
}

/// In whole numbers, which need no care for NaN; `None` when there are so many that squares might not fit.
#[inline(never)]
fn placements(is_positive: &[u8]) -> Option<Placements> {
    if is_positive.len() > 1 << 20 {
        return None;
    }
    let (mut positives, mut negatives) = (0_u64, 0_u64);
    let (mut sum, mut squares_positive, mut squares_negative) = (0_u64, 0_u64, 0_u64);
    let mut place = |is_positive: &u8| {
        let positive = u64::from(*is_positive);
        let negative = 1 - positive;
        sum += positive * negatives;
        squares_positive += positive * negatives * negatives;
        squares_negative += negative * positives * positives;
        positives += positive;
        negatives += negative;
    };
    let (sixteens, rest) = is_positive.as_chunks::<16>();
    for sixteen in sixteens {
        sixteen.iter().for_each(&mut place);
    }
    rest.iter().for_each(place);
    let [positives, negatives, sum] = [positives, negatives, sum].map(|count| count as f64);
    let [squares_positive, squares_negative] = [squares_positive, squares_negative].map(|count| count as f64);
    Some(Placements { positives, negatives, sum, squares_positive, squares_negative })
}

impl Pass {
    /// Goes on along the curve over keys that weigh one each.
    fn draw(&mut self, is_positive: &[u8]) {
        const STRETCH: usize = 64;
        for stretch in is_positive.chunks(STRETCH) {
            let positives = stretch.iter().map(|one| u32::from(*one)).sum::<u32>();
            let negatives = stretch.len() as f64 - f64::from(positives);
            if self.reaches_next(f64::from(positives), negatives) {
                stretch.iter().for_each(|one| self.advance(f64::from(*one), 1.0 - f64::from(*one)));
            } else {
                self.seen_positive += f64::from(positives);
                self.seen_negative += negatives;
            }
        }
    }

    /// Whether the curve's next point is no farther than so many rows.
    fn reaches_next(&self, positives: f64, negatives: f64) -> bool {
        (self.seen_positive + positives) * self.step.0 + (self.seen_negative + negatives) * self.step.1 >= self.next
    }

    fn advance(&mut self, positive: f64, negative: f64) {
        self.seen_positive += positive;
        self.seen_negative += negative;
        if self.reaches_next(0.0, 0.0) {
            let (x, y) = self.rates();
            self.curve.push((x, y));
            self.next = 2.0 - x - y + 2.0 / (POINTS - 1.0);
        }
    }
}
