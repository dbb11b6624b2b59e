//! One scan over both sides, for some of the sets of columns: what is kept is not computed again.

mod merging;
mod scans;

use std::{collections::BTreeMap, ops::Range};

use driftline_core::Failure;
use driftline_storage::States;

use self::{
    merging::{keep_reports, known},
    scans::take_in,
};
use crate::{
    Error,
    evaluator::blocking,
    gathered::Gathered,
    keys::Keys,
    merge::GroupResult,
    outcome::Units,
    plan::Plan,
    run::expected,
    side::Side,
    unit::{RunContext, UnitStates},
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
