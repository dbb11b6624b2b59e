//! What is known of one set of columns: the reports and states that are kept, those that were computed, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use driftline_storage::States;

use crate::{
    groups::GroupKey,
    keys::{Keys, PartKeys},
    merge::GroupResult,
    packed::{self, SliceMap},
    side::{Part, Scope},
    unit::{BindingStates, GroupState},
};

/// The states of a part's cells, as far as they are known.
type PartStates = Vec<Option<SliceMap<GroupState>>>;

/// What is known of one set of columns.
pub(crate) struct Gathered {
    pub keys: Keys,
    /// The results of the periods that are known.
    pub results: BTreeMap<u32, Vec<GroupResult>>,
    /// The periods whose results are to be computed.
    pub needed: BTreeSet<u32>,
    /// Of the window and of the reference.
    pub states: [Vec<PartStates>; 2],
    /// The states of the reference together, where they are known.
    pub reference: Option<SliceMap<Vec<Vec<u8>>>>,
    /// How many cells need not be computed.
    pub cached: u64,
}

impl Gathered {
    /// Looks for what is kept. Blocks.
    pub fn look(keys: Keys, states: &States) -> Self {
        let mut results = BTreeMap::new();
        let mut needed = BTreeSet::new();
        for (number, (key, _)) in (0..).zip(&keys.reports) {
            match states.get(key).and_then(|bytes| packed::read_results(&bytes, number)) {
                Some(found) => drop(results.insert(number, found)),
                None => drop(needed.insert(number)),
            }
        }
        let asks = !needed.is_empty();
        let reference = keys.reference.as_ref().filter(|_| asks);
        let reference = reference.and_then(|(key, _)| packed::read_reference(&states.get(key)?));
        let look = |part: &PartKeys, wanted: &dyn Fn(u32) -> bool| -> PartStates {
            let find = |(key, period): &(_, u32)| match wanted(*period) {
                true => packed::read_states(&states.get(key)?),
                false => None,
            };
            part.iter().map(find).collect()
        };
        let current: Vec<_> = keys.current.iter().map(|part| look(part, &|period| needed.contains(&period))).collect();
        let compares = asks && reference.is_none();
        let compared: Vec<_> = keys.compared.iter().map(|part| look(part, &|_| compares)).collect();
        let mut gathered = Self { keys, results, needed, states: [current, compared], reference, cached: 0 };
        gathered.cached = gathered.count_cached();
        gathered
    }

    fn count_cached(&self) -> u64 {
        let count = |side: usize| {
            let keys = self.keys_of(side).iter().zip(&self.states[side]);
            keys.flat_map(|(keys, states)| keys.iter().zip(states))
                .filter(|((_, period), state)| state.is_some() || !self.asks(side, *period))
                .count() as u64
        };
        count(0) + count(1)
    }

    fn keys_of(&self, side: usize) -> &[PartKeys] {
        if side == 0 { &self.keys.current } else { &self.keys.compared }
    }

    /// Whether the states of a period of this side are of use.
    fn asks(&self, side: usize, period: u32) -> bool {
        match side {
            0 => self.needed.contains(&period),
            _ => !self.needed.is_empty() && self.reference.is_none(),
        }
    }

    /// The cells of a part that must be computed; the number 0 stands for all of a part whose states are not kept.
    pub fn missing(&self, side: usize, at: usize, part: &Part) -> Vec<usize> {
        match &part.scope {
            Scope::Periods(periods) => match side {
                0 => periods.clone().any(|period| self.needed.contains(&period)).then_some(0).into_iter().collect(),
                _ => self.asks(1, 0).then_some(0).into_iter().collect(),
            },
            Scope::Cells(cells) => {
                let states = &self.states[side][at];
                let lacks =
                    |(cell, state): &(usize, &Option<_>)| state.is_none() && self.asks(side, cells[*cell].period);
                states.iter().enumerate().filter(lacks).map(|(cell, _)| cell).collect()
            }
        }
    }

    /// The states of a part's cells in their order, for merging, taken out.
    pub fn take(&mut self, side: usize, at: usize, part: &Part) -> Vec<BindingStates> {
        let Scope::Cells(cells) = &part.scope else { return Vec::new() };
        let states = std::mem::take(&mut self.states[side][at]);
        let keyed = |(cell, states): (&crate::cell::Cell, Option<SliceMap<GroupState>>)| {
            let states = states.unwrap_or_default();
            Ok(states.into_iter().map(|(slice, state)| (GroupKey { period: cell.period, slice }, state)).collect())
        };
        cells.iter().zip(states).map(keyed).collect()
    }
}
