//! The metric: what it takes, keeps and reports.

use driftline_numerics::{
    Multiset,
    ecdf::{self, Distance},
    key,
    kolmogorov::{self, Tail},
};
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 3] = ["statistic", "p_value", "location"];
/// Entries above which the runs of a sketch are joined.
const SKETCH: usize = 1 << 18;

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// How the p-value is computed: exactly for at most 10,000 rows on both sides (auto), exactly if possible, or
    /// asymptotically.
    #[serde(default)]
    method: Method,
    /// Which differences count: both (two-sided), the current distribution function below the reference's (less), or
    /// above it (greater).
    #[serde(default)]
    alternative: Alternative,
    /// Bounds the memory: so many leading bits of each value are kept, numbers of no more bits exactly. The note states
    /// how far the statistic can be off. Without it the test is exact.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    sketch: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Method {
    #[default]
    Auto,
    Exact,
    Asymp,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Alternative {
    #[default]
    TwoSided,
    Less,
    Greater,
}

/// The values of a column, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Ks {
    values: Multiset,
    sketch: Option<u32>,
    /// Cells left out because they are not a number.
    not_numbers: u64,
}

impl Metric for Ks {
    type Parameters = Parameters;

    fn describe() -> Description {
        Description::new(
            "ks",
            "1.0.0",
            "Two-sample Kolmogorov-Smirnov test of a column against the reference: the largest distance between the two \
             distribution functions, where it is, and how likely it would be by chance.",
        )
        .input(Input::number("value").doc("The column."))
        .output(Output::new("statistic").lower_is_better().range(0.0, 1.0).doc("The largest distance D."))
        .output(
            Output::new("p_value")
                .higher_is_better()
                .range(0.0, 1.0)
                .thresholds(0.05, 0.01)
                .doc("The chance of so large a distance without any drift."),
        )
        .output(Output::new("location").doc("The value at which the distance is reached."))
        .reference(ReferenceUse::Required)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { sketch: run.parameters.sketch, ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let cells = rows.numbers("value")?;
        let not_numbers = cells.iter().filter(|cell| cell.is_nan()).count();
        self.not_numbers += not_numbers as u64;
        match self.sketch {
            Some(bits) => {
                let numbers = cells.iter().filter(|cell| !cell.is_nan());
                self.values.extend_keys(numbers.map(|cell| key::coarse(key::key(*cell), bits)));
            }
            None if not_numbers > 0 => self.values.extend(cells.iter().copied().filter(|cell| !cell.is_nan())),
            None => self.values.extend(cells.iter().copied()),
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.values.settle();
        self.bound();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if self.sketch != other.sketch || !other.values.is_sound() {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.values.merge(other.values);
        self.not_numbers += other.not_numbers;
        self.bound();
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference = reference.ok_or_else(|| Error::parameters("`ks` compares with a reference: choose one"))?;
        let undefined = match (self.values.is_empty(), reference.values.is_empty()) {
            (true, _) => Some("no values in the window"),
            (_, true) => Some("no values in the reference"),
            _ => None,
        };
        if let Some(reason) = undefined {
            return Ok(Report::undefined(&OUTPUTS, reason));
        }
        let is_coarse = self.sketch.map(|bits| move |key| key::is_coarse(key, bits));
        let distance = ecdf::distance(&self.values, &reference.values, is_coarse);
        Ok(self.report(reference, &distance, run.parameters).chart(curves(distance)))
    }
}

impl Ks {
    fn bound(&mut self) {
        if self.sketch.is_some() {
            self.values.join_above(SKETCH);
        }
    }

    fn report(&self, reference: &Self, distance: &Distance, parameters: &Parameters) -> Report {
        let alternative = match parameters.alternative {
            Alternative::TwoSided => kolmogorov::Alternative::TwoSided,
            Alternative::Less => kolmogorov::Alternative::Less,
            Alternative::Greater => kolmogorov::Alternative::Greater,
        };
        let method = match parameters.method {
            Method::Auto => kolmogorov::Method::Auto,
            Method::Exact => kolmogorov::Method::Exact,
            Method::Asymp => kolmogorov::Method::Asymptotic,
        };
        let extreme = match parameters.alternative {
            Alternative::Less => distance.below,
            Alternative::TwoSided if distance.below.distance > distance.above.distance => distance.below,
            Alternative::TwoSided | Alternative::Greater => distance.above,
        };
        let (n1, n2) = (self.values.total() as u64, reference.values.total() as u64);
        let tail = kolmogorov::two_sample(extreme.distance, n1, n2, alternative, method);
        Report::new()
            .value(Value::new("statistic", tail.statistic).note(self.remark(reference, distance)))
            .value(Value::new("p_value", tail.p_value).note(method_note(parameters.method, tail)))
            .value(location(extreme.location))
    }

    fn remark(&self, reference: &Self, distance: &Distance) -> String {
        let mut remarks = Vec::new();
        if self.sketch.is_some() {
            remarks
                .push(format!("from a sketch; the exact statistic differs by at most {:.1e}", distance.largest_share));
        }
        let not_numbers = self.not_numbers + reference.not_numbers;
        if not_numbers > 0 {
            remarks.push(format!("{not_numbers} cells that are not a number left out"));
        }
        remarks.join("; ")
    }
}

fn location(value: f64) -> Value {
    match value.is_finite() {
        true => Value::new("location", value),
        false => Value::undefined("location", &format!("it is {value}")),
    }
}

fn method_note(asked: Method, tail: Tail) -> Option<String> {
    let note = match (asked, tail.exact) {
        _ if tail.p_value.is_nan() => "too few rows for the asymptotic method: use `exact`",
        (Method::Exact, false) => "asymptotic: the samples are too large for the exact method",
        (_, true) => "exact",
        (_, false) => "asymptotic",
    };
    Some(note.into())
}

fn curves(distance: Distance) -> Chart {
    let curve: Vec<_> = distance.curve.into_iter().filter(|point| point.0.is_finite()).collect();
    Chart::line("Distribution functions", "value", "share of rows at most this value")
        .series("current", curve.iter().map(|point| (point.0, point.1)))
        .series("reference", curve.iter().map(|point| (point.0, point.2)))
}
