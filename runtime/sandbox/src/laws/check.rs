//! The laws themselves: each computes the same thing in two ways.

use std::ops::Range;

use driftline_core::{Failure, Report};

use super::{
    Law,
    breach::Breach,
    compare::{self, Difference},
    trial::{Instance, Stop, Trial},
};

/// What came of a law.
pub(super) enum Outcome {
    Holds,
    /// It holds, but.
    Remarked(String),
    /// There is nothing to check, and why.
    Idle(String),
    Broken(Breach),
}

type Checked = Result<Outcome, Stop>;

/// Checks a law on the first rows of a trial.
pub(super) fn check(law: Law, trial: &Trial<'_>, rows: usize) -> Checked {
    match law {
        Law::Rows => taken(trial, rows),
        Law::Empty => empty(trial, rows),
        Law::Determinism => determinism(trial, rows),
        Law::Independence => independence(trial, rows),
        Law::Batches => batches(trial, rows),
        Law::Nulls => nulls(trial, rows),
        Law::State => state(trial, rows),
        Law::Identity => identity(trial, rows),
        Law::Split => split(trial, rows),
        Law::Associativity => associativity(trial, rows),
        Law::Order => order(trial, rows),
    }
}

fn taken(trial: &Trial<'_>, rows: usize) -> Checked {
    trial.whole(rows)?;
    Ok(trial.doubt().map_or(Outcome::Holds, |doubt| Outcome::Remarked(doubt.to_owned())))
}

fn empty(trial: &Trial<'_>, rows: usize) -> Checked {
    let mut instance = trial.start()?;
    let (nothing, all) = (instance.open()?, instance.open()?);
    instance.update(all, 0..rows)?;
    let mut answers = vec![(0, "without rows", instance.report(nothing))];
    if trial.takes_reference() {
        let none = instance.open()?;
        answers.push((rows, "beside a reference without rows", instance.report_beside(all, Some(none))));
        if !trial.needs_reference() {
            answers.push((0, "without rows and without a reference", instance.report_beside(nothing, None)));
        }
    }
    let mut remark = None;
    for (rows, how, answer) in answers {
        match answer {
            Ok(_) => {}
            Err(Stop::Failed(failure)) if failure.code.is_fatal() => {
                return Ok(Outcome::Broken(Breach::failure(trial, rows, how, &failure)));
            }
            Err(Stop::Failed(failure)) => remark = remark.or_else(|| Some(expected_failure(how, &failure))),
            Err(Stop::TimeIsUp) => return Err(Stop::TimeIsUp),
        }
    }
    Ok(remark.map_or(Outcome::Holds, Outcome::Remarked))
}

fn expected_failure(how: &str, failure: &Failure) -> String {
    format!("it fails {how}: {} ({}); an undefined value with a note says as much", failure.message, failure.code)
}

fn determinism(trial: &Trial<'_>, rows: usize) -> Checked {
    let reports = compare::bits(&trial.whole(rows)?, &trial.whole_afresh(rows)?);
    // The runtime asks for the states of those only that merge.
    let states = match trial.merges() {
        true => compare::states(&trial.state(0..rows)?, &trial.state_afresh(0..rows)?),
        false => None,
    };
    Ok(outcome(trial, rows, "the second time", reports.or(states)))
}

fn independence(trial: &Trial<'_>, rows: usize) -> Checked {
    let whole = trial.whole(rows)?;
    let mut instance = trial.start()?;
    let other = instance.open()?;
    instance.update_others(other)?;
    let all = instance.open()?;
    instance.update(all, 0..rows)?;
    instance.update_others(other)?;
    let beside = differs(trial, &whole, &instance.report(all)?);
    if beside.is_some() {
        return Ok(outcome(trial, rows, "while another accumulator of the instance takes other rows", beside));
    }
    let next = instance.open()?;
    instance.update(next, 0..rows)?;
    let after = differs(trial, &whole, &instance.report(next)?);
    Ok(outcome(trial, rows, "in an accumulator that is opened after others", after))
}

fn batches(trial: &Trial<'_>, rows: usize) -> Checked {
    let whole = trial.whole(rows)?;
    let mut instance = trial.start()?;
    let all = instance.open()?;
    let parts = parts(rows, 1, rows / 2);
    parts.iter().try_for_each(|part| instance.update(all, part.clone()))?;
    let found = differs(trial, &whole, &instance.report(all)?);
    Ok(outcome(trial, rows, format!("in batches of {}", lengths(&parts)), found))
}

fn nulls(trial: &Trial<'_>, rows: usize) -> Checked {
    let Some(nulls) = trial.with_nulls() else { return Ok(Outcome::Idle("no bound input is nullable".to_owned())) };
    let gone_through = || -> Checked {
        let whole = nulls.whole(rows)?;
        if !nulls.merges() {
            return Ok(Outcome::Holds);
        }
        let parts = parts(rows, rows / 2, rows);
        let found = in_order(&nulls, &parts)?;
        Ok(outcome(&nulls, rows, merged_in(&parts), differs(&nulls, &whole, &found)))
    };
    match gone_through() {
        Err(Stop::Failed(failure)) if failure.code.is_fatal() => {
            Ok(Outcome::Broken(Breach::failure(&nulls, rows, "with missing cells", &failure)))
        }
        Err(Stop::Failed(failure)) => Ok(Outcome::Idle(format!("{} ({})", failure.message, failure.code))),
        other => other,
    }
}

fn state(trial: &Trial<'_>, rows: usize) -> Checked {
    let whole = trial.whole(rows)?;
    let saved = trial.state(0..rows)?;
    let mut instance = trial.start()?;
    let back = instance.merged(&[&saved])?;
    let restored = differs(trial, &whole, &instance.report(back)?);
    if restored.is_some() {
        return Ok(outcome(trial, rows, "once its state is saved and merged into an empty accumulator", restored));
    }
    let all = instance.open()?;
    instance.update(all, 0..rows / 2)?;
    let first = instance.state(all)?;
    let again = compare::states(&first, &instance.state(all)?);
    if again.is_some() {
        return Ok(outcome(trial, rows / 2, "when it is saved twice", again));
    }
    instance.update(all, rows / 2..rows)?;
    instance.state(all)?;
    let kept = differs(trial, &whole, &instance.report(all)?);
    Ok(outcome(trial, rows, "when its state is saved before it takes the second half of them, and after", kept))
}

fn identity(trial: &Trial<'_>, rows: usize) -> Checked {
    let whole = trial.whole(rows)?;
    let (nothing, all) = (trial.state(0..0)?, trial.state(0..rows)?);
    let mut instance = trial.start()?;
    for (how, states) in [
        ("once merged after a state of no rows", [&nothing[..], &all[..]]),
        ("once merged before a state of no rows", [&all[..], &nothing[..]]),
    ] {
        let merged = instance.merged(&states)?;
        let found = differs(trial, &whole, &instance.report(merged)?);
        if found.is_some() {
            return Ok(outcome(trial, rows, how, found));
        }
    }
    Ok(Outcome::Holds)
}

fn split(trial: &Trial<'_>, rows: usize) -> Checked {
    let whole = trial.whole(rows)?;
    for parts in cuts(rows) {
        let found = differs(trial, &whole, &in_order(trial, &parts)?);
        if found.is_some() {
            return Ok(outcome(trial, rows, merged_in(&parts), found));
        }
    }
    Ok(Outcome::Holds)
}

fn associativity(trial: &Trial<'_>, rows: usize) -> Checked {
    for parts in cuts(rows) {
        let [a, b, c] = states(trial, &parts)?;
        let mut instance = trial.start()?;
        let one_by_one = instance.merged(&[&a, &b, &c])?;
        let expected = instance.report(one_by_one)?;
        for (how, before, first) in [("the first two before", [&a, &b], true), ("the last two before", [&b, &c], false)]
        {
            let joined = joined(trial, before)?;
            let merged = if first { instance.merged(&[&joined, &c])? } else { instance.merged(&[&a, &joined])? };
            let found = differs(trial, &expected, &instance.report(merged)?);
            if found.is_some() {
                return Ok(outcome(trial, rows, format!("{}, {how}", merged_in(&parts)), found));
            }
        }
    }
    Ok(Outcome::Holds)
}

fn order(trial: &Trial<'_>, rows: usize) -> Checked {
    let whole = trial.whole(rows)?;
    for parts in cuts(rows) {
        let [a, b, c] = states(trial, &parts)?;
        let mut instance = trial.start()?;
        for (how, states) in
            [("the last part first", [&c[..], &a[..], &b[..]]), ("the other way round", [&c[..], &b[..], &a[..]])]
        {
            let merged = instance.merged(&states)?;
            let found = differs(trial, &whole, &instance.report(merged)?);
            if found.is_some() {
                return Ok(outcome(trial, rows, format!("{}, {how}", merged_in(&parts)), found));
            }
        }
    }
    Ok(Outcome::Holds)
}

fn outcome(trial: &Trial<'_>, rows: usize, how: impl Into<String>, found: Option<Difference>) -> Outcome {
    found.map_or(Outcome::Holds, |found| Outcome::Broken(Breach::difference(trial, rows, how, found)))
}

fn differs(trial: &Trial<'_>, expected: &Report, found: &Report) -> Option<Difference> {
    compare::reports(expected, found, trial.tolerance())
}

/// Three parts: up to `first`, up to `second`, and the rest.
fn parts(rows: usize, first: usize, second: usize) -> [Range<usize>; 3] {
    let (first, second) = (first.min(rows), second.min(rows));
    [0..first, first..second.max(first), second.max(first)..rows]
}

fn cuts(rows: usize) -> [[Range<usize>; 3]; 2] {
    [parts(rows, rows.div_ceil(3), (2 * rows).div_ceil(3)), parts(rows, 1, rows / 2)]
}

fn states(trial: &Trial<'_>, parts: &[Range<usize>; 3]) -> Result<[Vec<u8>; 3], Stop> {
    let [a, b, c] = parts.clone();
    Ok([trial.state(a)?, trial.state(b)?, trial.state(c)?])
}

/// The report of parts that are merged in their order.
fn in_order(trial: &Trial<'_>, parts: &[Range<usize>; 3]) -> Result<Report, Stop> {
    let [a, b, c] = states(trial, parts)?;
    let mut instance = trial.start()?;
    let merged = instance.merged(&[&a, &b, &c])?;
    instance.report(merged)
}

/// The state of two that are merged, in an instance of their own.
fn joined(trial: &Trial<'_>, states: [&Vec<u8>; 2]) -> Result<Vec<u8>, Stop> {
    let mut instance: Instance<'_> = trial.start()?;
    let both = instance.merged(&states.map(Vec::as_slice))?;
    instance.state(both)
}

fn merged_in(parts: &[Range<usize>]) -> String {
    format!("in parts of {} that are merged", lengths(parts))
}

fn lengths(parts: &[Range<usize>]) -> String {
    parts.iter().map(|part| part.len().to_string()).collect::<Vec<_>>().join(", ")
}
