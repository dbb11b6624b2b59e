//! The metric: what it takes, keeps and reports.

use driftline_numerics::Distinct;
use driftline_sdk::prelude::*;

use crate::{labels::Labels, numbers::Numbers};

const QUANTILES: [(&str, f64); 7] =
    [("p01", 0.01), ("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99)];
const NUMERIC: [&str; 11] = ["mean", "std", "min", "max", "p01", "p05", "p25", "p50", "p75", "p95", "p99"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Numbers held at each level of the quantile sketch. Fewer rows than this give exact quantiles; of more, the note
    /// states by how many rows a quantile can be off: with the default at most 0.25 % of a million.
    #[serde(default = "default_sketch")]
    #[schemars(range(min = 16, max = 65_536))]
    sketch: u32,
    /// How many of the most frequent values are drawn.
    #[serde(default = "default_top")]
    #[schemars(range(min = 1, max = 100))]
    top: u32,
}

fn default_sketch() -> u32 {
    2048
}

fn default_top() -> u32 {
    10
}

/// What is known of a column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    missing: u64,
    numbers: Numbers,
    labels: Labels,
}

impl Metric for Summary {
    type Parameters = Parameters;

    fn describe() -> Description {
        let number = |name: &str, doc: &str| Output::new(name).doc(doc);
        let description = Description::new(
            "summary",
            "1.0.0",
            "What is in a column: how many cells, their mean, spread, ends, quantiles, distinct and most frequent values, \
             and a histogram. Takes numbers or categories, in bounded memory whatever the rows.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).nullable().doc("The column, numbers or categories."))
        .output(number("count", "Cells that hold a value.").range(0.0, None))
        .output(number("missing", "Cells that are null or not a number.").range(0.0, None))
        .output(number("mean", "Mean of the numbers."))
        .output(number("std", "Sample standard deviation (n - 1) of the numbers.").range(0.0, None))
        .output(number("min", "The smallest number."))
        .output(number("max", "The largest number."))
        .output(
            number("distinct", "Distinct values: exact up to 512, then by HyperLogLog with a standard error of 1.6 %.")
                .range(0.0, None),
        );
        QUANTILES.into_iter().fold(description, |description, (name, q)| {
            let doc = format!("The {q} quantile by linear interpolation (R-7), within the rank error in its note.");
            description.output(number(name, &doc))
        })
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { numbers: Numbers::new(run.parameters.sketch as usize), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        self.missing += match rows.kind("value")? {
            Kind::Category => {
                let cells = rows.categories("value")?;
                let (counts, missing) = cells.counts();
                self.labels.extend(counts);
                missing
            }
            Kind::Number | Kind::Timestamp => self.numbers.extend(&rows.numbers("value")?),
        };
        Ok(())
    }

    fn settle(&mut self) {
        self.numbers.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let numbers = &other.numbers;
        let is_sound = numbers.frequent.is_sound() && other.labels.frequent.is_sound();
        if !is_sound || !numbers.sketch.is_sound(self.numbers.sketch.size()) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.missing += other.missing;
        self.numbers.merge(other.numbers);
        self.labels.merge(other.labels);
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let top = run.parameters.top as usize;
        if run.inputs.kind("value")? == Kind::Category {
            let report = self.counts(self.labels.count, &self.labels.distinct);
            let report = undefined(report, "`value` holds categories, not numbers");
            return Ok(frequent(report, self.labels.top(top), self.labels.frequent.error()));
        }
        let report = self.counts(self.numbers.count(), &self.numbers.distinct);
        if self.numbers.count() == 0 {
            return Ok(undefined(report, "no values in the window"));
        }
        let mut report = self.moments(report);
        report.values.extend(self.quantiles());
        report.charts.extend(self.numbers.histogram());
        Ok(frequent(report, self.numbers.top(top), self.numbers.frequent.error()))
    }
}

impl Summary {
    fn counts(&self, count: u64, distinct: &Distinct) -> Report {
        let error = (!distinct.is_exact()).then(|| distinct.count() * Distinct::RELATIVE_ERROR);
        Report::new()
            .value(Value::new("count", count as f64))
            .value(Value::new("missing", self.missing as f64))
            .value(Value::new("distinct", distinct.count()).standard_error(error))
    }

    fn moments(&self, report: Report) -> Report {
        let (finite, (below, above)) = (&self.numbers.finite, self.numbers.infinite);
        let (low, high) = self.numbers.sketch.ends().unwrap_or_default();
        let infinite = format!("{} of the values are infinite", below + above);
        let std = match finite.variance(1.0).sqrt() {
            _ if below + above > 0 => Value::undefined("std", &infinite),
            std if std.is_nan() => Value::undefined("std", "a standard deviation takes two values"),
            std => Value::new("std", std),
        };
        let mean = match below + above {
            0 => Value::new("mean", finite.mean()).standard_error(finite.standard_error()),
            _ => Value::undefined("mean", &infinite),
        };
        report.value(mean).value(std).value(end("min", low)).value(end("max", high))
    }

    fn quantiles(&self) -> Vec<Value> {
        let (ranks, error) = (self.numbers.sketch.ranks(), self.numbers.sketch.rank_error());
        let share = 100.0 * error as f64 / ranks.rows() as f64;
        let note = (error > 0).then(|| format!("its rank is off by at most {error} rows ({share:.2} %)"));
        let value = |(name, q): (&str, f64)| end(name, ranks.quantile(q)).note(note.clone());
        QUANTILES.into_iter().map(value).collect()
    }
}

fn end(name: &str, number: f64) -> Value {
    if number.is_finite() { Value::new(name, number) } else { Value::undefined(name, &format!("it is {number}")) }
}

fn undefined(mut report: Report, reason: &str) -> Report {
    report.values.extend(NUMERIC.iter().map(|name| Value::undefined(name, reason)));
    report
}

fn frequent(report: Report, top: Vec<(String, u64)>, error: u64) -> Report {
    if top.is_empty() {
        return report;
    }
    let (names, counts): (Vec<_>, Vec<_>) = top.into_iter().unzip();
    let label = if error == 0 { "rows".to_owned() } else { format!("rows, at most {error} too few") };
    let chart = Chart::bars("Most frequent values", "value", &label, names);
    report.chart(chart.heights("rows", counts.into_iter().map(|count| count as f64)))
}
