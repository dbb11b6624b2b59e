//! Merges the states of units in their fixed order and asks the plugin for its report.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use driftline_core::{Accumulator, Failure, FailureCode, Metric, MetricFactory, Report, Window};

use crate::{binding::Binding, groups::GroupKey, outcome::Rows, packed::SliceMap, unit::BindingStates};

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

/// Sorts the states of one binding by slice, in the order of the units; `expected` groups are there even without rows,
/// and periods that are not `needed` are left out. A failure in any unit is the failure of the binding.
pub(crate) fn by_slice(
    current: Vec<BindingStates>,
    reference: &SliceMap<Vec<Vec<u8>>>,
    expected: &[GroupKey],
    needed: &BTreeSet<u32>,
) -> Result<Vec<SliceStates>, Failure> {
    let mut slices: SliceMap<SliceStates> = BTreeMap::new();
    for states in current {
        for (key, group) in states? {
            let slice = slices.entry(Arc::clone(&key.slice)).or_insert_with_key(SliceStates::new);
            let (rows, states) = slice.periods.entry(key.period).or_default();
            *rows = rows.and(group.rows);
            states.push(group.state);
        }
    }
    for key in expected {
        let slice = slices.entry(Arc::clone(&key.slice)).or_insert_with_key(SliceStates::new);
        slice.periods.entry(key.period).or_default();
    }
    for slice in slices.values_mut() {
        slice.periods.retain(|period, _| needed.contains(period));
        slice.reference = reference.get(&slice.slice).cloned().unwrap_or_default();
    }
    Ok(slices.into_values().filter(|slice| !slice.periods.is_empty()).collect())
}

/// The states of a reference by slice, in the order of the units.
pub(crate) fn reference(units: Vec<BindingStates>) -> Result<SliceMap<Vec<Vec<u8>>>, Failure> {
    let mut slices: SliceMap<Vec<Vec<u8>>> = BTreeMap::new();
    for states in units {
        for (key, group) in states? {
            slices.entry(key.slice).or_default().push(group.state);
        }
    }
    Ok(slices)
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
    /// The results of one slice. The reference is merged
    /// once for all periods; after a fatal failure a fresh instance goes on, but
    /// after a missed deadline the rest is not tried: each would take as long.
    pub fn results(&self, binding: &Binding, slice: SliceStates) -> SliceResults {
        let mut running: Option<Instance> = None;
        let mut merged = None;
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
                merged = merged.or_else(|| instance.merged.take());
                log.append(&mut instance.metric.take_log());
                running = (!fatal).then_some(instance);
            }
            results.push(GroupResult { key: GroupKey { period, slice: Arc::clone(&slice.slice) }, rows, report });
        }
        SliceResults { slice: slice.slice, results, merged, log }
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
                let mut saved = None;
                let reference = match self.with_reference {
                    true if is_small(reference) => {
                        let whole = merged(metric.as_mut(), &self.parameters, reference)?;
                        let state = metric.state(whole)?;
                        metric.close(whole)?;
                        let reference = merged(metric.as_mut(), &self.parameters, std::slice::from_ref(&state))?;
                        saved = Some(state).filter(|_| !metric.has_read_clock());
                        Some(reference)
                    }
                    true => Some(merged(metric.as_mut(), &self.parameters, reference)?),
                    false => None,
                };
                running.insert(Instance { metric, reference, merged: saved })
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
    /// The state of the reference, if it was made into one.
    merged: Option<Vec<u8>>,
}

/// What became of one slice.
pub(crate) struct SliceResults {
    pub slice: Arc<[u8]>,
    pub results: Vec<GroupResult>,
    /// The one state that the reference's states were merged into.
    pub merged: Option<Vec<u8>>,
    pub log: Vec<String>,
}

/// The states of a reference are merged into one before it is used, so that this can be kept, when they are this small;
/// which is so or not whatever is kept, and gives the same bits.
const SMALL_BYTES: usize = 1 << 20;

fn is_small(states: &[Vec<u8>]) -> bool {
    states.len() > 1 && states.iter().map(Vec::len).sum::<usize>() <= SMALL_BYTES
}

fn merged(metric: &mut dyn Metric, parameters: &str, states: &[Vec<u8>]) -> Result<Accumulator, Failure> {
    let accumulator = metric.open(parameters)?;
    for state in states {
        metric.merge(accumulator, state)?;
    }
    Ok(accumulator)
}
