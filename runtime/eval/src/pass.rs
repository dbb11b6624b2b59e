//! One scan over both sides, for some of the sets of columns: what is kept is not computed again.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use driftline_core::Failure;
use driftline_storage::{Keep, ModelId, States};

use crate::{
    Error,
    evaluator::blocking,
    gathered::Gathered,
    keys::Keys,
    merge::{self, GroupResult, MergeWork, SliceResults, by_slice},
    outcome::Units,
    packed::{self, SliceMap},
    plan::Plan,
    run::expected,
    scanning::{Scanned, Scanning},
    side::{Part, Scope, Side},
    unit::{BindingStates, RunContext, UnitStates},
    unsplit,
    workers::Workers,
};

/// One scan over both sides, for some of the sets of columns.
pub(crate) struct Pass<'a> {
    pub plan: &'a Plan,
    pub columns: Range<usize>,
    pub workers: &'a Workers,
    pub context: &'a RunContext,
}

/// What a pass gives.
pub(crate) struct PassResults {
    /// The results of each set of columns.
    pub columns: Vec<Result<Vec<GroupResult>, Failure>>,
    pub units: Units,
    /// The plugin's log.
    pub log: Vec<String>,
}

/// What the scans of one set of columns gave, beside what was kept.
struct Column {
    gathered: Gathered,
    failure: Option<Failure>,
    read_clock: bool,
    computed: u64,
}

/// The states of parts that have no cells, by side and part.
type Wholes = BTreeMap<(usize, usize), (Vec<usize>, UnitStates)>;

impl Pass<'_> {
    /// The results of all periods.
    pub async fn results(&self, current: &mut Side, mut reference: Option<&mut Side>) -> Result<PassResults, Error> {
        let gathered = self.look(current, reference.as_deref()).await?;
        if !self.plan.factory.description().merges {
            return self.whole(gathered, current, reference.as_deref()).await;
        }
        let mut columns: Vec<Column> = gathered
            .into_iter()
            .map(|gathered| Column { gathered, failure: None, read_clock: false, computed: 0 })
            .collect();
        let mut log = Vec::new();
        let mut wholes = Wholes::new();
        let scans = self.scans(&columns, current, reference.as_deref());
        let jobs: Vec<_> = scans
            .into_iter()
            .map(|scan| {
                let context = self.context.clone();
                move || scan.run(&context)
            })
            .collect();
        for scanned in self.workers.run_all(jobs, self.context).await? {
            take_in(&mut columns, scanned, &mut wholes, &mut log);
        }
        let units = columns.iter().fold(Units::default(), |units, column| Units {
            computed: units.computed + column.computed,
            cached: units.cached + column.gathered.cached,
        });
        let kept = [
            current.take_states(self.columns.clone()),
            reference.as_mut().map(|side| side.take_states(self.columns.clone())).unwrap_or_default(),
        ];
        let columns = self.merged(columns, [Some(&*current), reference.as_deref()], kept, wholes, &mut log).await?;
        Ok(PassResults { columns, units, log })
    }

    fn states(&self) -> States {
        self.context.states.clone()
    }

    /// What is kept, for each set of columns.
    async fn look(&self, current: &Side, reference: Option<&Side>) -> Result<Vec<Gathered>, Error> {
        let keys: Vec<Keys> =
            self.columns.clone().filter_map(|column| Keys::of(self.plan, column, current, reference)).collect();
        let states = self.states();
        blocking(move || Ok(keys.into_iter().map(|keys| Gathered::look(keys, &states)).collect())).await
    }

    /// The scans for what is missing.
    fn scans(&self, columns: &[Column], current: &Side, reference: Option<&Side>) -> Vec<Scanning> {
        let mut scans = Vec::new();
        for (number, side) in [Some(current), reference].into_iter().enumerate() {
            for (at, part) in side.iter().flat_map(|side| side.parts.iter().enumerate()) {
                let missing: Vec<Vec<usize>> =
                    columns.iter().map(|column| column.gathered.missing(number, at, part)).collect();
                let mut cells: Vec<usize> = missing.iter().flatten().copied().collect();
                cells.sort_unstable();
                cells.dedup();
                if cells.is_empty() {
                    self.context.progress.unit_done();
                    continue;
                }
                let lacking: Vec<usize> = (0..columns.len()).filter(|column| !missing[*column].is_empty()).collect();
                let spread = side.map_or(1, |_| spread(part, &cells));
                self.context.progress.expect_units(spread - 1);
                for cells in cells.chunks(cells.len().div_ceil(spread)) {
                    let Some(side) = side else { continue };
                    scans.push(self.scan(columns, (number, at), side, part, lacking.clone(), cells.to_vec()));
                }
            }
        }
        scans
    }

    fn scan(
        &self,
        columns: &[Column],
        (number, at): (usize, usize),
        side: &Side,
        part: &Part,
        lacking: Vec<usize>,
        cells: Vec<usize>,
    ) -> Scanning {
        let mut work = side.work(self.plan, self.columns.clone()).as_ref().clone();
        let bindings = lacking.iter().filter_map(|column| work.shape.bindings.get(*column).cloned()).collect();
        work.shape = work.shape.of_bindings(bindings);
        let keys = lacking.iter().map(|column| {
            let keys = &columns[*column].gathered.keys;
            let keys = if number == 0 { &keys.current[at] } else { &keys.compared[at] };
            cells.iter().filter_map(|cell| keys.get(*cell)).map(|(key, _)| *key).collect()
        });
        let keys = keys.collect();
        let (states, model) = (self.states(), self.plan.model.id);
        Scanning { side: number, at, part: part.clone(), work, columns: lacking, cells, keys, states, model }
    }

    /// Merges the states of each set of columns in the order of the parts, and keeps the reports.
    async fn merged(
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

    /// Whole windows, for plugins whose states do not merge: all is kept, or all is computed.
    async fn whole(
        &self,
        mut gathered: Vec<Gathered>,
        current: &Side,
        reference: Option<&Side>,
    ) -> Result<PassResults, Error> {
        let units = [Some(current), reference].into_iter().flatten().map(|side| side.parts.len() as u64).sum::<u64>();
        let units = units * gathered.len() as u64;
        if gathered.iter().all(|gathered| gathered.needed.is_empty()) {
            let columns = gathered.iter_mut().map(|gathered| Ok(known(gathered))).collect();
            return Ok(PassResults { columns, units: Units { computed: 0, cached: units }, log: Vec::new() });
        }
        let ready = |side: &Side| (side.work(self.plan, self.columns.clone()), side.units());
        let ((work, parts), compared) = (ready(current), reference.map(ready));
        let (expected, context) = (expected(self.plan), self.context.clone());
        let job = move || {
            let other = compared.as_ref().map(|(work, units)| (work.as_ref(), units.as_slice()));
            unsplit::run(&work, &parts, other, &expected, &context)
        };
        let mut answers = self.workers.run_all(vec![job], self.context).await?;
        let answer = answers.pop().ok_or_else(|| Error::Worker("no answer".into()))?;
        let (states, model) = (self.states(), self.plan.model.id);
        for (gathered, results) in gathered.iter().zip(&answer.bindings) {
            if let Ok(results) = results {
                keep_reports(gathered, results, &states, model);
            }
        }
        Ok(PassResults { columns: answer.bindings, units: Units { computed: units, cached: 0 }, log: answer.log })
    }
}

/// Into how many scans the missing cells of a part are cut: so many that all threads have something to do.
fn spread(part: &Part, cells: &[usize]) -> usize {
    const LARGE: u64 = 1 << 19;
    let rows = part.unit.extent().map_or(0, |extent| extent.rows);
    if rows >= LARGE { cells.len().clamp(1, 2) } else { 1 }
}

fn taken(unit: &mut UnitStates, column: usize) -> Option<BindingStates> {
    let states = unit.bindings.get_mut(column)?;
    Some(std::mem::replace(states, Ok(BTreeMap::new())))
}

fn take_in(columns: &mut [Column], scanned: Scanned, wholes: &mut Wholes, log: &mut Vec<String>) {
    let Scanned { side, at, columns: of, cells, states, whole, log: mut lines, read_clock } = scanned;
    log.append(&mut lines);
    for (column, read_clock) in of.iter().zip(read_clock) {
        columns[*column].read_clock |= read_clock && side == 1;
        columns[*column].computed += cells.len() as u64;
    }
    if let Some(whole) = whole {
        wholes.insert((side, at), (of, whole));
        return;
    }
    for (column, states) in of.into_iter().zip(states) {
        let column = &mut columns[column];
        match states {
            Ok(states) => {
                for (cell, states) in cells.iter().zip(states) {
                    column.gathered.states[side][at][*cell] = Some(states);
                }
            }
            Err(failure) => column.failure = column.failure.take().or(Some(failure)),
        }
    }
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
fn known(gathered: &mut Gathered) -> Vec<GroupResult> {
    std::mem::take(&mut gathered.results).into_values().flatten().collect()
}

/// Keeps the reports of the periods that were needed, unless the plugin failed.
fn keep_reports(gathered: &Gathered, results: &[GroupResult], states: &States, model: ModelId) {
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
