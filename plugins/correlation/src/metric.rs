//! The metric: what it takes, keeps and reports.

use driftline_numerics::{CoMoments, key};
use driftline_sdk::{bulk, prelude::*};

use crate::ranks::spearman;

const OUTPUTS: [&str; 2] = ["pearson", "spearman"];
const CHANGES: [&str; 2] = ["pearson_change", "spearman_change"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Whether Spearman's correlation is wanted. It is exact, for which the state grows by 16 bytes a row; without it the
    /// state is a few numbers.
    #[serde(default = "yes")]
    spearman: bool,
}

fn yes() -> bool {
    true
}

/// Pairs of finite numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Correlation {
    moments: CoMoments,
    /// The keys of the pairs, where Spearman's correlation is wanted.
    #[serde(with = "bulk")]
    x: Vec<u64>,
    #[serde(with = "bulk")]
    y: Vec<u64>,
    not_finite: u64,
}

impl Metric for Correlation {
    type Parameters = Parameters;

    fn describe() -> Description {
        let signed = |name: &str, doc: &str| Output::new(name).range(-1.0, 1.0).doc(doc);
        let change =
            |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, 2.0).thresholds(0.1, 0.3).doc(doc);
        Description::new(
            "correlation",
            "1.0.0",
            "Pearson's and Spearman's correlation of two columns and, with a reference, by how much they have changed.",
        )
        .input(Input::number("x").doc("The first column."))
        .input(Input::number("y").doc("The second column."))
        .output(signed("pearson", "The linear correlation."))
        .output(signed("spearman", "The correlation of the ranks, tied values having the mean of theirs."))
        .output(change("pearson_change", "The size of its difference from the reference."))
        .output(change("spearman_change", "The size of its difference from the reference."))
        .reference(ReferenceUse::Optional)
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let (xs, ys) = (rows.numbers("x")?, rows.numbers("y")?);
        let pairs = xs.iter().zip(&*ys).filter(|(x, y)| x.is_finite() && y.is_finite());
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.map(|(x, y)| (*x, *y)).unzip();
        self.not_finite += (xs.len() - x.len()) as u64;
        self.moments.extend(&x, &y);
        if run.parameters.spearman {
            self.x.extend(x.into_iter().map(key::key));
            self.y.extend(y.into_iter().map(key::key));
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if other.x.len() != other.y.len() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.moments.merge(other.moments);
        self.x.extend(other.x);
        self.y.extend(other.y);
        self.not_finite += other.not_finite;
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let ours = self.correlations(run.parameters.spearman);
        let left_out = (self.not_finite > 0).then(|| format!("{} pairs that are not finite left out", self.not_finite));
        let reason = |side: &Self, place: &str, name: &str| match (side.moments.x.weight() < 2.0, name) {
            (true, _) => format!("fewer than two pairs in the {place}"),
            (false, "spearman") if !run.parameters.spearman => "switched off by the parameter `spearman`".to_owned(),
            (false, _) => format!("a column does not vary in the {place}"),
        };
        let mut report = Report::new();
        for (name, number) in OUTPUTS.into_iter().zip(ours) {
            let error = (1.0 - number * number) / (self.moments.x.weight() - 1.0).sqrt();
            report = report.value(match number.is_nan() {
                true => Value::undefined(name, &reason(self, "window", name)),
                false => Value::new(name, number).standard_error(error).note(left_out.clone()),
            });
        }
        let Some(reference) = reference else { return Ok(report) };
        let theirs = reference.correlations(run.parameters.spearman);
        for (i, name) in CHANGES.into_iter().enumerate() {
            report = report.value(match (ours[i].is_nan(), theirs[i].is_nan()) {
                (true, _) => Value::undefined(name, &reason(self, "window", OUTPUTS[i])),
                (_, true) => Value::undefined(name, &reason(reference, "reference", OUTPUTS[i])),
                _ => Value::new(name, (ours[i] - theirs[i]).abs()),
            });
        }
        Ok(report)
    }
}

impl Correlation {
    fn correlations(&self, with_ranks: bool) -> [f64; 2] {
        [self.moments.correlation(), if with_ranks { spearman(&self.x, &self.y) } else { f64::NAN }]
    }
}
