//! One side of an evaluation: its rows in units, what is computed of them, and what stands in for rows that are gone.

use std::{ops::Range, sync::Arc};

use driftline_core::{Digest, Time, Window};
use driftline_storage::{Model, Pin, Snapshot, Storage};

use crate::{
    Error,
    cell::{Cell, Extent, cells},
    frame::Shape,
    groups::Periods,
    plan::{MAX_GROUPS, Plan, PlannedRows},
    rolled_up::{self, StandIn},
    same_rows::SameRows,
    source::{Facts, Source, Unit},
    unit::{UnitStates, UnitWork},
};

/// One side of an evaluation, ready to be computed.
pub(crate) struct Side {
    pub shape: Shape,
    pub parts: Vec<Part>,
    pub facts: Facts,
    /// What stands in for rows that are gone.
    pub stand_in: Option<StandIn>,
    /// A digest over what stands in.
    pub kept: Option<Digest>,
    /// Holds off the end of deletions until what was computed is kept.
    _pin: Option<Pin>,
}

/// Rows that one scan reads, and what is computed of them.
#[derive(Clone)]
pub(crate) struct Part {
    pub unit: Unit,
    pub scope: Scope,
    /// A digest over all that its rows depend on.
    pub rows: Digest,
}

/// Which states a scan gives.
#[derive(Debug, Clone)]
pub(crate) enum Scope {
    /// One for each slice and cell of the unit; of immutable rows.
    Cells(Vec<Cell>),
    /// One for each slice and period, of which there are at most these; the rows will be elsewhere soon.
    Periods(Range<u32>),
}

impl Side {
    /// What is computed of some sets of columns.
    pub fn work(&self, plan: &Plan, columns: Range<usize>) -> Arc<UnitWork> {
        let bindings = self.shape.bindings.get(columns).unwrap_or_default();
        Arc::new(UnitWork {
            factory: Arc::clone(&plan.factory),
            parameters: plan.parameters.clone(),
            shape: self.shape.of_bindings(bindings.to_vec()),
            window: plan.window,
            max_groups: MAX_GROUPS,
        })
    }

    /// All its units.
    pub fn units(&self) -> Vec<Unit> {
        self.parts.iter().map(|part| part.unit.clone()).collect()
    }

    /// The kept states of some sets of columns, taken out.
    pub fn take_states(&mut self, columns: Range<usize>) -> Vec<UnitStates> {
        self.stand_in.as_mut().map(|stand_in| stand_in.take(columns)).unwrap_or_default()
    }

    fn of_snapshot(storage: &Storage, plan: &Plan, snapshot: &Snapshot, shape: &Shape) -> Result<Self, Error> {
        let stand_in = rolled_up::stand_in(plan, shape, snapshot)?;
        let columns: Vec<_> = shape.columns().into_iter().collect();
        let Source { units, facts } = Source::of_snapshot(storage, snapshot, &columns)?;
        let mut identities = snapshot.identities(&columns)?.into_iter();
        let mut parts = Vec::new();
        for unit in units {
            match (unit.extent(), identities.next()) {
                (Some(extent), Some(rows)) => parts.extend(of_segment(&unit, extent, &rows, &shape.periods)),
                _ => {
                    let scope = Scope::Periods(touched(&unit.times, &shape.periods));
                    let rows = snapshot.unsealed_identity();
                    parts.extend(unit.parts().into_iter().map(|unit| Part { unit, scope: scope.clone(), rows }));
                }
            }
        }
        let kept = stand_in.as_ref().map(|_| snapshot.kept_identity());
        Ok(Self { shape: shape.clone(), parts, facts, stand_in, kept, _pin: Some(snapshot.pin()) })
    }

    fn of_dataset(source: Source, shape: &Shape) -> Self {
        let Source { units, facts } = source;
        let whole = || Scope::Cells(vec![Cell { period: 0, window: None }]);
        let part = |unit: Unit| Part { rows: unit.range_of(&facts.data), scope: whole(), unit };
        let parts = units.iter().flat_map(Unit::parts).map(part).collect();
        Self { shape: shape.clone(), parts, facts, stand_in: None, kept: None, _pin: None }
    }
}

/// A segment that lies in a period is read in parts of a fixed size, one that is cut as a whole, in cells.
pub(crate) fn of_segment(unit: &Unit, extent: Extent, rows: &Digest, periods: &Periods) -> Vec<Part> {
    let cells = cells(extent, periods);
    match cells.as_slice() {
        [] => Vec::new(),
        [Cell { window: None, .. }] => {
            let part = |unit: Unit| Part { rows: unit.range_of(rows), scope: Scope::Cells(cells.clone()), unit };
            unit.parts().into_iter().map(part).collect()
        }
        _ => vec![Part { unit: unit.clone(), rows: *rows, scope: Scope::Cells(cells) }],
    }
}

/// The periods that times from the first to the last can lie in.
fn touched(times: &Option<(Time, Time)>, periods: &Periods) -> Range<u32> {
    let Some((first, last)) = times else { return 0..0 };
    let listed = periods.listed();
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let begin = listed.partition_point(|period| period.end() <= *first);
    number(begin)..number(listed.partition_point(|period| period.start() <= *last).max(begin))
}

/// Finds the rows of both sides. Blocks on the catalog.
pub(crate) fn sides(plan: &Plan, storage: &Storage) -> Result<(Side, Option<Side>), Error> {
    let side = |rows: &PlannedRows, shape: &Shape| match rows {
        PlannedRows::Window(window) => {
            let snapshot = rows_of(plan.same_rows.as_ref(), storage, &plan.model, *window)?;
            Side::of_snapshot(storage, plan, &snapshot, shape)
        }
        PlannedRows::Dataset { dataset, .. } => Ok(Side::of_dataset(Source::of_dataset(storage, dataset), shape)),
    };
    let current = side(&plan.rows, &plan.shape)?;
    let reference = plan.reference.as_ref().map(|reference| side(&reference.rows, &reference.shape)).transpose()?;
    Ok((current, reference))
}

/// The model's rows in a window, as they are now, or as another plan saw them.
fn rows_of(same: Option<&SameRows>, storage: &Storage, model: &Model, window: Window) -> Result<Snapshot, Error> {
    match same {
        Some(rows) => rows.snapshot(storage, model, window),
        None => Ok(storage.snapshot(model, Some(window))?),
    }
}

/// A digest over everything that was read, made of those of the sides.
pub(crate) fn data<'a>(sides: impl Iterator<Item = &'a Digest>) -> Digest {
    Digest::of_parts(sides.map(|side| &side.as_bytes()[..]))
}
