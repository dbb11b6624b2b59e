//! The rates that are reported: each with its formula, and why there may be none.

use driftline_sdk::prelude::*;

use crate::{
    parameters::Parameters,
    rates::{Counts, Rate},
};

/// A rate under its name.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    doc: &'static str,
    /// The least it can be; all are at most 1.
    least: f64,
    pub(crate) rate: fn(&Counts, &Parameters) -> Rate,
    /// Why there is none where nothing can be divided.
    pub(crate) none: &'static str,
}

impl Named {
    /// What the description says of it.
    pub(crate) fn output(&self) -> Output {
        let output = Output::new(self.name).range(self.least, 1.0).doc(self.doc);
        // How common positives are is neither good nor bad.
        if self.name == "prevalence" { output } else { output.higher_is_better() }
    }
}

const NO_CLASS: &str = "only one class in the window";
const NO_POSITIVE: &str = "no row is positive or was decided so";

/// All rates, in the order of the report.
pub(crate) const RATES: [Named; 11] = [
    Named {
        name: "accuracy",
        doc: "The share of right decisions.",
        least: 0.0,
        rate: |counts, _| counts.accuracy(),
        none: "",
    },
    Named {
        name: "balanced_accuracy",
        doc: "The mean of recall and specificity.",
        least: 0.0,
        rate: |counts, _| counts.balanced_accuracy(),
        none: NO_CLASS,
    },
    Named {
        name: "precision",
        doc: "The share of positives among rows decided as positive.",
        least: 0.0,
        rate: |counts, _| counts.precision(),
        none: "no row was decided as positive",
    },
    Named {
        name: "recall",
        doc: "The share of positive rows that were found.",
        least: 0.0,
        rate: |counts, _| counts.recall(),
        none: "no positive rows in the window",
    },
    Named {
        name: "specificity",
        doc: "The share of negative rows that were found.",
        least: 0.0,
        rate: |counts, _| counts.specificity(),
        none: "no negative rows in the window",
    },
    Named {
        name: "f1",
        doc: "The harmonic mean of precision and recall.",
        least: 0.0,
        rate: |counts, _| counts.f_beta(1.0),
        none: NO_POSITIVE,
    },
    Named {
        name: "f_beta",
        doc: "Their mean with recall weighed by the parameter `beta`.",
        least: 0.0,
        rate: |counts, parameters| counts.f_beta(parameters.beta),
        none: NO_POSITIVE,
    },
    Named {
        name: "matthews_correlation",
        doc: "The correlation of decision and truth.",
        least: -1.0,
        rate: |counts, _| counts.matthews_correlation(),
        none: "only one class, or only one decision",
    },
    Named {
        name: "cohen_kappa",
        doc: "Agreement beyond chance.",
        least: -1.0,
        rate: |counts, _| counts.cohen_kappa(),
        none: "one class was always there and always decided",
    },
    Named {
        name: "prevalence",
        doc: "The share of positive rows.",
        least: 0.0,
        rate: |counts, _| counts.prevalence(),
        none: "",
    },
    Named {
        name: "lift",
        doc: "Accuracy beyond that of always saying the commoner class.",
        least: -1.0,
        rate: |counts, _| counts.lift(),
        none: "",
    },
];
