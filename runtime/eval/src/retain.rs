//! Keeping what is computed of rows when the rows go: states hour by hour, then day by day, then month by month.

mod coarser;
mod keeping;

use std::sync::Arc;

use driftline_core::{Name, Time, Window};
use driftline_storage::{Coarsening, Definition, KeptFile, KeptState, Model, RetentionStep};
use tokio_util::sync::CancellationToken;

use self::{
    coarser::Held,
    keeping::{Alike, Keeping, alike},
};
use crate::{
    Error, Evaluator, Progress,
    evaluator::blocking,
    groups::{HOUR_MICROS, Periods},
    passes::passes,
    plan,
    source::Source,
    standard_summary,
    unit::TOO_MANY_SLICES,
};

/// Of how many definitions of a model states are kept: those used last.
const MAX_DEFINITIONS: usize = 512;

/// How many cells one scan feeds to plugins, whose states wait in memory.
const CELLS: u64 = 1 << 24;

impl Evaluator {
    /// Takes the next step of a model's retention, if one is due: old summaries
    /// merge into coarser ones, rows past their time are summarised and
    /// dropped. Tells whether there may be more to do. Whatever a step does
    /// becomes true in one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, and whatever keeps rows from being read. A plugin's failure is none:
    /// its states are not kept then, and evaluations say so.
    pub async fn retain(&self, model: &Name) -> Result<bool, Error> {
        let (this, name) = (self.clone(), model.clone());
        let coarsening = blocking(move || Ok(this.storage.coarsening(&plan::model(&this.storage, &name)?)?)).await?;
        // What was replaced meanwhile is taken up anew by the next step.
        if let Some(coarsening) = coarsening {
            let this = self.clone();
            return blocking(move || this.coarsen(coarsening)).await.map(|_done| true);
        }
        let (this, name) = (self.clone(), model.clone());
        let step = blocking(move || Ok(this.storage.retention_step(&plan::model(&this.storage, &name)?)?)).await?;
        match step {
            Some(step) => self.roll_up(step).await.map(|_done| true),
            None => Ok(false),
        }
    }

    /// Keeps the states of the step's rows and lets the rows go.
    async fn roll_up(&self, step: RetentionStep) -> Result<bool, Error> {
        let mut file = KeptFile::new()?;
        let mut computed: Vec<Definition> = Vec::new();
        if let Some(hours) = step.hours {
            let (this, model) = (self.clone(), step.snapshot.model.clone());
            let rows = step.snapshot.segments.iter().map(|segment| segment.rows).sum();
            for alike in alike(blocking(move || this.definitions(&model)).await?) {
                for scan in passes(alike.len(), rows, CELLS) {
                    let kept = self.states(&step, hours, alike[scan].to_vec()).await?;
                    computed.extend(kept.iter().map(|(definition, _)| definition.clone()));
                    file = blocking(move || {
                        for (definition, states) in kept {
                            file.add(definition.key, &states)?;
                        }
                        Ok(file)
                    })
                    .await?;
                }
            }
        }
        let storage = self.storage.clone();
        blocking(move || Ok(storage.roll_up(step, file, computed)?)).await
    }

    /// What is kept of a model.
    fn definitions(&self, model: &Model) -> Result<Vec<Definition>, Error> {
        let mut definitions = self.storage.definitions(model, MAX_DEFINITIONS)?;
        let standard = standard_summary::definitions(&self.storage, &self.sandbox, model)?;
        let known = definitions.len();
        for definition in standard {
            if definitions[..known].iter().all(|known| known.key != definition.key) {
                definitions.push(definition);
            }
        }
        Ok(definitions)
    }

    /// The states of some definitions, hour by hour, from one scan; those that can't be computed are left out, logged.
    async fn states(
        &self,
        step: &RetentionStep,
        hours: Window,
        alike: Alike,
    ) -> Result<Vec<(Definition, Vec<KeptState>)>, Error> {
        let (this, model) = (self.clone(), step.snapshot.model.clone());
        let ready = blocking(move || Ok(this.keeping(&model, alike, Periods::Hours(hours))));
        let Some(keeping) = ready.await?.map(Arc::new) else { return Ok(Vec::new()) };
        let mut kept: Vec<Option<Vec<KeptState>>> = vec![Some(Vec::new()); keeping.definitions.len()];
        // What has too many slices for one instance is computed in parts, the earliest first.
        let mut parts = vec![hours];
        while let Some(part) = parts.pop() {
            match self.states_of(step, part, &keeping).await {
                Ok(some) => {
                    for (kept, some) in kept.iter_mut().zip(some) {
                        match (kept.as_mut(), some) {
                            (Some(kept), Some(mut some)) => kept.append(&mut some),
                            _ => *kept = None,
                        }
                    }
                }
                Err(Error::Invalid { code: TOO_MANY_SLICES, message, .. }) => match halves(part) {
                    Some([first, second]) => parts.extend([second, first]),
                    None => {
                        let text = &keeping.definitions[0].text;
                        tracing::warn!(text, message, "states can't be kept: an hour has too many");
                        return Ok(Vec::new());
                    }
                },
                Err(error) => return Err(error),
            }
        }
        let computed = keeping.definitions.iter().cloned().zip(kept);
        Ok(computed.filter_map(|(definition, states)| Some((definition, states?))).collect())
    }

    /// The states of some hours, for each definition; `None`, logged, for those whose plugin fails.
    async fn states_of(
        &self,
        step: &RetentionStep,
        hours: Window,
        keeping: &Arc<Keeping>,
    ) -> Result<Vec<Option<Vec<KeptState>>>, Error> {
        let work = Arc::new(keeping.work(hours));
        let (storage, snapshot, reading) = (self.storage.clone(), step.snapshot.clone(), Arc::clone(&work));
        let source = blocking(move || {
            let columns: Vec<_> = reading.shape.columns().into_iter().collect();
            Source::of_snapshot(&storage, &snapshot, &columns)
        });
        let context = self.context(keeping.plugin, Arc::new(Progress::default()), CancellationToken::new());
        let jobs = source.await?.units.into_iter().map(|unit| {
            let (work, context) = (Arc::clone(&work), context.clone());
            move || work.states(&unit, &context)
        });
        let states = self.workers.run_all(jobs.collect(), &context).await?;
        let keeping = Arc::clone(keeping);
        blocking(move || keeping.hourly(&work.shape.periods, hours, states)).await
    }

    /// Merges states into coarser ones: all of them for their age, or no more than room demands.
    fn coarsen(&self, coarsening: Coarsening) -> Result<bool, Error> {
        let model = coarsening.model();
        let used = self.storage.definitions(model, MAX_DEFINITIONS)?;
        let mut held = Vec::new();
        for (key, states) in coarsening.states()? {
            let text = coarsening.definition(key)?;
            let alike = text.map(Definition::new).map_or_else(Vec::new, |definition| alike(vec![definition]));
            let keeping = alike.into_iter().next();
            let keeping = keeping.and_then(|alike| self.keeping(model, alike, Periods::Listed(Vec::new())));
            let rank = used.iter().position(|definition| definition.key == key);
            held.push(Held::new(key, states, keeping, rank));
        }
        let coarsened = match coarsening.room() {
            None => coarser::all(held, coarsening.grain())?,
            Some(room) => coarser::within(held, coarsening.grain(), room)?,
        };
        Ok(self.storage.coarsen(coarsening, coarsened)?)
    }
}

/// The hours cut in the middle; `None` for a single one.
fn halves(hours: Window) -> Option<[Window; 2]> {
    let (start, end) = (hours.start().micros(), hours.end().micros());
    let middle = start + (end - start) / (2 * HOUR_MICROS) * HOUR_MICROS;
    let middle = Time::from_micros(middle).ok()?;
    Some([Window::new(hours.start(), middle).ok()?, Window::new(middle, hours.end()).ok()?])
}
