//! From the states of all parts to reports, which are kept.

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::Failure;
use driftline_storage::{Keep, ModelId, States};

use super::{Column, Pass, Wholes};
use crate::{
    Error,
    gathered::Gathered,
    merge::{self, GroupResult, MergeWork, SliceResults, by_slice},
    packed::{self, SliceMap},
    run::expected,
    side::{Scope, Side},
    unit::{BindingStates, UnitStates},
};

impl Pass<'_> {
    /// Merges the states of each set of columns in the order of the parts, and keeps the reports.
    pub(super) async fn merged(
        &self,
        columns: Vec<Column>,
        sides: [Option<&Side>; 2],
        mut kept: [Vec<UnitStates>; 2],
        mut wholes: Wholes,
        log: &mut Vec<String>,
    ) -> Result<Vec<Result<Vec<GroupResult>, Failure>>, Error> {
        let work = Arc::new(MergeWork {
            factory: Arc::clone(&self.plan.factory),
            parameters: self.plan.parameters.clone(),
            window: self.plan.window,
            with_reference: sides[1].is_some(),
        });
        let expected = expected(self.plan);
        let mut done = Vec::new();
        let mut jobs = Vec::new();
        let bindings = self.plan.shape.bindings.iter().skip(self.columns.start);
        for ((at, mut column), binding) in columns.into_iter().enumerate().zip(bindings) {
            let mut ordered = |side: usize, gathered: &mut Gathered| -> Vec<BindingStates> {
                // Time that is gone comes before all that is not.
                let mut units: Vec<_> = kept[side].iter_mut().filter_map(|unit| taken(unit, at)).collect();
                for (number, part) in sides[side].iter().flat_map(|side| side.parts.iter().enumerate()) {
                    match &part.scope {
                        Scope::Cells(_) => units.extend(gathered.take(side, number, part)),
                        Scope::Periods(_) => {
                            units.extend(wholes.get_mut(&(side, number)).and_then(|(columns, unit)| {
                                taken(unit, columns.iter().position(|column| *column == at)?)
                            }))
                        }
                    }
                }
                units
            };
            let current = ordered(0, &mut column.gathered);
            let compared = ordered(1, &mut column.gathered);
            let known = column.gathered.reference.take();
            let is_known = known.is_some();
            let merging = || {
                if let Some(failure) = column.failure.take() {
                    return Err(failure);
                }
                let compared = known.map_or_else(|| merge::reference(compared), Ok)?;
                let slices = by_slice(current, &compared, &expected, &column.gathered.needed)?;
                Ok((compared, slices))
            };
            match merging() {
                Err(failure) => done.push(Err(failure)),
                Ok((compared, slices)) => {
                    for slice in slices {
                        let (work, binding) = (Arc::clone(&work), binding.clone());
                        jobs.push(move || Ok((at, work.results(&binding, slice))));
                    }
                    let keeps_reference = !is_known && !column.read_clock;
                    done.push(Ok(Finishing { gathered: column.gathered, compared, keeps_reference, new: Vec::new() }));
                }
            }
        }
        for (at, mut results) in self.workers.run_all(jobs, self.context).await? {
            log.append(&mut results.log);
            if let Some(Ok(finishing)) = done.get_mut(at) {
                finishing.take_in(results);
            }
        }
        let (states, model) = (self.states(), self.plan.model.id);
        Ok(done.into_iter().map(|finishing| finishing.map(|finishing| finishing.finish(&states, model))).collect())
    }
}

fn taken(unit: &mut UnitStates, column: usize) -> Option<BindingStates> {
    let states = unit.bindings.get_mut(column)?;
    Some(std::mem::replace(states, Ok(BTreeMap::new())))
}

/// One set of columns whose reports are coming in.
struct Finishing {
    gathered: Gathered,
    compared: SliceMap<Vec<Vec<u8>>>,
    keeps_reference: bool,
    new: Vec<GroupResult>,
}

impl Finishing {
    fn take_in(&mut self, mut results: SliceResults) {
        if let Some(merged) = results.merged {
            self.compared.insert(results.slice, vec![merged]);
        }
        self.new.append(&mut results.results);
    }

    /// All results; what is new is kept.
    fn finish(mut self, states: &States, model: ModelId) -> Vec<GroupResult> {
        if let Some((key, keep)) = self.gathered.keys.reference
            && self.keeps_reference
            && !self.gathered.needed.is_empty()
            && keep == Keep::Long
        {
            states.put(model, key, packed::write_reference(&self.compared), keep);
        }
        keep_reports(&self.gathered, &self.new, states, model);
        let mut results = known(&mut self.gathered);
        results.append(&mut self.new);
        results
    }
}

/// The results that were kept.
pub(super) fn known(gathered: &mut Gathered) -> Vec<GroupResult> {
    std::mem::take(&mut gathered.results).into_values().flatten().collect()
}

/// Keeps the reports of the periods that were needed, unless the plugin failed.
pub(super) fn keep_reports(gathered: &Gathered, results: &[GroupResult], states: &States, model: ModelId) {
    let mut periods: BTreeMap<u32, Vec<&GroupResult>> = BTreeMap::new();
    for period in &gathered.needed {
        periods.insert(*period, Vec::new());
    }
    for result in results {
        periods.entry(result.key.period).or_default().push(result);
    }
    for (period, results) in periods {
        let key = gathered.keys.reports.get(period as usize);
        if let (Some((key, keep)), Some(bytes)) = (key, packed::write_results(&results)) {
            states.put(model, *key, bytes, *keep);
        }
    }
}
