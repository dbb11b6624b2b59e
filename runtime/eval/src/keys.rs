//! Under which keys the states and reports of one set of columns are kept.

use driftline_core::Digest;
use driftline_storage::Keep;

use crate::{
    Plan, identity,
    side::{Part, Scope, Side},
};

/// The keys of one set of columns.
pub(crate) struct Keys {
    /// Of each part of the window.
    pub current: Vec<PartKeys>,
    /// Of each part of the reference.
    pub compared: Vec<PartKeys>,
    /// Of the reference's states together, and for how long these are of use.
    pub reference: Option<(Digest, Keep)>,
    /// Of the reports of each period.
    pub reports: Vec<(Digest, Keep)>,
}

/// The keys of one part: the key of each cell, and the period that it lies in. None where states are not kept.
pub(crate) type PartKeys = Vec<(Digest, u32)>;

impl Keys {
    pub fn of(plan: &Plan, column: usize, current: &Side, reference: Option<&Side>) -> Option<Self> {
        let definition = |side: &Side| Some(identity::definition(plan, &side.shape, side.shape.bindings.get(column)?));
        let of_current = definition(current)?;
        let keys: Vec<PartKeys> = current.parts.iter().map(|part| of_part(&of_current, part)).collect();
        let (compared, reference) = match reference {
            None => (Vec::new(), None),
            Some(side) => {
                let of_reference = definition(side)?;
                let keys: Vec<PartKeys> = side.parts.iter().map(|part| of_part(&of_reference, part)).collect();
                let (cells, keep) = ordered(side, &keys, None);
                let key = identity::reference(&of_reference, &cells, side.kept.as_ref());
                (keys, Some((key, keep)))
            }
        };
        let report = |(number, period)| {
            let (cells, keep) = ordered(current, &keys, Some(number));
            let other = reference.as_ref().map(|(key, _)| key);
            let key = identity::report(&of_current, [plan.window, period], &cells, current.kept.as_ref(), other);
            let keeps = [Some(keep), reference.as_ref().map(|(_, keep)| *keep)];
            let briefly = keeps.contains(&Some(Keep::Briefly));
            (key, if briefly { Keep::Briefly } else { Keep::Long })
        };
        let periods = plan.shape.periods.listed().iter().copied();
        let reports = (0..).zip(periods).map(report).collect();
        Some(Self { current: keys, compared, reference, reports })
    }
}

fn of_part(definition: &Digest, part: &Part) -> PartKeys {
    match &part.scope {
        Scope::Cells(cells) => {
            cells.iter().map(|cell| (identity::cell(definition, &part.rows, cell), cell.period)).collect()
        }
        Scope::Periods(_) => Vec::new(),
    }
}

/// What the states of a period, or of all, are computed from, in the order in which they merge.
fn ordered(side: &Side, keys: &[PartKeys], period: Option<u32>) -> (Vec<Digest>, Keep) {
    let (mut cells, mut keep) = (Vec::new(), Keep::Long);
    for (part, keys) in side.parts.iter().zip(keys) {
        match &part.scope {
            Scope::Periods(periods) if period.is_none_or(|period| periods.contains(&period)) => {
                cells.push(part.rows);
                keep = Keep::Briefly;
            }
            Scope::Periods(_) => {}
            Scope::Cells(_) => {
                cells.extend(
                    keys.iter().filter(|(_, of)| period.is_none_or(|period| period == *of)).map(|(key, _)| *key),
                );
            }
        }
    }
    (cells, keep)
}
