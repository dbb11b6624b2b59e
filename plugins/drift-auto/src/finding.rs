//! What was found, and by which test.

/// The measure of a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Finding {
    /// A chance: low ones speak for drift.
    PValue(&'static str, Measured),
    /// A distance: high ones speak for drift.
    Distance(&'static str, Measured),
}

/// A number, and between which it would be without a sketch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Measured {
    /// A number without doubt.
    pub(crate) fn exactly(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// What a sketch leaves open, where it does.
    pub(crate) fn remark(&self) -> Option<String> {
        (self.low < self.high)
            .then(|| format!("from a sketch; exactly it is between {:.3e} and {:.3e}", self.low, self.high))
    }

    /// Whether `holds`, if a sketch leaves no doubt of it.
    pub(crate) fn decide(&self, holds: impl Fn(f64) -> bool) -> Option<bool> {
        let (low, high) = (holds(self.low), holds(self.high));
        (low == high).then_some(low)
    }
}

impl Finding {
    /// The name of the test.
    pub(crate) fn test(&self) -> &'static str {
        match self {
            Self::PValue(test, _) | Self::Distance(test, _) => test,
        }
    }
}
