//! Which results rest on kept states, and which can't be given at all.

use std::{collections::BTreeMap, sync::Arc};

use driftline_core::Value;

use crate::{
    Plan,
    outcome::{RolledUp, Rows, WindowResult},
    rolled_up::StandIn,
};

/// What is to be said of each set of columns and period of an evaluation.
#[derive(Default)]
pub(crate) struct Marks {
    current: Vec<BTreeMap<u32, RolledUp>>,
    reference: Vec<BTreeMap<u32, RolledUp>>,
}

/// A result's place in the order of an outcome: period, slice, set of columns.
pub(crate) type Place = (usize, Arc<[u8]>, usize);

impl Marks {
    /// The marks of both sides.
    pub fn of(current: Option<&StandIn>, reference: Option<&StandIn>) -> Self {
        let marks = |side: Option<&StandIn>| side.map(|side| side.marks.clone()).unwrap_or_default();
        Self { current: marks(current), reference: marks(reference) }
    }

    /// What is to be said of a result; nothing when neither its period nor the reference reaches behind the horizon.
    pub fn mark(&self, binding: usize, period: usize) -> Option<RolledUp> {
        let period = u32::try_from(period).ok()?;
        let current = self.current.get(binding).and_then(|marks| marks.get(&period));
        let reference = self.reference.get(binding).and_then(|marks| marks.get(&0));
        match (current, reference) {
            (current, None) => current.cloned(),
            (current, Some(reference)) => Some(both(current, reference)),
        }
    }

    /// The results whose rows are gone without anything that stands for all of
    /// them: every value undefined, and why.
    pub fn undefined(&self, plan: &Plan) -> Vec<(Place, WindowResult)> {
        let mut results = Vec::new();
        for (at, binding) in plan.shape.bindings.iter().enumerate() {
            for (period, window) in plan.shape.periods.listed().iter().enumerate() {
                let Some(mark) = self.mark(at, period).filter(|mark| !mark.complete) else { continue };
                let result = WindowResult {
                    window: *window,
                    slice: Vec::new(),
                    inputs: binding.inputs.clone(),
                    rows: Rows::default(),
                    values: values(plan, mark.note.as_deref()),
                    charts: Vec::new(),
                    failure: None,
                    rolled_up: Some(mark),
                };
                results.push(((period, Arc::from([]), at), result));
            }
        }
        results
    }
}

/// One for each output of the plugin that is not open.
fn values(plan: &Plan, note: Option<&str>) -> Vec<Value> {
    let outputs = plan.factory.description().outputs.iter().filter(|output| !output.name.ends_with('*'));
    let undefined =
        |name: &String| Value { name: name.clone(), number: None, standard_error: None, note: note.map(str::to_owned) };
    outputs.map(|output| undefined(&output.name)).collect()
}

fn both(current: Option<&RolledUp>, reference: &RolledUp) -> RolledUp {
    let of_reference = match &reference.note {
        Some(note) => format!("the reference: {note}"),
        None => "the reference reaches into it".into(),
    };
    RolledUp {
        until: reference.until,
        grain: current.and_then(|current| current.grain).max(reference.grain),
        complete: reference.complete && current.is_none_or(|current| current.complete),
        note: current.and_then(|current| current.note.clone()).or(Some(of_reference)),
    }
}
