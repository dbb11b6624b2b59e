//! The metric: what it takes, keeps and reports.

use driftline_numerics::Sketch;
use driftline_sdk::prelude::*;

const OUTPUTS: [&str; 4] = ["coverage", "lag_p50_seconds", "lag_p95_seconds", "oldest_unlabelled_seconds"];
const MICROSECONDS: f64 = 1e6;
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

/// Counts, lags and the ends of time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LabelCoverage {
    rows: u64,
    labelled: u64,
    has_times: bool,
    /// In seconds.
    lags: Sketch,
    has_lags: bool,
    newest: Option<i64>,
    oldest_unlabelled: Option<i64>,
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
        Ok(Self { lags: Sketch::new(run.parameters.sketch as usize), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        let labels = rows.validity("label")?;
        self.has_times = rows.has("time")?;
        if !self.has_times {
            self.rows += rows.len() as u64;
            self.labelled += (0..rows.len()).filter(|row| labels.is_present(*row)).count() as u64;
            return Ok(());
        }
        let times = rows.timestamps("time")?;
        let arrivals = if rows.has("labelled_at")? { Some(rows.timestamps("labelled_at")?) } else { None };
        self.has_lags |= arrivals.is_some();
        let mut lags = Vec::new();
        for (row, time) in times.iter().enumerate() {
            self.rows += 1;
            self.newest = self.newest.max(Some(*time));
            if !labels.is_present(row) {
                self.oldest_unlabelled = Some(self.oldest_unlabelled.map_or(*time, |oldest| oldest.min(*time)));
                continue;
            }
            self.labelled += 1;
            if let Some(arrival) =
                arrivals.as_ref().map(|arrivals| arrivals[row]).filter(|arrival| *arrival != i64::MIN)
            {
                self.newest = self.newest.max(Some(arrival));
                lags.push((arrival - time).max(0) as f64 / MICROSECONDS);
            }
        }
        lags.sort_unstable_by(f64::total_cmp);
        self.lags.extend_sorted(&lags);
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.lags.is_sound(self.lags.size()) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.rows += other.rows;
        self.labelled += other.labelled;
        self.lags.merge(other.lags);
        self.has_lags |= other.has_lags;
        self.has_times |= other.has_times;
        self.newest = self.newest.max(other.newest);
        self.oldest_unlabelled = match (self.oldest_unlabelled, other.oldest_unlabelled) {
            (Some(ours), Some(theirs)) => Some(ours.min(theirs)),
            (ours, theirs) => ours.or(theirs),
        };
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, _: &Run<Parameters>) -> Result<Report> {
        if self.rows == 0 {
            return Ok(Report::undefined(&OUTPUTS, "no predictions in the window"));
        }
        let waiting = match (self.newest, self.oldest_unlabelled) {
            (Some(newest), Some(oldest)) => Value::new(OUTPUTS[3], (newest - oldest) as f64 / MICROSECONDS),
            (Some(_), None) => Value::new(OUTPUTS[3], 0.0),
            (None, _) => Value::undefined(OUTPUTS[3], "bind `time` to know how long predictions wait"),
        };
        let report = Report::new()
            .value(Value::new(OUTPUTS[0], self.labelled as f64 / self.rows as f64))
            .value(self.lag(OUTPUTS[1], 0.5))
            .value(self.lag(OUTPUTS[2], 0.95))
            .value(waiting);
        if self.lags.ends().is_none() {
            return Ok(report);
        }
        let ranks = self.lags.ranks();
        let points = (0..=POINTS).map(|i| f64::from(i) / f64::from(POINTS)).map(|q| (ranks.quantile(q), q));
        let chart = Chart::line("Arrival of labels", "seconds after the prediction", "share of the labels");
        Ok(report.chart(chart.series("labels", points)))
    }
}

impl LabelCoverage {
    fn lag(&self, name: &str, q: f64) -> Value {
        if !self.has_lags {
            return Value::undefined(name, "bind `time` and `labelled_at` to know when labels came");
        }
        if self.lags.ends().is_none() {
            return Value::undefined(name, "no labels in the window");
        }
        let (ranks, error) = (self.lags.ranks(), self.lags.rank_error());
        let share = 100.0 * error as f64 / ranks.rows() as f64;
        let note = (error > 0).then(|| format!("its rank is off by at most {error} labels ({share:.2} %)"));
        Value::new(name, ranks.quantile(q)).note(note)
    }
}
