//! Where something differs: a period, a slice and what fed the inputs.

use serde_json::{Map, Value as Json};

use crate::wire::{Difference, DifferenceKind, DriftedShare, WindowBounds, WindowResult};

/// Where something differs.
pub(super) struct Place<'a> {
    window: WindowBounds,
    slice: &'a Map<String, Json>,
    inputs: Option<&'a Map<String, Json>>,
}

impl<'a> Place<'a> {
    /// The place of a result.
    pub fn of(result: &'a WindowResult) -> Self {
        Self { window: result.window, slice: &result.slice, inputs: Some(&result.inputs) }
    }

    /// The place of a count of drifted columns.
    pub fn of_share(share: &'a DriftedShare) -> Self {
        Self { window: share.window, slice: &share.slice, inputs: None }
    }

    /// The same for the same place.
    pub fn key(&self) -> String {
        serde_json::to_string(&(self.window, self.slice, self.inputs)).unwrap_or_default()
    }

    /// A difference of some kind here.
    pub fn of_kind(&self, kind: DifferenceKind, name: &str) -> Difference {
        Difference {
            window: self.window,
            slice: self.slice.clone(),
            inputs: self.inputs.cloned().unwrap_or_default(),
            kind,
            name: name.to_owned(),
            base: None,
            other: None,
            absolute: None,
            relative: None,
            detail: None,
            chart: None,
        }
    }

    /// Two numbers, or a number and none.
    pub fn numbers(&self, kind: DifferenceKind, name: &str, base: Option<f64>, other: Option<f64>) -> Difference {
        let absolute = base.zip(other).map(|(base, other)| other - base);
        let relative =
            absolute.zip(base).filter(|(_, base)| *base != 0.0).map(|(absolute, base)| absolute / base.abs());
        Difference { base, other, absolute, relative, ..self.of_kind(kind, name) }
    }
}
