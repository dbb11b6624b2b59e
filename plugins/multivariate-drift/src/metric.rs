//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Moments, Spread, sides::without};
use driftline_sdk::{bulk, prelude::*, state};

use crate::{axes::Axes, table::Table};

const OUTPUTS: [&str; 3] = ["reconstruction_error", "root_mean_square_error", "reference_error"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The share of the reference's variance that the kept axes explain, at least.
    #[serde(default = "most")]
    #[schemars(range(min = 0.01, max = 0.999_999))]
    variance: f64,
    /// Bounds the memory: instead of all rows only their covariances are kept. Then `root_mean_square_error` is exact, and
    /// the mean error, which is never larger, is undefined.
    #[serde(default)]
    bounded: bool,
}

fn most() -> f64 {
    0.65
}

/// The rows themselves by columns, or how they vary together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MultivariateDrift {
    table: Table,
    spread: Spread,
    /// Rows that a bounded summary left out because a cell is not a finite number.
    left_out: u64,
}

impl Metric for MultivariateDrift {
    type Parameters = Parameters;

    fn describe() -> Description {
        let error = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, None).doc(doc);
        Description::new(
            "multivariate-drift",
            "1.0.0",
            "Whether columns still vary together as they did in the reference: the mean distance of rows from the \
             reference's main axes (NannyML's data reconstruction with PCA), in standard deviations. Missing cells count as \
             the reference's mean. Exact, the state grows by 8 bytes a cell; see `bounded`.",
        )
        .input(Input::number("values").nullable().repeated().doc("Two or more columns of numbers; bind categories as numbers."))
        .output(error(OUTPUTS[0], "The mean distance from the axes; compare it with `reference_error`."))
        .output(error(OUTPUTS[1], "The root of the mean squared distance."))
        .output(Output::new(OUTPUTS[2]).range(0.0, None).doc("The same of the reference's own rows: what is usual."))
        .reference(ReferenceUse::Required)
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let columns: Vec<_> = rows.columns("values")?.into_iter().map(|column| rows.numbers_of(column)).collect();
        if !run.parameters.bounded {
            self.table.push(columns);
            return Ok(());
        }
        let whole: Vec<usize> =
            (0..rows.len()).filter(|row| columns.iter().all(|cells| cells[*row].is_finite())).collect();
        self.left_out += (rows.len() - whole.len()) as u64;
        let pick = |cells: &[f64]| -> Vec<f64> { whole.iter().map(|row| cells[*row]).collect() };
        self.spread.extend(&columns.iter().map(|cells| pick(cells)).collect::<Vec<_>>());
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        let fits = self.table.width().is_none_or(|width| other.table.width().is_none_or(|others| others == width));
        let (ours, theirs) = (self.spread.columns().len(), other.spread.columns().len());
        if !fits || !other.spread.is_sound(if ours == 0 { theirs } else { ours }) {
            return Err(Error::data("the saved state was made with other columns or parameters"));
        }
        self.table.append(other.table);
        self.spread.merge(other.spread);
        self.left_out += other.left_out;
        Ok(())
    }

    /// The cells, then the rest and its length, so that the cells are read where they are.
    fn encode(&self) -> Result<Vec<u8>> {
        let rest = state::to_bytes(self)?;
        let length = u32::try_from(rest.len()).map_err(|_| Error::failed("the state is too large to be saved"))?;
        let cells: usize = self.table.cells().map(<[f64]>::len).sum();
        let mut state = Vec::with_capacity(cells * size_of::<f64>() + rest.len() + size_of::<u32>());
        self.table.cells().for_each(|cells| state.extend_from_slice(bulk::to_bytes(cells)));
        state.extend(rest);
        state.extend(length.to_le_bytes());
        Ok(state)
    }

    fn decode(mut state: Vec<u8>) -> Result<Self> {
        let not_ours = || Error::data("the saved state was not made by this plugin");
        let (body, length) = state.split_last_chunk().ok_or_else(not_ours)?;
        let cells = body.len().checked_sub(u32::from_le_bytes(*length) as usize).ok_or_else(not_ours)?;
        let mut metric: Self = state::from_bytes(&body[cells..])?;
        state.truncate(cells);
        match bulk::Held::of_bytes(state).is_some_and(|cells| metric.table.fill(cells)) {
            true => Ok(metric),
            false => Err(not_ours()),
        }
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference =
            reference.ok_or_else(|| Error::parameters("`multivariate-drift` compares with a reference: choose one"))?;
        let learned = reference.learn();
        if let Some(side) = without(self.rows(), learned.rows()) {
            let of_reference = "no rows of numbers in the reference, or a column of it has none";
            return Ok(Report::undefined(&OUTPUTS, side.pick("no rows of numbers in the window", of_reference)));
        }
        let axes = Axes::of(&learned, run.parameters.variance);
        let names = run.inputs.columns("values")?.len();
        let note = format!("{} of {names} axes kept", axes.kept);
        let [mean, square] = self.errors(&axes);
        let [usual, usual_square] = reference.errors(&axes);
        let usual = if run.parameters.bounded { usual_square } else { usual };
        Ok(Report::new()
            .value(named(OUTPUTS[0], mean).note(note))
            .value(named(OUTPUTS[1], square).note(self.remark()))
            .value(Value::new(OUTPUTS[2], usual.number.unwrap_or(f64::NAN))))
    }
}

impl MultivariateDrift {
    fn rows(&self) -> f64 {
        self.table.rows() as f64 + self.spread.rows()
    }

    fn learn(&self) -> Spread {
        if self.table.rows() == 0 { self.spread.clone() } else { self.table.spread() }
    }

    /// The mean distance from the axes, and the root of its mean square; there are rows.
    fn errors(&self, axes: &Axes) -> [Value; 2] {
        if self.table.rows() == 0 {
            let reason = "`bounded` keeps no rows: it is at most `root_mean_square_error`";
            return [Value::undefined("", reason), Value::new("", axes.mean_square(&self.spread).sqrt())];
        }
        let mut lengths = Moments::default();
        self.table.blocks().for_each(|block| lengths.extend(&axes.lengths(&block)));
        let mean = Value::new("", lengths.mean()).standard_error(lengths.standard_error());
        [mean, Value::new("", lengths.mean().hypot(lengths.variance(0.0).sqrt()))]
    }

    fn remark(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} rows with a cell that is not a finite number left out", self.left_out))
    }
}

fn named(name: &str, value: Value) -> Value {
    Value { name: name.into(), ..value }
}
