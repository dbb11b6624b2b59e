//! How often each distinct value occurs.

use std::collections::BTreeSet;

use driftline_sdk::Kind;

use super::Counts;
use crate::{
    Column, Multiset,
    key::number,
    walk::{Visitor, walk},
};

/// Counts of each distinct value, infinities included and missing cells left out.
pub fn count_values(current: &Column, reference: &Column, kind: Kind) -> Counts {
    count_few_values(current, reference, kind, usize::MAX).unwrap_or_default()
}

/// The same when there are at most so many distinct values; what else would be seldom wanted is not made.
pub fn count_few_values(current: &Column, reference: &Column, kind: Kind, most: usize) -> Option<Counts> {
    let counts = match kind {
        Kind::Category => labels(current, reference),
        Kind::Number | Kind::Timestamp => {
            let mut few = Few { counts: Counts::default(), most };
            walk(&current.numbers, &reference.numbers, &mut few);
            few.counts
        }
    };
    (counts.names.len() <= most).then_some(counts)
}

/// Whether a multiset has more distinct finite numbers than `most`.
pub(super) fn is_varied(multiset: &Multiset, most: usize) -> bool {
    let mut distinct = Distinct { finite: 0, most };
    walk(multiset, &Multiset::default(), &mut distinct);
    distinct.finite > most
}

/// Counts of each label.
pub(super) fn labels(current: &Column, reference: &Column) -> Counts {
    let all: BTreeSet<&String> = current.labels.keys().chain(reference.labels.keys()).collect();
    let mut counts = Counts::default();
    for label in all {
        let of = |column: &Column| column.labels.get(label).copied().unwrap_or(0) as f64;
        counts.push(label, of(current), of(reference));
    }
    counts
}

struct Few {
    counts: Counts,
    most: usize,
}

impl Few {
    fn has_room(&self) -> bool {
        self.counts.names.len() <= self.most
    }
}

impl Visitor for Few {
    fn enter(&mut self, _current: f64, _reference: f64) -> bool {
        self.has_room()
    }

    fn visit(&mut self, key: u64, current: f64, reference: f64) {
        if self.has_room() {
            self.counts.push(number(key).to_string(), current, reference);
        }
    }
}

struct Distinct {
    finite: usize,
    most: usize,
}

impl Visitor for Distinct {
    fn enter(&mut self, _left: f64, _right: f64) -> bool {
        self.finite <= self.most
    }

    fn visit(&mut self, key: u64, _left: f64, _right: f64) {
        self.finite += usize::from(number(key).is_finite());
    }
}
