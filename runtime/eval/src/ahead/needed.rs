//! The stretches of time that a window needs when it has moved on, and whose states are not kept yet.

use std::collections::HashSet;

use driftline_core::{Digest, Time, Window};

use super::{Moving, shape};
use crate::{
    Error, Evaluator, Plan,
    cell::{Cell, Extent, is_taken_apart},
    groups::{HOUR_MICROS, Periods},
    identity,
    plan::MAX_GROUPS,
    scanning::Scanning,
    side::{Part, Scope, of_segment},
    source::{Source, Unit},
    unit::UnitWork,
};

/// How many steps are looked ahead, and how far, but for the first.
const STEPS: i64 = 24;
const FAR_MICROS: i64 = 24 * HOUR_MICROS;
/// Beyond the next step as many rows are computed at a time as come in so many: the window's start passes each row twice, as
/// a part of a day and of an hour, and whatever else is due should find room.
const STEPS_AT_ONCE: u64 = 4;
/// The bounds of that.
const FEW_ROWS: u64 = 1 << 16;
const MOST_ROWS: u64 = 1 << 20;

/// The scans for what the next step needs, and for a few rows of what those after it do. Stretches that begin behind the
/// window as it is now are left to the questions that will ask for them. Blocks.
pub(super) fn scans(plan: &Plan, moving: &Moving, evaluator: &Evaluator) -> Result<Vec<Scanning>, Error> {
    let steps = (FAR_MICROS / moving.step).clamp(1, STEPS);
    let places: Vec<Window> = (1..=steps).map_while(|number| moved(moving.window, number * moving.step)).collect();
    let (Some(shape), [first, .., last] | [first @ last]) = (shape(plan, moving.side), places.as_slice()) else {
        return Ok(Vec::new());
    };
    let hull = Window::new(first.start(), last.end()).unwrap_or(*first);
    let snapshot = evaluator.storage.snapshot(&plan.model, Some(hull))?;
    let columns: Vec<_> = shape.columns().into_iter().collect();
    let units = Source::of_snapshot(&evaluator.storage, &snapshot, &columns)?.units;
    let segments = units.into_iter().zip(snapshot.identities(&columns)?);
    let segments: Vec<Segment> = segments.filter_map(|(unit, rows)| Segment::of(unit, rows)).collect();

    let rows: u64 = segments.iter().map(|segment| segment.extent.rows).sum();
    let in_a_step = (rows as f64 * moving.step as f64 / length(hull)) as u64;
    let definitions = shape.bindings.iter().map(|binding| identity::definition(plan, shape, binding)).collect();
    let work = UnitWork {
        factory: plan.factory.clone(),
        parameters: plan.parameters.clone(),
        shape: shape.clone(),
        window: plan.window,
        max_groups: MAX_GROUPS,
    };
    let mut search = Search {
        evaluator,
        plan,
        work,
        definitions,
        before: moving.window.end(),
        seen: HashSet::new(),
        rows_left: MOST_ROWS,
    };
    let few = (STEPS_AT_ONCE * in_a_step).clamp(FEW_ROWS, MOST_ROWS);
    let mut scans = Vec::new();
    for (number, place) in places.into_iter().enumerate() {
        if number == 1 {
            search.rows_left = few.saturating_sub(MOST_ROWS - search.rows_left);
        }
        if search.rows_left == 0 {
            break;
        }
        let periods = Periods::Listed(vec![place]);
        for segment in &segments {
            scans.extend(search.scans(segment, &periods)?);
        }
    }
    Ok(scans)
}

/// A segment that is taken apart where a period cuts it.
struct Segment {
    unit: Unit,
    extent: Extent,
    /// A digest over all that its rows depend on.
    rows: Digest,
}

impl Segment {
    fn of(unit: Unit, rows: Digest) -> Option<Self> {
        let extent = unit.extent().filter(|extent| is_taken_apart(*extent))?;
        Some(Self { unit, extent, rows })
    }
}

/// A search for what is not kept.
struct Search<'a> {
    evaluator: &'a Evaluator,
    plan: &'a Plan,
    work: UnitWork,
    definitions: Vec<Digest>,
    /// Only stretches that begin before this.
    before: Time,
    seen: HashSet<Digest>,
    /// How many rows may still be read.
    rows_left: u64,
}

impl Search<'_> {
    /// The scans of one segment for one place of the window.
    fn scans(&mut self, segment: &Segment, periods: &Periods) -> Result<Vec<Scanning>, Error> {
        let mut scans = Vec::new();
        let parts = of_segment(&segment.unit, segment.extent, &segment.rows, periods);
        let rows_in_part = segment.extent.rows / (parts.len() as u64).max(1);
        for part in parts {
            let Scope::Cells(all) = &part.scope else { continue };
            if all.iter().any(|cell| cell.window.is_some()) {
                // The question will read some of it, and must not wait for the check of a file of another start.
                segment.unit.verify()?;
            }
            let mut cells = Vec::new();
            for (at, cell) in all.iter().enumerate() {
                let rows = cell.window.map_or(rows_in_part, |window| rows_in(segment.extent, window));
                if self.rows_left > 0 && self.needs(&part, cell, segment.extent, rows) {
                    self.rows_left = self.rows_left.saturating_sub(rows);
                    cells.push(at);
                }
            }
            if !cells.is_empty() {
                scans.push(self.scan(part, cells));
            }
        }
        Ok(scans)
    }

    fn needs(&mut self, part: &Part, cell: &Cell, extent: Extent, rows: u64) -> bool {
        let begin = cell.window.map_or(extent.first, |window| window.start());
        let fits = rows.saturating_mul(self.definitions.len() as u64) <= self.evaluator.cells;
        if begin >= self.before || !fits || !self.seen.insert(identity::cell(&self.definitions[0], &part.rows, cell)) {
            return false;
        }
        let states = self.evaluator.storage.states();
        self.definitions.iter().any(|definition| !states.has(&identity::cell(definition, &part.rows, cell)))
    }

    fn scan(&self, part: Part, cells: Vec<usize>) -> Scanning {
        let keys = |definition: &Digest| match &part.scope {
            Scope::Cells(all) => cells.iter().map(|at| identity::cell(definition, &part.rows, &all[*at])).collect(),
            Scope::Periods(_) => Vec::new(),
        };
        Scanning {
            side: 0,
            at: 0,
            work: self.work.clone(),
            columns: (0..self.definitions.len()).collect(),
            keys: self.definitions.iter().map(keys).collect(),
            cells,
            part,
            states: self.evaluator.storage.states().clone(),
            model: self.plan.model.id,
        }
    }
}

/// The window some microseconds later.
fn moved(window: Window, by: i64) -> Option<Window> {
    let later = |time: Time| Time::from_micros(time.micros().checked_add(by)?).ok();
    Window::new(later(window.start())?, later(window.end())?).ok()
}

/// About how many of a segment's rows lie in a window.
fn rows_in(extent: Extent, window: Window) -> u64 {
    let all = (extent.last.micros() - extent.first.micros()).max(1) as f64;
    (extent.rows as f64 * (length(window) / all).min(1.0)) as u64
}

/// In microseconds.
fn length(window: Window) -> f64 {
    (window.end().micros() - window.start().micros()) as f64
}
