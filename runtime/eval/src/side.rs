//! One side of an evaluation: its rows in units, what is computed of them, and what stands in for rows that are gone.

use std::{ops::Range, sync::Arc};

use driftline_core::Window;
use driftline_storage::Storage;

use crate::{
    Error,
    frame::Shape,
    plan::{MAX_GROUPS, Plan, ReferenceRows},
    rolled_up::{self, StandIn},
    source::{Facts, Source, Unit},
    unit::{UnitStates, UnitWork},
};

/// Up to so many units are cut further, so that all threads have something to do.
const FEW_UNITS: usize = 4;

/// One side of an evaluation, ready to be computed.
pub(crate) struct Side {
    shape: Shape,
    pub units: Vec<Unit>,
    pub facts: Facts,
    /// What stands in for rows that are gone.
    pub stand_in: Option<StandIn>,
}

impl Side {
    fn new((source, stand_in): (Source, Option<StandIn>), shape: &Shape) -> Self {
        let units = match source.units.len() {
            0..=FEW_UNITS => source.units.iter().flat_map(Unit::parts).collect(),
            _ => source.units,
        };
        Self { shape: shape.clone(), units, facts: source.facts, stand_in }
    }

    /// What is computed of some sets of columns.
    pub fn work(&self, plan: &Plan, columns: Range<usize>) -> Arc<UnitWork> {
        let bindings = self.shape.bindings.get(columns).unwrap_or_default();
        Arc::new(UnitWork {
            factory: Arc::clone(&plan.factory),
            parameters: plan.parameters.clone(),
            shape: self.shape.of_bindings(bindings.to_vec()),
            window: plan.window,
            max_groups: MAX_GROUPS,
        })
    }

    /// The kept states of some sets of columns, taken out.
    pub fn take_states(&mut self, columns: Range<usize>) -> Vec<UnitStates> {
        self.stand_in.as_mut().map(|stand_in| stand_in.take(columns)).unwrap_or_default()
    }
}

/// Finds the rows of both sides. Blocks on the catalog.
pub(crate) fn sides(plan: &Plan, storage: &Storage) -> Result<(Side, Option<Side>), Error> {
    let snapshot_source = |window: Window, shape: &Shape| {
        let snapshot = storage.snapshot(&plan.model, Some(window))?;
        let stand_in = rolled_up::stand_in(plan, shape, &snapshot)?;
        let columns: Vec<_> = shape.columns().into_iter().collect();
        Ok::<_, Error>((Source::of_snapshot(storage, &snapshot, &columns)?, stand_in))
    };
    let current = Side::new(snapshot_source(plan.window, &plan.shape)?, &plan.shape);
    let reference = match &plan.reference {
        None => None,
        Some(reference) => {
            let source = match &reference.rows {
                ReferenceRows::Window(window) => snapshot_source(*window, &reference.shape)?,
                ReferenceRows::Dataset { dataset, .. } => (Source::of_dataset(storage, dataset), None),
            };
            Some(Side::new(source, &reference.shape))
        }
    };
    Ok((current, reference))
}
