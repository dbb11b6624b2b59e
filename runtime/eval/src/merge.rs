//! Merges the states of units in their fixed order and asks the plugin for its report.

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::{Accumulator, Failure, FailureCode, Metric, MetricFactory, Report, Window};

use crate::{
    binding::Binding,
    groups::GroupKey,
    outcome::Rows,
    unit::{BindingStates, GroupState, UnitStates},
};

/// The states of one slice for one binding, in order of units.
pub(crate) struct SliceStates {
    pub slice: Arc<[u8]>,
    /// For each period its row counts and states.
    pub periods: BTreeMap<u32, (Rows, Vec<Vec<u8>>)>,
    /// The states of the same slice of the reference.
    pub reference: Vec<Vec<u8>>,
}

/// What became of one period and slice.
pub(crate) struct GroupResult {
    pub key: GroupKey,
    pub rows: Rows,
    pub report: Result<Report, Failure>,
}

/// Sorts the states of all units by slice, for each binding; `expected` groups
/// are there even without rows. A failure in any unit is the failure of its binding.
pub(crate) fn by_slice(
    bindings: usize,
    current: Vec<UnitStates>,
    reference: Vec<UnitStates>,
    expected: &[GroupKey],
) -> Vec<Result<Vec<SliceStates>, Failure>> {
    let mut slices: Vec<Slices> = (0..bindings).map(|_| Ok(BTreeMap::new())).collect();
    gather(&mut slices, current, |slice, key, group| {
        let (rows, states) = slice.periods.entry(key.period).or_default();
        *rows = rows.and(group.rows);
        states.push(group.state);
    });
    for slices in slices.iter_mut().flatten() {
        for key in expected {
            let slice = slices.entry(Arc::clone(&key.slice)).or_insert_with_key(SliceStates::new);
            slice.periods.entry(key.period).or_default();
        }
    }
    gather(&mut slices, reference, |slice, _, group| slice.reference.push(group.state));
    let measured =
        |slices: BTreeMap<_, SliceStates>| slices.into_values().filter(|slice| !slice.periods.is_empty()).collect();
    slices.into_iter().map(|slices| slices.map(measured)).collect()
}

type Slices = Result<BTreeMap<Arc<[u8]>, SliceStates>, Failure>;

fn gather(slices: &mut [Slices], units: Vec<UnitStates>, mut add: impl FnMut(&mut SliceStates, &GroupKey, GroupState)) {
    for unit in units {
        for (slices, states) in slices.iter_mut().zip(unit.bindings) {
            gather_one(slices, states, &mut add);
        }
    }
}

fn gather_one(
    slices: &mut Slices,
    states: BindingStates,
    add: &mut impl FnMut(&mut SliceStates, &GroupKey, GroupState),
) {
    match (slices.as_mut(), states) {
        (Ok(slices), Ok(states)) => {
            for (key, group) in states {
                let slice = slices.entry(Arc::clone(&key.slice)).or_insert_with_key(SliceStates::new);
                add(slice, &key, group);
            }
        }
        (Ok(_), Err(failure)) => *slices = Err(failure),
        (Err(_), _) => {}
    }
}

impl SliceStates {
    fn new(slice: &Arc<[u8]>) -> Self {
        Self { slice: Arc::clone(slice), periods: BTreeMap::new(), reference: Vec::new() }
    }
}

/// How states become reports: which plugin, with what, and when its clock stands.
pub(crate) struct MergeWork {
    pub factory: Arc<dyn MetricFactory>,
    pub parameters: String,
    pub window: Window,
    pub with_reference: bool,
}

impl MergeWork {
    /// The results of one slice, and the plugin's log. The reference is merged
    /// once for all periods; after a fatal failure a fresh instance goes on, but
    /// after a missed deadline the rest is not tried: each would take as long.
    pub fn results(&self, binding: &Binding, slice: SliceStates) -> (Vec<GroupResult>, Vec<String>) {
        let mut running = None;
        let mut expired: Option<Failure> = None;
        let mut results = Vec::new();
        let mut log = Vec::new();
        for (period, (rows, states)) in slice.periods {
            let report = match &expired {
                Some(failure) => Err(failure.clone()),
                None => self.report(binding, &mut running, &slice.reference, &states),
            };
            expired = report.as_ref().err().filter(|failure| failure.code == FailureCode::Deadline).cloned();
            let fatal = report.as_ref().err().is_some_and(|failure| failure.code.is_fatal());
            if let Some(mut instance) = running.take() {
                log.append(&mut instance.metric.take_log());
                running = (!fatal).then_some(instance);
            }
            results.push(GroupResult { key: GroupKey { period, slice: Arc::clone(&slice.slice) }, rows, report });
        }
        (results, log)
    }

    fn report(
        &self,
        binding: &Binding,
        running: &mut Option<Instance>,
        reference: &[Vec<u8>],
        states: &[Vec<u8>],
    ) -> Result<Report, Failure> {
        let instance = match running {
            Some(instance) => instance,
            None => {
                let mut metric = self.factory.start(&binding.layout, self.window)?;
                let reference = match self.with_reference {
                    true => Some(merged(metric.as_mut(), &self.parameters, reference)?),
                    false => None,
                };
                running.insert(Instance { metric, reference })
            }
        };
        let metric = instance.metric.as_mut();
        let current = merged(metric, &self.parameters, states)?;
        let report = metric.evaluate(current, instance.reference)?;
        metric.close(current)?;
        Ok(report)
    }
}

struct Instance {
    metric: Box<dyn Metric>,
    reference: Option<Accumulator>,
}

fn merged(metric: &mut dyn Metric, parameters: &str, states: &[Vec<u8>]) -> Result<Accumulator, Failure> {
    let accumulator = metric.open(parameters)?;
    for state in states {
        metric.merge(accumulator, state)?;
    }
    Ok(accumulator)
}
