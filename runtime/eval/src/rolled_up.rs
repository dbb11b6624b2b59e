//! One side of an evaluation over time whose rows are gone: kept states stand in for them.

use std::{collections::BTreeMap, ops::Range};

use arrow::row::RowConverter;
use driftline_core::{Time, Window};
use driftline_storage::{Grain, KeptState, Snapshot};

use crate::{
    Error, Plan,
    binding::Binding,
    frame::{Shape, row_converter, slice_types},
    groups::{GroupKey, slice_bytes},
    outcome::{RolledUp, Rows},
    slice,
    unit::{GroupState, UnitStates},
};

/// What stands in for the rows before the horizon.
pub(crate) struct StandIn {
    /// For each binding its states.
    states: Vec<Groups>,
    /// For each binding and each period that begins before the horizon what can be said of it.
    pub marks: Vec<BTreeMap<u32, RolledUp>>,
}

/// Finds the states for the periods of `shape` that begin before the horizon;
/// `None` when no period does. Blocks.
pub(crate) fn stand_in(plan: &Plan, shape: &Shape, snapshot: &Snapshot) -> Result<Option<StandIn>, Error> {
    let Some(until) = snapshot.model.horizon else { return Ok(None) };
    let listed = shape.periods.listed();
    let behind = listed.partition_point(|period| period.start() < until);
    if behind == 0 {
        return Ok(None);
    }
    let mut kept = Vec::new();
    for binding in &shape.bindings {
        kept.push(Kept::of(plan, binding, shape, snapshot, &listed[..behind])?);
    }
    Ok(Some(StandIn {
        states: kept.iter_mut().map(|kept| std::mem::take(&mut kept.groups)).collect(),
        marks: kept.into_iter().map(|kept| kept.marks).collect(),
    }))
}

impl StandIn {
    /// The states of some bindings, taken out, as if they came from units before all others.
    pub fn take(&mut self, bindings: Range<usize>) -> Vec<UnitStates> {
        layers(self.states.get_mut(bindings).into_iter().flatten().map(std::mem::take).collect())
    }
}

type Groups = BTreeMap<GroupKey, Vec<GroupState>>;

/// The states of one binding.
struct Kept {
    groups: Groups,
    marks: BTreeMap<u32, RolledUp>,
}

impl Kept {
    fn of(
        plan: &Plan,
        binding: &Binding,
        shape: &Shape,
        snapshot: &Snapshot,
        periods: &[Window],
    ) -> Result<Self, Error> {
        let until = snapshot.model.horizon.unwrap_or(Time::EPOCH);
        let mark =
            |note: Option<&str>| RolledUp { until, grain: None, complete: note.is_none(), note: note.map(Into::into) };
        let definition = match plan.definition(binding) {
            Ok(definition) => definition,
            Err(reason) => {
                let marks = (0..).zip(periods).map(|(number, _)| (number, mark(Some(reason)))).collect();
                return Ok(Self { groups: Groups::new(), marks });
            }
        };
        let covered = snapshot.covered(definition.key);
        let marked = (0..).zip(periods).map(|(number, period)| {
            let gone = Window::new(period.start(), period.end().min(until)).unwrap_or(*period);
            let is_covered = covered.iter().any(|c| c.start() <= gone.start() && gone.end() <= c.end());
            (number, mark((!is_covered).then_some(NOT_KEPT)))
        });
        let mut kept = Self { groups: Groups::new(), marks: marked.collect() };
        let converter = row_converter(&shape.groups)?;
        for state in snapshot.kept(definition.key)? {
            kept.take_in(state, shape, converter.as_ref(), periods)?;
        }
        kept.groups.retain(|key, _| kept.marks.get(&key.period).is_some_and(|mark| mark.complete));
        Ok(kept)
    }

    /// Gives a state to the period that it lies in; periods that it only reaches into can't be answered.
    fn take_in(
        &mut self,
        state: KeptState,
        shape: &Shape,
        converter: Option<&RowConverter>,
        periods: &[Window],
    ) -> Result<(), Error> {
        let grain = Grain::of(state.window);
        let first = periods.partition_point(|period| period.end() <= state.window.start());
        let touched = (0..).zip(periods).skip(first).take_while(|(_, period)| period.start() < state.window.end());
        for (number, period) in touched {
            let Some(mark) = self.marks.get_mut(&number) else { continue };
            mark.grain = mark.grain.max(Some(grain));
            let inside = period.start() <= state.window.start() && state.window.end() <= period.end();
            let values = slice::from_text(&state.slice);
            let bytes = match values {
                Some(values) => slice_bytes(converter, &slice_types(&shape.groups), &values)?,
                None => None,
            };
            match bytes {
                _ if !inside && mark.complete => {
                    mark.complete = false;
                    mark.note = Some(too_coarse(grain));
                }
                Some(slice) if inside => {
                    let [read, used, missing] = state.rows;
                    let group = GroupState { state: state.state, rows: Rows { read, used, missing } };
                    self.groups.entry(GroupKey { period: number, slice }).or_default().push(group);
                    return Ok(());
                }
                None if mark.complete => {
                    mark.complete = false;
                    mark.note = Some("the kept slices are of other types than the grouping expressions now".into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}

const NOT_KEPT: &str = "the rows are gone, and no states of this plugin version with these parameters, inputs, `where` \
                        and `group_by` were kept for all of this time: states are kept of what recorded evaluations \
                        used before the rows went, as long as they take up no more room than the rows did";

fn too_coarse(grain: Grain) -> String {
    format!(
        "the rows are gone, and what was kept is rolled up by the {grain}: let the period start and end with one, in UTC"
    )
}

/// The n-th state of each group goes to the n-th unit, so that they merge in order of time.
fn layers(bindings: Vec<Groups>) -> Vec<UnitStates> {
    let depth = bindings.iter().flat_map(|groups| groups.values().map(Vec::len)).max().unwrap_or(0);
    let width = bindings.len();
    let mut units: Vec<Vec<BTreeMap<GroupKey, GroupState>>> =
        (0..depth).map(|_| (0..width).map(|_| BTreeMap::new()).collect()).collect();
    for (at, groups) in bindings.into_iter().enumerate() {
        for (key, states) in groups {
            for (unit, state) in units.iter_mut().zip(states) {
                unit[at].insert(key.clone(), state);
            }
        }
    }
    let read_clock = vec![false; width];
    let unit = |bindings: Vec<_>| UnitStates {
        bindings: bindings.into_iter().map(Ok).collect(),
        read_clock: read_clock.clone(),
        log: Vec::new(),
    };
    units.into_iter().map(unit).collect()
}
