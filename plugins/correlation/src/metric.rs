//! The metric: what it takes, keeps and reports.

use driftline_numerics::{CoMoments, joint::Bounded};
use driftline_sdk::prelude::*;

use crate::pairs::Pairs;

const OUTPUTS: [&str; 2] = ["pearson", "spearman"];
const CHANGES: [&str; 2] = ["pearson_change", "spearman_change"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Whether Spearman's correlation is wanted. It is exact, for which the state grows by 16 bytes a row, unless there is
    /// a `sketch`; without it the state is a few numbers.
    #[serde(default = "yes")]
    spearman: bool,
    /// Bounds the memory of Spearman's correlation: of each column at most this many values, or else neighbouring values
    /// as one, are told apart, for at most 24 times its square of bytes. It is exact where no column has more values; else
    /// the note states by how much it can be off. Pearson's stays exact.
    #[serde(default)]
    #[schemars(range(min = 16, max = 2048))]
    sketch: Option<u32>,
}

fn yes() -> bool {
    true
}

/// Pairs of finite numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Correlation {
    moments: CoMoments,
    /// Where Spearman's correlation is wanted.
    pairs: Pairs,
    not_finite: u64,
}

impl Metric for Correlation {
    type Parameters = Parameters;

    fn describe() -> Description {
        let signed = |name: &str, doc: &str| Output::new(name).range(-1.0, 1.0).doc(doc);
        let change = |name: &str| {
            let doc = "The size of its difference from the reference.";
            Output::new(name).lower_is_better().range(0.0, 2.0).thresholds(0.1, 0.3).doc(doc)
        };
        Description::new(
            "correlation",
            "1.1.0",
            "Pearson's and Spearman's correlation of two columns and, with a reference, by how much they have changed.",
        )
        .input(Input::number("x").doc("The first column."))
        .input(Input::number("y").doc("The second column."))
        .output(signed("pearson", "The linear correlation."))
        .output(signed("spearman", "The correlation of the ranks, tied values having the mean of theirs."))
        .with_outputs(CHANGES.map(change))
        .reference(ReferenceUse::Optional)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { pairs: Pairs::new(run.parameters.sketch), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let (xs, ys) = (rows.numbers("x")?, rows.numbers("y")?);
        let pairs = xs.iter().zip(&*ys).filter(|(x, y)| x.is_finite() && y.is_finite());
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.map(|(x, y)| (*x, *y)).unzip();
        self.not_finite += (xs.len() - x.len()) as u64;
        self.moments.extend(&x, &y);
        if run.parameters.spearman {
            self.pairs.extend(&x, &y);
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.pairs.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !self.pairs.merge(other.pairs) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.moments.merge(other.moments);
        self.not_finite += other.not_finite;
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let with_ranks = run.parameters.spearman;
        let ours = self.correlations();
        let left_out = (self.not_finite > 0).then(|| format!("{} pairs that are not finite left out", self.not_finite));
        let mut report = Report::new();
        for (name, found) in OUTPUTS.into_iter().zip(ours) {
            let number = found.correlation;
            let error = (1.0 - number * number) / (self.moments.x.weight() - 1.0).sqrt();
            let notes: Vec<String> = left_out.iter().cloned().chain(remark(found.bound)).collect();
            report = report.value(match number.is_nan() {
                true => Value::undefined(name, &self.reason("window", name, with_ranks)),
                false => Value::new(name, number).standard_error(error).note(notes.join("; ")),
            });
        }
        let Some(reference) = reference else { return Ok(report) };
        let both = ours.into_iter().zip(reference.correlations());
        for ((change, name), (ours, theirs)) in CHANGES.into_iter().zip(OUTPUTS).zip(both) {
            let size = (ours.correlation - theirs.correlation).abs();
            report = report.value(match (ours.correlation.is_nan(), theirs.correlation.is_nan()) {
                (true, _) => Value::undefined(change, &self.reason("window", name, with_ranks)),
                (_, true) => Value::undefined(change, &reference.reason("reference", name, with_ranks)),
                _ => Value::new(change, size).note(remark(ours.bound + theirs.bound)),
            });
        }
        Ok(report)
    }
}

impl Correlation {
    fn correlations(&self) -> [Bounded; 2] {
        [Bounded { correlation: self.moments.correlation(), bound: 0.0 }, self.pairs.spearman()]
    }

    /// Why there is no correlation.
    fn reason(&self, place: &str, name: &str, with_ranks: bool) -> String {
        match (self.moments.x.weight() < 2.0, name) {
            (true, _) => format!("fewer than two pairs in the {place}"),
            (false, "spearman") if !with_ranks => "switched off by the parameter `spearman`".to_owned(),
            (false, _) => format!("a column does not vary in the {place}"),
        }
    }
}

fn remark(bound: f64) -> Option<String> {
    (bound > 0.0).then(|| format!("from a sketch; the exact value differs by at most {bound:.1e}"))
}
