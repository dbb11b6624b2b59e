//! What is compared: any two groups, or all others with the privileged one.
//!
//! Definitions: S. Barocas, M. Hardt & A. Narayanan, "Fairness and Machine
//! Learning" (2023), chapter 3.

use crate::groups::{Group, Rate};

/// The groups that are compared.
pub(crate) enum Sides {
    All(Vec<Group>),
    Privileged { others: Group, own: Group },
}

impl Sides {
    /// Of all groups, or of the `privileged` one and the others; an error says why there is nothing to compare.
    pub(crate) fn new(groups: &[(&str, Group)], privileged: Option<&str>) -> Result<Self, String> {
        if groups.len() < 2 {
            return Err(format!("{} groups in the window: there is nothing to compare", groups.len()));
        }
        let Some(name) = privileged else {
            return Ok(Self::All(groups.iter().map(|(_, group)| *group).collect()));
        };
        let own = groups.iter().find(|(label, _)| *label == name).map(|(_, group)| *group);
        let own = own.ok_or_else(|| format!("no rows of the privileged group `{name}` in the window"))?;
        let others = groups.iter().filter(|(label, _)| *label != name).map(|(_, group)| *group);
        Ok(Self::Privileged { others: others.reduce(Group::with).unwrap_or_default(), own })
    }

    /// The smallest and the largest rate, or the privileged group's and the others'.
    pub(crate) fn pair(&self, rate: fn(&Group) -> Rate) -> (Rate, Rate) {
        match self {
            Self::Privileged { others, own } => (rate(own), rate(others)),
            Self::All(groups) => {
                let rates = groups.iter().map(rate);
                // A rate that is not defined makes the comparison undefined: it sorts last.
                let low = rates.clone().min_by(|a, b| a.share.total_cmp(&b.share));
                let high = rates.max_by(|a, b| a.share.total_cmp(&b.share));
                let nothing = rate(&Group::default());
                (low.unwrap_or(nothing), high.unwrap_or(nothing))
            }
        }
    }

    /// The second rate of the pair less the first.
    pub(crate) fn difference(&self, rate: fn(&Group) -> Rate) -> f64 {
        let (low, high) = self.pair(rate);
        high.share - low.share
    }

    /// The standard error of that difference.
    pub(crate) fn error(&self, rate: fn(&Group) -> Rate) -> Option<f64> {
        let (a, b) = self.pair(rate);
        Some((a.variance() + b.variance()).sqrt()).filter(|error| error.is_finite())
    }

    /// The ratio of the shares decided for: the smallest by the largest, or the others' by the privileged group's.
    pub(crate) fn impact(&self) -> f64 {
        let (low, high) = self.pair(Group::selection);
        match self {
            Self::All(_) => low.share / high.share,
            Self::Privileged { .. } => high.share / low.share,
        }
    }

    /// The larger difference, in size, of true and of false positives; NaN where one is not defined.
    pub(crate) fn odds(&self) -> f64 {
        let (a, b) = (self.difference(Group::true_positive).abs(), self.difference(Group::false_positive).abs());
        // Not `max`, which would pass over a rate that is not defined.
        if a.is_nan() || a > b { a } else { b }
    }
}
