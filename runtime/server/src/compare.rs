//! What differs between the results of two evaluations.

mod charts;
mod place;

use std::collections::HashMap;

use self::place::Place;
use crate::wire::{
    Compared, Comparison, ComparisonStatus, Difference, DifferenceKind, DriftedShare, Evaluation, EvaluationStatus,
    Value, WindowResult,
};

/// Compares two evaluations as far as they have come. Numbers that differ by at most `tolerance` times the larger one
/// are equal.
pub fn compare(base: &Evaluation, other: &Evaluation, tolerance: f64) -> Comparison {
    let mut found = Found { tolerance, results: 0, values: 0, differences: Vec::new() };
    let have_ended = has_ended(base) && has_ended(other);
    if have_ended {
        found.results(results(base), results(other));
        found.drift(base, other);
    }
    let data = |evaluation: &Evaluation| evaluation.lineage.as_ref().map(|lineage| lineage.data.clone());
    let status = match () {
        () if !have_ended => ComparisonStatus::Running,
        () if base.results.is_none() || other.results.is_none() => ComparisonStatus::Incomplete,
        () if found.differences.is_empty() => ComparisonStatus::Equal,
        () => ComparisonStatus::Different,
    };
    Comparison {
        status,
        base: compared(base),
        other: compared(other),
        same_data: data(base).zip(data(other)).map(|(base, other)| base == other),
        results: found.results,
        values: found.values,
        differences: found.differences,
    }
}

fn has_ended(evaluation: &Evaluation) -> bool {
    !matches!(evaluation.status, EvaluationStatus::Queued | EvaluationStatus::Running)
}

fn results(evaluation: &Evaluation) -> &[WindowResult] {
    evaluation.results.as_deref().unwrap_or_default()
}

fn windows(evaluation: &Evaluation) -> &[DriftedShare] {
    evaluation.drift.as_ref().map(|drift| drift.windows.as_slice()).unwrap_or_default()
}

fn compared(evaluation: &Evaluation) -> Compared {
    let Evaluation { id, plugin, status, failure, .. } = evaluation;
    Compared { evaluation: *id, plugin: plugin.clone(), status: *status, failure: failure.clone() }
}

/// What was found so far.
struct Found {
    tolerance: f64,
    results: u64,
    values: u64,
    differences: Vec<Difference>,
}

impl Found {
    fn results(&mut self, base: &[WindowResult], other: &[WindowResult]) {
        let pairs = paired(base, other, |result| Place::of(result).key());
        for (one, another) in pairs {
            match (one, another) {
                (Some(one), Some(another)) => self.result(one, another),
                (Some(one), None) => self.add(Place::of(one).of_kind(DifferenceKind::OnlyInBase, "result")),
                (None, Some(another)) => self.add(Place::of(another).of_kind(DifferenceKind::OnlyInOther, "result")),
                (None, None) => {}
            }
        }
    }

    fn result(&mut self, base: &WindowResult, other: &WindowResult) {
        self.results += 1;
        let place = Place::of(base);
        let said = |result: &WindowResult| result.failure.as_ref().map(|f| format!("{}: {}", f.code, f.message));
        let (one, another) = (said(base), said(other));
        if one != another {
            self.add(Difference {
                detail: Some(words(one, another)),
                ..place.of_kind(DifferenceKind::Failure, "failure")
            });
        }
        let counts = [
            ("rows.read", base.rows.read, other.rows.read),
            ("rows.used", base.rows.used, other.rows.used),
            ("rows.missing", base.rows.missing, other.rows.missing),
        ];
        for (name, one, another) in counts.into_iter().filter(|(_, one, another)| one != another) {
            self.add(place.numbers(DifferenceKind::Rows, name, Some(one as f64), Some(another as f64)));
        }
        for pair in paired(&base.values, &other.values, |value| value.name.clone()) {
            match pair {
                (Some(one), Some(another)) => self.value(&place, one, another),
                (Some(one), None) => self.add(place.numbers(DifferenceKind::OnlyInBase, &one.name, one.value, None)),
                (None, Some(other)) => {
                    self.add(place.numbers(DifferenceKind::OnlyInOther, &other.name, None, other.value))
                }
                (None, None) => {}
            }
        }
        for pair in paired(&base.charts, &other.charts, |chart| chart.name.clone()) {
            match pair {
                (Some(one), Some(another)) => {
                    let differs = charts::difference(one, another, |x, y| self.is_equal(x, y));
                    if let Some((chart, detail)) = differs {
                        let chart = Some(chart);
                        self.add(Difference { chart, detail, ..place.of_kind(DifferenceKind::Chart, &one.name) });
                    }
                }
                (Some(chart), None) => {
                    self.add(place.of_kind(DifferenceKind::OnlyInBase, &format!("chart {}", chart.name)))
                }
                (None, Some(chart)) => {
                    self.add(place.of_kind(DifferenceKind::OnlyInOther, &format!("chart {}", chart.name)))
                }
                (None, None) => {}
            }
        }
    }

    fn value(&mut self, place: &Place<'_>, base: &Value, other: &Value) {
        self.values += 1;
        if !self.is_equal(base.value, other.value) {
            let both = base.value.is_some() && other.value.is_some();
            let kind = if both { DifferenceKind::Value } else { DifferenceKind::Undefined };
            let note = base.note.as_ref().or(other.note.as_ref()).filter(|_| !both).cloned();
            self.add(Difference { detail: note, ..place.numbers(kind, &base.name, base.value, other.value) });
        } else if base.note != other.note {
            let detail = Some(words(base.note.clone(), other.note.clone()));
            self.add(Difference { detail, ..place.of_kind(DifferenceKind::Note, &base.name) });
        }
        if !self.is_equal(base.standard_error, other.standard_error) {
            let (one, another) = (base.standard_error, other.standard_error);
            self.add(place.numbers(DifferenceKind::StandardError, &base.name, one, another));
        }
    }

    /// The counts of drifted columns: they can differ where no value does, by what a plugin suggests.
    fn drift(&mut self, base: &Evaluation, other: &Evaluation) {
        let (base, other) = (windows(base), windows(other));
        let key = |share: &DriftedShare| Place::of_share(share).key();
        for pair in paired(base, other, key) {
            let (one, another) = match pair {
                (Some(one), Some(another)) => (one, another),
                (Some(one), None) => {
                    self.add(Place::of_share(one).of_kind(DifferenceKind::OnlyInBase, "drift"));
                    continue;
                }
                (None, another) => {
                    let place = another.map(Place::of_share);
                    self.differences.extend(place.map(|place| place.of_kind(DifferenceKind::OnlyInOther, "drift")));
                    continue;
                }
            };
            let place = Place::of_share(one);
            let count = |count| Some(count as f64);
            for (name, one, another) in [
                ("drifted_columns", count(one.drifted_columns), count(another.drifted_columns)),
                ("tested_columns", count(one.tested_columns), count(another.tested_columns)),
                ("drifted_share", one.drifted_share, another.drifted_share),
            ] {
                if !self.is_equal(one, another) {
                    self.add(place.numbers(DifferenceKind::Value, name, one, another));
                }
            }
        }
    }

    fn is_equal(&self, one: Option<f64>, another: Option<f64>) -> bool {
        match (one, another) {
            (None, None) => true,
            (Some(one), Some(another)) => {
                one == another || (one - another).abs() <= self.tolerance * one.abs().max(another.abs())
            }
            _ => false,
        }
    }

    fn add(&mut self, difference: Difference) {
        self.differences.push(difference);
    }
}

/// Pairs items of the same key, those of the one in their order, then what only the other has. Of several with the same
/// key the first belongs to the first.
fn paired<'a, T>(base: &'a [T], other: &'a [T], key: impl Fn(&T) -> String) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let mut others: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, item) in other.iter().enumerate().rev() {
        others.entry(key(item)).or_default().push(at);
    }
    let mut is_taken = vec![false; other.len()];
    let mut pairs: Vec<_> = base
        .iter()
        .map(|item| {
            let at = others.get_mut(&key(item)).and_then(Vec::pop);
            at.into_iter().for_each(|at| is_taken[at] = true);
            (Some(item), at.map(|at| &other[at]))
        })
        .collect();
    pairs.extend(other.iter().zip(is_taken).filter(|(_, taken)| !taken).map(|(item, _)| (None, Some(item))));
    pairs
}

fn words(base: Option<String>, other: Option<String>) -> String {
    let word = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
    format!("{} → {}", word(base), word(other))
}

#[cfg(test)]
mod tests;
