//! The metric: what it takes, keeps and reports.

use driftline_sdk::prelude::*;

use crate::arrivals::Arrivals;

const OUTPUTS: [&str; 4] = ["coverage", "lag_p50_seconds", "lag_p95_seconds", "oldest_unlabelled_seconds"];
/// Points of the drawn quantiles.
const POINTS: u32 = 100;

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Lags held at each level of the quantile sketch. Fewer labels than this give exact quantiles; of more, the note
    /// states by how many a quantile can be off.
    #[serde(default = "default_sketch")]
    #[schemars(range(min = 16, max = 65_536))]
    sketch: u32,
}

fn default_sketch() -> u32 {
    4096
}

/// Predictions, and when their labels came.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LabelCoverage {
    arrivals: Arrivals,
}

impl Metric for LabelCoverage {
    type Parameters = Parameters;

    fn describe() -> Description {
        let late = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, None).doc(doc);
        Description::new(
            "label-coverage",
            "1.0.0",
            "How many predictions have their label, how late labels came, and how long the oldest prediction without one \
             has been waiting, up to the newest moment in the window. In bounded memory.",
        )
        .input(Input::new("label", &[Kind::Number, Kind::Category, Kind::Timestamp]).nullable().doc("The label; null until it arrives."))
        .input(Input::timestamp("time").optional().doc("When the prediction was made: the column `time`."))
        .input(Input::timestamp("labelled_at").optional().nullable().doc("When the label arrived: the column `labelled_at`."))
        .output(
            Output::new(OUTPUTS[0]).higher_is_better().range(0.0, 1.0).doc("The share of predictions that have their label."),
        )
        .output(late(OUTPUTS[1], "The median time from a prediction to its label."))
        .output(late(OUTPUTS[2], "The time within which 95 % of the labels came."))
        .output(late(OUTPUTS[3], "From the oldest prediction without a label to the newest moment in the window; 0 without one."))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        Ok(Self { arrivals: Arrivals::new(run.parameters.sketch as usize) })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let labels = rows.validity("label")?;
        if !rows.has("time")? {
            self.arrivals.count(rows.len(), labels.count(rows.len()));
            return Ok(());
        }
        let times = rows.timestamps("time")?;
        self.arrivals.extend(&times, &labels);
        if rows.has("labelled_at")? {
            self.arrivals.arrive(&times, &labels, &rows.timestamps("labelled_at")?);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        match self.arrivals.merge(other.arrivals) {
            true => Ok(()),
            false => Err(Error::data("the saved state was made with other parameters")),
        }
    }

    fn evaluate(&self, _: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        let arrivals = &self.arrivals;
        if arrivals.rows == 0 {
            return Ok(Report::undefined(&OUTPUTS, "no predictions in the window"));
        }
        let coverage = arrivals.coverage();
        let error = (coverage * (1.0 - coverage) / arrivals.rows as f64).sqrt();
        let waiting = match arrivals.waiting() {
            Some(seconds) => Value::new(OUTPUTS[3], seconds),
            None => Value::undefined(OUTPUTS[3], "bind `time` to know how long predictions wait"),
        };
        let report = Report::new()
            .value(Value::new(OUTPUTS[0], coverage).standard_error(error))
            .value(self.lag(OUTPUTS[1], 0.5))
            .value(self.lag(OUTPUTS[2], 0.95))
            .value(waiting);
        if arrivals.lags.ends().is_none() {
            return Ok(report);
        }
        let ranks = arrivals.lags.ranks();
        let points = (0..=POINTS).map(|i| f64::from(i) / f64::from(POINTS)).map(|q| (ranks.quantile(q), q));
        let chart = Chart::line("Arrival of labels", "seconds after the prediction", "share of the labels");
        Ok(report.chart(chart.series("labels", points)))
    }
}

impl LabelCoverage {
    fn lag(&self, name: &str, q: f64) -> Value {
        let Arrivals { lags, has_lags, .. } = &self.arrivals;
        if !has_lags {
            return Value::undefined(name, "bind `time` and `labelled_at` to know when labels came");
        }
        if lags.ends().is_none() {
            return Value::undefined(name, "no labels in the window");
        }
        let (ranks, error) = (lags.ranks(), lags.rank_error());
        let share = 100.0 * error as f64 / ranks.rows() as f64;
        let note = (error > 0).then(|| format!("its rank is off by at most {error} labels ({share:.2} %)"));
        Value::new(name, ranks.quantile(q)).note(note)
    }
}
