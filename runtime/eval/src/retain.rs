//! Keeping what is computed of rows when the rows go: states hour by hour, then day by day, then month by month.

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::{Failure, MetricFactory, Name, Time, Window};
use driftline_storage::{
    Coarsening, Definition, DefinitionKey, Grain, KeptFile, KeptState, Model, PluginRef, RetentionStep,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Evaluator, Progress,
    binding::Binding,
    definition::Defined,
    evaluator::blocking,
    fold::Fold,
    frame::{Shape, row_converter},
    groups::{GroupKey, HOUR_MICROS, Periods, slice_values},
    outcome::Rows,
    plan,
    request::{Request, WindowSpec},
    slice,
    source::Source,
    standard_summary,
    unit::{TOO_MANY_SLICES, UnitStates, UnitWork},
};

/// Of how many definitions of a model states are kept: those used last.
const MAX_DEFINITIONS: usize = 32;

/// The most hours and slices of one unit of work, each an accumulator in one instance.
const MAX_GROUPS: usize = 20_000;

/// What is computed of rows that are about to go.
struct Keeping {
    factory: Arc<dyn MetricFactory>,
    defined: Defined,
    shape: Shape,
}

impl Evaluator {
    /// Takes the next step of a model's retention, if one is due: rows past
    /// their time are summarised and dropped, old summaries merge into coarser
    /// ones, those past their time are dropped. Tells whether there may be more
    /// to do. Whatever a step does becomes true in one transaction.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, and whatever keeps rows from being read. A plugin's failure is none:
    /// its states are not kept then, and evaluations say so.
    pub async fn retain(&self, model: &Name) -> Result<bool, Error> {
        let (this, name) = (self.clone(), model.clone());
        let step = blocking(move || Ok(this.storage.retention_step(&plan::model(&this.storage, &name)?)?)).await?;
        // What was replaced meanwhile is taken up anew by the next step.
        if let Some(step) = step {
            return self.roll_up(step).await.map(|_done| true);
        }
        let (this, name) = (self.clone(), model.clone());
        let coarsening = blocking(move || Ok(this.storage.coarsening(&plan::model(&this.storage, &name)?)?)).await?;
        match coarsening {
            Some(coarsening) => self.coarsen(coarsening).await.map(|_done| true),
            None => Ok(false),
        }
    }

    /// Keeps the states of the step's rows and lets the rows go.
    async fn roll_up(&self, step: RetentionStep) -> Result<bool, Error> {
        let mut file = KeptFile::new()?;
        let mut computed: Vec<DefinitionKey> = Vec::new();
        if let Some(hours) = step.hours {
            let (this, model) = (self.clone(), step.snapshot.model.clone());
            for definition in blocking(move || this.definitions(&model)).await? {
                let key = definition.key;
                if let Some(states) = self.states(&step, hours, definition).await? {
                    let adding = move || file.add(key, &states).map(|()| file).map_err(Error::from);
                    file = blocking(adding).await?;
                    computed.push(key);
                }
            }
        }
        let storage = self.storage.clone();
        blocking(move || Ok(storage.roll_up(step, file, computed)?)).await
    }

    /// What is kept of a model.
    fn definitions(&self, model: &Model) -> Result<Vec<Definition>, Error> {
        let mut definitions = standard_summary::definitions(&self.storage, &self.sandbox, model)?;
        for definition in self.storage.definitions(model, MAX_DEFINITIONS)? {
            if definitions.iter().all(|known| known.key != definition.key) {
                definitions.push(definition);
            }
        }
        Ok(definitions)
    }

    /// The states of one definition, hour by hour; `None`, logged, when it can't be computed.
    async fn states(
        &self,
        step: &RetentionStep,
        hours: Window,
        definition: Definition,
    ) -> Result<Option<Vec<KeptState>>, Error> {
        let mut states = Vec::new();
        // What has too many slices for one instance is computed in parts, the earliest first.
        let mut parts = vec![hours];
        while let Some(part) = parts.pop() {
            match self.states_of(step, part, &definition).await {
                Ok(Some(mut some)) => states.append(&mut some),
                Ok(None) => return Ok(None),
                Err(Error::Invalid { code: TOO_MANY_SLICES, message, .. }) => match halves(part) {
                    Some([first, second]) => parts.extend([second, first]),
                    None => {
                        tracing::warn!(text = definition.text, message, "states can't be kept: an hour has too many");
                        return Ok(None);
                    }
                },
                Err(error) => return Err(error),
            }
        }
        Ok(Some(states))
    }

    async fn states_of(
        &self,
        step: &RetentionStep,
        hours: Window,
        definition: &Definition,
    ) -> Result<Option<Vec<KeptState>>, Error> {
        let (this, snapshot, text) = (self.clone(), step.snapshot.clone(), definition.text.clone());
        let prepared = blocking(move || {
            let Some(keeping) = this.keeping(&snapshot.model, &text, Periods::Hours(hours)) else {
                return Ok(None);
            };
            let columns: Vec<_> = keeping.shape.columns().into_iter().collect();
            let source = Source::of_snapshot(&this.storage, &snapshot, &columns)?;
            Ok(Some((keeping, source.units)))
        });
        let Some((keeping, units)) = prepared.await? else { return Ok(None) };
        let work = Arc::new(UnitWork {
            factory: Arc::clone(&keeping.factory),
            parameters: keeping.defined.parameters.clone(),
            shape: keeping.shape.clone(),
            window: hours,
            max_groups: MAX_GROUPS,
        });
        let context = self.context(Arc::new(Progress::default()), CancellationToken::new());
        let jobs = units.into_iter().map(|unit| {
            let (work, context) = (Arc::clone(&work), context.clone());
            move || work.states(&unit, &context)
        });
        let states = self.workers.run_all(jobs.collect(), &context).await?;
        blocking(move || keeping.hourly(hours, states)).await
    }

    /// Merges states into coarser ones.
    async fn coarsen(&self, coarsening: Coarsening) -> Result<bool, Error> {
        let this = self.clone();
        blocking(move || {
            let mut file = KeptFile::new()?;
            for (key, states) in coarsening.states()? {
                let text = coarsening.definition(key)?;
                let keeping =
                    text.and_then(|text| this.keeping(coarsening.model(), &text, Periods::Listed(Vec::new())));
                let states = match keeping {
                    Some(keeping) => keeping.coarser(coarsening.grain(), states),
                    None => states,
                };
                file.add(key, &states)?;
            }
            Ok(this.storage.coarsen(coarsening, file)?)
        })
        .await
    }

    /// A definition ready to be computed; `None`, logged, when it can't be any more.
    fn keeping(&self, model: &Model, text: &str, periods: Periods) -> Option<Keeping> {
        let defined = Defined::read(text)?;
        let ready = || -> Result<Keeping, Error> {
            let which = PluginRef::Digest(defined.plugin);
            let record = self.storage.plugin(&which)?.ok_or_else(|| plan::plugin_not_found(&which))?;
            let factory = self.sandbox.load(&record.digest, || self.storage.plugin_wasm(&record.digest))?;
            let request = request(model, &defined);
            let schema = model.schema.arrow_predictions();
            let shape = plan::shape(&request, factory.description(), &self.expressions, schema, periods)?;
            Ok(Keeping { factory, defined: defined.clone(), shape })
        };
        ready().inspect_err(|error| tracing::warn!(model = %model.name, %error, text, "states can't be kept")).ok()
    }
}

/// The hours cut in the middle; `None` for a single one.
fn halves(hours: Window) -> Option<[Window; 2]> {
    let (start, end) = (hours.start().micros(), hours.end().micros());
    let middle = start + (end - start) / (2 * HOUR_MICROS) * HOUR_MICROS;
    let middle = Time::from_micros(middle).ok()?;
    Some([Window::new(hours.start(), middle).ok()?, Window::new(middle, hours.end()).ok()?])
}

/// The request whose shape a definition has.
fn request(model: &Model, defined: &Defined) -> Request {
    Request {
        model: model.name.clone(),
        plugin: PluginRef::Digest(defined.plugin),
        inputs: defined.inputs.clone(),
        parameters: serde_json::Map::new(),
        window: WindowSpec::Range(Grain::Hour.around(Time::EPOCH)),
        every: None,
        reference: None,
        filter: defined.filter.clone(),
        group_by: defined.group_by.clone(),
        drift: None,
    }
}

type Groups = BTreeMap<GroupKey, (Rows, Vec<Vec<u8>>)>;

impl Keeping {
    /// One state for each hour and slice, from those of all units in their order.
    fn hourly(&self, hours: Window, units: Vec<UnitStates>) -> Result<Option<Vec<KeptState>>, Error> {
        let mut groups = Groups::new();
        for states in units.into_iter().flat_map(|unit| unit.bindings) {
            match states {
                Err(failure) => {
                    tracing::warn!(plugin = %self.defined.plugin, %failure, "states can't be kept: the plugin failed");
                    return Ok(None);
                }
                Ok(states) => {
                    for (key, group) in states {
                        let (rows, saved) = groups.entry(key).or_default();
                        *rows = rows.and(group.rows);
                        saved.push(group.state);
                    }
                }
            }
        }
        let converter = row_converter(&self.shape.groups)?;
        let mut fold = self.fold(hours);
        let mut kept = Vec::with_capacity(groups.len());
        for (key, (rows, saved)) in groups {
            let slice = slice::to_text(&slice_values(converter.as_ref(), &key.slice)?);
            let Some(window) = self.shape.periods.get(key.period) else { continue };
            match fold.one(saved) {
                Ok(state) => kept.push(KeptState { window, slice, rows: rows.counts(), state }),
                Err(failure) => {
                    tracing::warn!(plugin = %self.defined.plugin, %failure, "states can't be kept: they do not merge");
                    return Ok(None);
                }
            }
        }
        Ok(Some(kept))
    }

    /// The states brought to a coarser grain; as they were, logged, when the plugin fails.
    fn coarser(&self, grain: Grain, states: Vec<KeptState>) -> Vec<KeptState> {
        let mut groups: BTreeMap<(Window, &str), Vec<&KeptState>> = BTreeMap::new();
        for kept in &states {
            let window = match Grain::of(kept.window) {
                finer if finer < grain => grain.around(kept.window.start()),
                _ => kept.window,
            };
            groups.entry((window, &kept.slice)).or_default().push(kept);
        }
        let Some(whole) = groups.keys().next().map(|(window, _)| *window) else { return states };
        let mut fold = self.fold(whole);
        let merged = groups.into_iter().map(|((window, slice), parts)| {
            let state = fold.one(parts.iter().map(|part| part.state.clone()).collect())?;
            let sum = |at: usize| parts.iter().map(|part| part.rows[at]).sum();
            Ok(KeptState { window, slice: slice.to_owned(), rows: [sum(0), sum(1), sum(2)], state })
        });
        let merged: Result<Vec<KeptState>, Failure> = merged.collect();
        merged.unwrap_or_else(|failure| {
            tracing::warn!(plugin = %self.defined.plugin, %failure, "states stay as fine as they are: they do not merge");
            states
        })
    }

    fn fold(&self, window: Window) -> Fold<'_> {
        let binding: Option<&Binding> = self.shape.bindings.first();
        Fold::new(self.factory.as_ref(), binding, &self.defined.parameters, window)
    }
}
