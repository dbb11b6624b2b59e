//! What values are held against: those of the reference, and of its own periods.

use std::collections::HashMap;

use driftline_core::Window;
use driftline_eval::{Reference, WindowSpec};
use uuid::Uuid;

use super::{
    context::{Context, Slot},
    judged::{Baselines, key, numbers},
    look::{Rows, measure_rows},
    rules::windows,
    trouble::Trouble,
};
use crate::{app::Shared, wire::MonitorWindow};

/// The most periods that a reference is cut into.
const PERIODS: usize = 1000;

/// Baselines of references that were measured, so that each is measured once in a run.
pub struct Measured {
    place: i64,
    known: HashMap<(Reference, i64), Baselines>,
}

impl Measured {
    /// None yet. Whatever is measured from now on has seen all that had come before.
    ///
    /// # Errors
    /// Those of the catalog.
    pub async fn begin(app: &Shared) -> Result<Self, Trouble> {
        Ok(Self { place: app.blocking(|app| app.storage.arrived()).await?, known: HashMap::new() })
    }

    /// How far the order of arrival had come.
    pub fn place(&self) -> i64 {
        self.place
    }

    /// The baselines of a slot, as far as its thresholds want them; without those of the window before.
    ///
    /// # Errors
    /// When the reference can't be measured.
    pub async fn of(&mut self, app: &Shared, context: &Context, slot: &Slot) -> Result<Baselines, Trouble> {
        let sigma = context.definition.thresholds.iter().any(|threshold| threshold.sigma.is_some());
        let whole = context.measures_reference();
        let (Some(reference), Some(judged), true) = (&slot.reference, slot.periods.first(), sigma || whole) else {
            return Ok(Baselines::default());
        };
        let place = (reference.clone(), judged.end().micros() - judged.start().micros());
        if let Some(known) = self.known.get(&place) {
            return Ok(known.clone());
        }
        let mut baselines = Baselines::default();
        if let (Reference::Window(range), true) = (reference, sigma) {
            let periods = own_periods(context, *range, *judged);
            if !periods.is_empty() {
                let rows = WindowSpec::Periods(periods);
                let Rows { measured, .. } =
                    measure_rows(app, context, Uuid::now_v7(), rows, slot.reference.clone()).await?;
                for result in measured.evaluation.results.iter().flatten() {
                    let values = baselines.periods.entry(key(result)).or_default();
                    for (name, number) in numbers(&result.values) {
                        values.entry(name).or_default().push(number);
                    }
                }
            }
        }
        if whole {
            let rows = match reference {
                Reference::Window(range) => WindowSpec::Periods(vec![*range]),
                Reference::Dataset(dataset) => WindowSpec::Dataset { dataset: dataset.clone(), at: *judged },
            };
            let Rows { measured, .. } =
                measure_rows(app, context, Uuid::now_v7(), rows, slot.reference.clone()).await?;
            let results = measured.evaluation.results.iter().flatten();
            baselines.reference = results.map(|result| (key(result), numbers(&result.values))).collect();
        }
        self.known.insert(place, baselines.clone());
        Ok(baselines)
    }
}

/// The periods of a reference that are as long as those that are judged.
fn own_periods(context: &Context, range: Window, judged: Window) -> Vec<Window> {
    let spec = match context.definition.every {
        Some(every) => MonitorWindow { last: Some(every), period: None, since: None },
        None => context.definition.window.clone(),
    };
    windows::cut(&spec, range, judged, &context.zone, PERIODS)
}
