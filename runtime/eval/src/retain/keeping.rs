//! Definitions that are ready to be computed by one scan of the rows.

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::{Digest, Failure, MetricFactory, Window};
use driftline_storage::{Definition, Grain, KeptState, Model, PluginRef};

use crate::{
    Error, Evaluator,
    binding::bind,
    definition::Defined,
    fold::Fold,
    frame::{Shape, row_converter},
    groups::{GroupKey, Periods, slice_values},
    outcome::Rows,
    plan, slice,
    unit::{UnitStates, UnitWork},
};

/// The most hours and slices of one unit of work, each an accumulator in one instance.
const MAX_GROUPS: usize = 20_000;

/// Definitions that differ in nothing but their inputs.
pub(super) type Alike = Vec<(Definition, Defined)>;

/// Definitions that one scan computes, and what computes them.
pub(super) struct Keeping {
    pub plugin: Digest,
    factory: Arc<dyn MetricFactory>,
    parameters: String,
    /// One binding for each definition.
    shape: Shape,
    pub definitions: Vec<Definition>,
}

/// The definitions sorted by what one scan can compute; those that another release wrote otherwise are left out.
pub(super) fn alike(definitions: Vec<Definition>) -> Vec<Alike> {
    let mut groups: Vec<Alike> = Vec::new();
    for definition in definitions {
        let Some(defined) = Defined::read(&definition.text) else { continue };
        let same = |group: &&mut Alike| group.first().is_some_and(|(_, first)| first.differs_in_inputs_alone(&defined));
        match groups.iter_mut().find(same) {
            Some(group) => group.push((definition, defined)),
            None => groups.push(vec![(definition, defined)]),
        }
    }
    groups
}

impl Evaluator {
    /// Makes definitions ready to be computed; those that can't be any more are left out, logged. `None` when none can.
    pub(super) fn keeping(&self, model: &Model, alike: Alike, periods: Periods) -> Option<Keeping> {
        let (first, defined) = alike.first()?.clone();
        let not_kept = |text: &str, error: Error| {
            tracing::warn!(model = %model.name, %error, text, "states can't be kept");
        };
        let ready = || -> Result<_, Error> {
            let which = PluginRef::Digest(defined.plugin);
            let record = self.storage.plugin(&which)?.ok_or_else(|| plan::plugin_not_found(&which))?;
            let factory = self.plugin(&record)?;
            let schema = model.schema.arrow_predictions();
            let groups = plan::groups(&defined.group_by, &self.expressions, &schema)?;
            let filter = plan::filter(defined.filter.as_deref(), &self.expressions, &schema)?;
            Ok((factory, Shape { filter, groups, bindings: Vec::new(), periods: Arc::new(periods), schema }))
        };
        let (factory, mut shape) = ready().map_err(|error| not_kept(&first.text, error)).ok()?;
        let mut definitions = Vec::new();
        for (definition, defined) in alike {
            match bind(factory.description(), &defined.inputs, &self.expressions, &shape.schema) {
                Ok(mut bindings) => {
                    bindings.truncate(1);
                    shape.bindings.append(&mut bindings);
                    definitions.push(definition);
                }
                Err(error) => not_kept(&definition.text, error),
            }
        }
        (!definitions.is_empty()).then_some(Keeping {
            plugin: defined.plugin,
            factory,
            parameters: defined.parameters,
            shape,
            definitions,
        })
    }
}

/// For each group its row counts and states.
type Groups = BTreeMap<GroupKey, (Rows, Vec<Vec<u8>>)>;

impl Keeping {
    /// What computes the states of some hours.
    pub fn work(&self, hours: Window) -> UnitWork {
        UnitWork {
            factory: Arc::clone(&self.factory),
            parameters: self.parameters.clone(),
            shape: Shape { periods: Arc::new(Periods::Hours(hours)), ..self.shape.clone() },
            window: hours,
            max_groups: MAX_GROUPS,
        }
    }

    /// For each definition one state for each hour and slice, from those of all units in their order; `None`, logged,
    /// when the plugin failed.
    pub fn hourly(
        &self,
        periods: &Periods,
        hours: Window,
        units: Vec<UnitStates>,
    ) -> Result<Vec<Option<Vec<KeptState>>>, Error> {
        let mut all: Vec<Option<Groups>> = vec![Some(Groups::new()); self.definitions.len()];
        for unit in units {
            for ((at, all), states) in all.iter_mut().enumerate().zip(unit.bindings) {
                let Some(groups) = all else { continue };
                match states {
                    Err(failure) => {
                        let text = &self.definitions[at].text;
                        tracing::warn!(text, %failure, "states can't be kept: the plugin failed");
                        *all = None;
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
        }
        let merge =
            |(at, groups): (usize, Option<Groups>)| groups.map(|groups| self.merged(at, periods, hours, groups));
        all.into_iter().enumerate().map(|found| merge(found).transpose().map(Option::flatten)).collect()
    }

    fn merged(
        &self,
        at: usize,
        periods: &Periods,
        hours: Window,
        groups: Groups,
    ) -> Result<Option<Vec<KeptState>>, Error> {
        let converter = row_converter(&self.shape.groups)?;
        let mut fold = self.fold(at, hours);
        let mut kept = Vec::with_capacity(groups.len());
        for (key, (rows, saved)) in groups {
            let slice = slice::to_text(&slice_values(converter.as_ref(), &key.slice)?);
            let Some(window) = periods.get(key.period) else { continue };
            match fold.one(saved) {
                Ok(state) => kept.push(KeptState { window, slice, rows: rows.counts(), state }),
                Err(failure) => {
                    let text = &self.definitions[at].text;
                    tracing::warn!(text, %failure, "states can't be kept: they do not merge");
                    return Ok(None);
                }
            }
        }
        Ok(Some(kept))
    }

    /// The states of the first definition brought to a coarser grain; as they were, logged, when the plugin fails.
    pub fn coarser(&self, grain: Grain, states: Vec<KeptState>) -> Vec<KeptState> {
        let mut groups: BTreeMap<(Window, &str), Vec<&KeptState>> = BTreeMap::new();
        for kept in &states {
            let window = match Grain::of(kept.window) {
                finer if finer < grain => grain.around(kept.window.start()),
                _ => kept.window,
            };
            groups.entry((window, &kept.slice)).or_default().push(kept);
        }
        let Some(whole) = groups.keys().next().map(|(window, _)| *window) else { return states };
        let mut fold = self.fold(0, whole);
        let merged = groups.into_iter().map(|((window, slice), parts)| {
            let state = fold.one(parts.iter().map(|part| part.state.clone()).collect())?;
            let sum = |at: usize| parts.iter().map(|part| part.rows[at]).sum();
            Ok(KeptState { window, slice: slice.to_owned(), rows: [sum(0), sum(1), sum(2)], state })
        });
        let merged: Result<Vec<KeptState>, Failure> = merged.collect();
        merged.unwrap_or_else(|failure| {
            let text = &self.definitions[0].text;
            tracing::warn!(text, %failure, "states stay as fine as they are: they do not merge");
            states
        })
    }

    fn fold(&self, at: usize, window: Window) -> Fold<'_> {
        Fold::new(self.factory.as_ref(), self.shape.bindings.get(at), &self.parameters, window)
    }
}
