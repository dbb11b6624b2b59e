//! One scan of a part for the cells that are missing, whose states are kept for the next time.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use driftline_core::{Digest, Window};
use driftline_storage::{Keep, ModelId, States};

use crate::{
    Error,
    cell::Cell,
    groups::{GroupKey, Periods},
    packed::{self, SliceMap},
    plan::MAX_GROUPS,
    side::{Part, Scope},
    unit::{GroupState, RunContext, UnitStates, UnitWork, too_many_groups},
};

/// A scan of one part.
pub(crate) struct Scanning {
    /// 0 for the window, 1 for the reference.
    pub side: usize,
    /// Which part of that side.
    pub at: usize,
    pub part: Part,
    /// What is computed of the sets of columns that lack something.
    pub work: UnitWork,
    /// Which sets of columns these are.
    pub columns: Vec<usize>,
    /// Which cells are computed.
    pub cells: Vec<usize>,
    /// For each set of columns the keys of these cells.
    pub keys: Vec<Vec<Digest>>,
    pub states: States,
    pub model: ModelId,
}

/// What a scan gives.
pub(crate) struct Scanned {
    pub side: usize,
    pub at: usize,
    pub columns: Vec<usize>,
    pub cells: Vec<usize>,
    /// For each set of columns and cell its states; those of a part that has no cells are in `whole`.
    pub states: Vec<Result<Vec<SliceMap<GroupState>>, driftline_core::Failure>>,
    pub whole: Option<UnitStates>,
    pub log: Vec<String>,
    /// For each set of columns whether the plugin looked at its clock.
    pub read_clock: Vec<bool>,
    /// Whether all states are kept for the next time.
    pub kept: bool,
}

impl Scanning {
    /// Reads the rows. Blocks; call it on a worker thread.
    pub fn run(self, context: &RunContext) -> Result<Scanned, Error> {
        let Self { side, at, part, mut work, columns, cells, keys, states, model } = self;
        let scanned = |states, whole, log, read_clock, kept| {
            Ok(Scanned { side, at, columns, cells: cells.clone(), states, whole, log, read_clock, kept })
        };
        let Scope::Cells(all) = &part.scope else {
            let mut found = work.states(&part.unit, context)?;
            let (log, read_clock) = (std::mem::take(&mut found.log), found.read_clock.clone());
            return scanned(Vec::new(), Some(found), log, read_clock, false);
        };
        if let Some(windows) = windows(&part, all, &cells) {
            work.max_groups = work.max_groups.saturating_mul(windows.len());
            work.shape.periods = Arc::new(Periods::Listed(windows));
        }
        let mut found = work.states(&part.unit, context)?;
        let log = std::mem::take(&mut found.log);
        let (mut by_cell, mut kept) = (Vec::new(), true);
        for ((binding, read_clock), keys) in found.bindings.into_iter().zip(&found.read_clock).zip(&keys) {
            let split = binding.map(|states| split(states, cells.len()));
            if let Ok(split) = &split {
                refuse_too_many(&cells, all, split)?;
            }
            if let (Ok(split), false) = (&split, read_clock) {
                for (key, cell) in keys.iter().zip(split) {
                    kept &= states.put(model, *key, packed::write_states(cell), Keep::Long);
                }
            } else {
                kept = false;
            }
            by_cell.push(split);
        }
        scanned(by_cell, None, log, found.read_clock, kept)
    }
}

/// The times of some cells; `None` for rows without times.
fn windows(part: &Part, all: &[Cell], cells: &[usize]) -> Option<Vec<Window>> {
    let whole = part.unit.extent().and_then(|extent| {
        let end = extent.last.after(driftline_core::Span::from_micros(1)?);
        Window::new(extent.first, end).ok()
    });
    cells.iter().map(|cell| all.get(*cell)?.window.or(whole)).collect()
}

/// As many periods and slices as a unit may have that is not taken apart.
fn refuse_too_many(cells: &[usize], all: &[Cell], states: &[SliceMap<GroupState>]) -> Result<(), Error> {
    let of_cell = |(cell, states): (&usize, &SliceMap<GroupState>)| {
        let period = all.get(*cell).map_or(0, |cell| cell.period);
        states.keys().map(|slice| (period, slice.clone())).collect::<Vec<_>>()
    };
    let groups: HashSet<_> = cells.iter().zip(states).flat_map(of_cell).collect();
    if groups.len() > MAX_GROUPS { Err(too_many_groups(MAX_GROUPS)) } else { Ok(()) }
}

fn split(states: BTreeMap<GroupKey, GroupState>, cells: usize) -> Vec<SliceMap<GroupState>> {
    let mut split: Vec<SliceMap<GroupState>> = (0..cells).map(|_| BTreeMap::new()).collect();
    for (key, state) in states {
        if let Some(cell) = split.get_mut(key.period as usize) {
            cell.insert(key.slice, state);
        }
    }
    split
}
