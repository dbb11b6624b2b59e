//! When a column counts as drifted: which output, against which threshold, after which correction.

use driftline_core::{Description, Direction, Output, ReferenceUse};

use crate::{Correction, Error, outcome::WindowResult};

/// How drifted columns are to be counted; what is left out has the plugin's defaults.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DriftRequest {
    /// The output that decides: the first with a suggested threshold unless told.
    pub output: Option<String>,
    /// The level at which a column has drifted: the output's suggested warning, or else alert, unless told.
    pub threshold: Option<f64>,
    /// How p-values are adjusted for the number of columns: not at all unless told.
    pub correction: Option<Correction>,
    /// The share of drifted columns from which on the data has drifted: 0.5 unless told.
    pub share: Option<f64>,
}

/// When a column counts as drifted, and when the data does.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// The output that decides.
    pub output: String,
    /// Which way it is better.
    pub better: Direction,
    /// Its smallest and largest possible value, where there is one.
    pub range: (Option<f64>, Option<f64>),
    /// A value at the threshold or on its worse side means drift, but never the best value of the range.
    pub threshold: f64,
    /// How p-values are adjusted for the number of columns.
    pub correction: Correction,
    /// The share of drifted columns from which on the data has drifted.
    pub share: f64,
}

/// Evidently's share.
const SHARE: f64 = 0.5;

impl Criterion {
    /// Checks what is asked against what the plugin declares. Without being
    /// asked, columns are counted for plugins that can't do without a
    /// reference, when there are several columns and a threshold is suggested.
    ///
    /// # Errors
    /// What makes no sense names its field below `drift`.
    pub(crate) fn of(
        asked: Option<&DriftRequest>,
        description: &Description,
        with_reference: bool,
        columns: usize,
    ) -> Result<Option<Self>, Error> {
        let Some(asked) = asked else {
            let counted = description.reference == ReferenceUse::Required && columns > 1;
            let output = description.outputs.iter().find(|output| counted && threshold(output).is_some());
            return output.map(|output| Self::by(&DriftRequest::default(), output, &output.name)).transpose();
        };
        if !with_reference {
            let message = format!(
                "columns drift away from a reference, and this evaluation of `{}` has none: leave `drift` out",
                description.name
            );
            return Err(Error::invalid("drift_without_reference", "drift", message));
        }
        let output = match &asked.output {
            Some(name) => description.outputs.iter().find(|output| output.matches(name)),
            None => description.outputs.iter().find(|output| threshold(output).is_some()),
        };
        let output = output.ok_or_else(|| no_output(asked, description))?;
        Self::by(asked, output, asked.output.as_ref().unwrap_or(&output.name)).map(Some)
    }

    fn by(asked: &DriftRequest, output: &Output, name: &str) -> Result<Self, Error> {
        if output.direction == Direction::Neutral {
            let message = format!("`{name}` is neither better nor worse when it grows: let another output decide");
            return Err(Error::invalid("drift_output_undirected", "drift.output", message));
        }
        let threshold = asked.threshold.or(threshold(output)).ok_or_else(|| {
            let message = format!("the plugin suggests no threshold for `{name}`: give one");
            Error::invalid("drift_threshold_required", "drift.threshold", message)
        })?;
        let criterion = Self {
            output: name.to_owned(),
            better: output.direction,
            range: output.range,
            threshold,
            correction: asked.correction.unwrap_or_default(),
            share: asked.share.unwrap_or(SHARE),
        };
        criterion.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        let invalid = |field: &str, message: String| Err(Error::invalid("invalid_drift", field, message));
        if !self.threshold.is_finite() {
            return invalid("drift.threshold", format!("{} is no threshold: give a number", self.threshold));
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            let message = format!("{} is no share of columns: give a number above 0, at most 1", self.share);
            return invalid("drift.share", message);
        }
        if self.corrects() && !self.is_p_value() {
            let message = format!(
                "`{}` corrects p-values, and `{}` is none: leave it out, or let an output called `p_value` decide",
                self.correction.as_str(),
                self.output
            );
            return Err(Error::invalid("correction_not_for_output", "drift.correction", message));
        }
        Ok(self)
    }

    /// Whether the output is a p-value: called `p_value` or `…_p_value`, from 0 to 1, higher being better.
    pub fn is_p_value(&self) -> bool {
        let called = self.output == "p_value" || self.output.ends_with("_p_value");
        called && self.better == Direction::Higher && self.range == (Some(0.0), Some(1.0))
    }

    /// Whether values are adjusted before they are compared.
    pub(crate) fn corrects(&self) -> bool {
        self.correction != Correction::None
    }

    /// The deciding value of a result; `None` where it is undefined, or no probability where it should be one.
    pub(crate) fn value_of(&self, result: &WindowResult) -> Option<f64> {
        let value = result.values.iter().find(|value| value.name == self.output)?;
        let is_sound = |number: &f64| number.is_finite() && (!self.is_p_value() || (0.0..=1.0).contains(number));
        value.number.filter(is_sound)
    }

    /// Whether a value means drift.
    pub(crate) fn is_drift(&self, value: f64) -> bool {
        match self.better {
            Direction::Higher => value <= self.threshold && self.range.1 != Some(value),
            _ => value >= self.threshold && self.range.0 != Some(value),
        }
    }
}

/// The level that a plugin suggests for an output.
fn threshold(output: &Output) -> Option<f64> {
    output.warning.or(output.critical).filter(|_| output.direction != Direction::Neutral)
}

fn no_output(asked: &DriftRequest, description: &Description) -> Error {
    let directed = description.outputs.iter().filter(|output| output.direction != Direction::Neutral);
    let names: Vec<_> = directed.map(|output| format!("`{}`", output.name)).collect();
    let choice = if names.is_empty() { "it has none that could".into() } else { format!("use {}", names.join(" or ")) };
    let message = match &asked.output {
        Some(name) => format!("`{}` has no output `{name}` that could decide: {choice}", description.name),
        None => format!("`{}` does not suggest which output decides: {choice}", description.name),
    };
    Error::invalid("unknown_drift_output", "drift.output", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(name: &str, direction: Direction, range: (f64, f64), warning: Option<f64>) -> Output {
        let range = (Some(range.0), Some(range.1));
        Output { name: name.into(), direction, range, warning, critical: None, doc: String::new() }
    }

    fn description(reference: ReferenceUse) -> Description {
        Description {
            name: "ks".parse().expect("name"),
            version: "1.0.0".into(),
            doc: String::new(),
            inputs: Vec::new(),
            outputs: vec![
                output("statistic", Direction::Lower, (0.0, 1.0), None),
                output("p_value", Direction::Higher, (0.0, 1.0), Some(0.05)),
                output("location", Direction::Neutral, (0.0, 1.0), Some(1.0)),
            ],
            parameters: "{}".into(),
            reference,
            merges: true,
            tolerance: 1e-9,
        }
    }

    #[test]
    fn what_is_left_out_comes_from_the_plugin() {
        let of = |asked: Option<&DriftRequest>, reference, columns| {
            Criterion::of(asked, &description(reference), true, columns).expect("makes sense")
        };
        let default = of(None, ReferenceUse::Required, 2).expect("counted");
        assert_eq!((default.output.as_str(), default.threshold, default.share), ("p_value", 0.05, 0.5));
        assert_eq!(default.correction, Correction::None);
        assert_eq!(of(None, ReferenceUse::Required, 1), None, "one column is no share");
        assert_eq!(of(None, ReferenceUse::Optional, 9), None, "no drift plugin");
        assert_eq!(of(Some(&DriftRequest::default()), ReferenceUse::Optional, 1), Some(default));
    }

    #[test]
    fn refusals_name_the_field() {
        let asked = DriftRequest::default;
        let output = |name: &str| DriftRequest { output: Some(name.into()), ..asked() };
        let bonferroni = Some(Correction::Bonferroni);
        for (asked, code, place) in [
            (output("nope"), "unknown_drift_output", "drift.output"),
            (output("location"), "drift_output_undirected", "drift.output"),
            (output("statistic"), "drift_threshold_required", "drift.threshold"),
            (DriftRequest { threshold: Some(f64::NAN), ..asked() }, "invalid_drift", "drift.threshold"),
            (DriftRequest { share: Some(0.0), ..asked() }, "invalid_drift", "drift.share"),
            (DriftRequest { share: Some(1.5), ..asked() }, "invalid_drift", "drift.share"),
            (
                DriftRequest { threshold: Some(0.1), correction: bonferroni, ..output("statistic") },
                "correction_not_for_output",
                "drift.correction",
            ),
        ] {
            match Criterion::of(Some(&asked), &description(ReferenceUse::Required), true, 2) {
                Err(Error::Invalid { code: got, field, .. }) => assert_eq!((got, field.as_str()), (code, place)),
                other => panic!("{code}: {other:?}"),
            }
        }
        let without = Criterion::of(Some(&asked()), &description(ReferenceUse::Optional), false, 2);
        assert!(matches!(without, Err(Error::Invalid { code: "drift_without_reference", .. })));
    }

    #[test]
    fn the_threshold_counts_but_the_best_value_never_does() {
        for (better, threshold, value, drifted) in [
            (Direction::Lower, 0.1, 0.1, true),
            (Direction::Lower, 0.1, 0.099, false),
            (Direction::Lower, 0.0, 0.0, false),
            (Direction::Lower, 0.0, 1e-9, true),
            (Direction::Higher, 0.05, 0.05, true),
            (Direction::Higher, 0.05, 0.051, false),
            (Direction::Higher, 1.0, 1.0, false),
        ] {
            let (range, correction) = ((Some(0.0), Some(1.0)), Correction::None);
            let criterion = Criterion { output: "x".into(), better, range, threshold, correction, share: SHARE };
            assert_eq!(criterion.is_drift(value), drifted, "{better:?} {threshold} {value}");
        }
    }
}
