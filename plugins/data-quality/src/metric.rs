//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Distinct, Sketch, distinct, key};
use driftline_sdk::prelude::*;

use crate::shape::{NAMES, Shapes};

const SHARES: [&str; 5] =
    ["missing_share", "infinite_share", "out_of_range_share", "duplicate_share", "type_surprise_share"];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The smallest number that is in range; without it the reference's.
    #[serde(default)]
    min: Option<f64>,
    /// The largest number that is in range; without it the reference's.
    #[serde(default)]
    max: Option<f64>,
    /// Numbers held at each level of the sketch that tells how many lie outside the reference's range.
    #[serde(default = "default_sketch")]
    #[schemars(range(min = 16, max = 65_536))]
    sketch: u32,
}

fn default_sketch() -> u32 {
    2048
}

/// Counts of cells by what is wrong with them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DataQuality {
    missing: u64,
    values: u64,
    infinite: u64,
    /// Cells outside the bounds that the parameters give.
    outside: u64,
    finite: Sketch,
    distinct: Distinct,
    shapes: Shapes,
}

impl Metric for DataQuality {
    type Parameters = Parameters;

    fn describe() -> Description {
        let bad = |name: &str, doc: &str| Output::new(name).lower_is_better().range(0.0, 1.0).doc(doc);
        Description::new(
            "data-quality",
            "1.0.0",
            "What is wrong with the cells of a column: missing, infinite, always the same, out of range, repeated, or of a \
             look that the reference never had. In bounded memory.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).nullable().doc("The column, numbers or categories."))
        .output(bad(SHARES[0], "Cells that are null or not a number, of all cells.").thresholds(0.01, 0.1))
        .output(bad(SHARES[1], "Infinite cells, of all cells."))
        .output(bad("constant", "1 when all values are the same, else 0."))
        .output(
            bad(SHARES[2], "Numbers below `min` or above `max`, or else the reference's ends, of those that are finite."),
        )
        .output(bad(SHARES[3], "Values that are there already, of all values: exact up to 512 distinct ones, then within 1.6 % of these."))
        .output(
            bad(SHARES[4], "Values that look as none of the reference's does (whole number, number, true or false, date, blank, text), of all values.")
                .thresholds(0.0, 0.01),
        )
        .reference(ReferenceUse::Optional)
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        if let (Some(min), Some(max)) = (run.parameters.min, run.parameters.max)
            && min > max
        {
            return Err(Error::parameters(format!("`min` is {min}, above `max`, {max}: give the smaller one first")));
        }
        Ok(Self { finite: Sketch::new(run.parameters.sketch as usize), ..Self::default() })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        if rows.kind("value")? == Kind::Category {
            let cells = rows.categories("value")?;
            let (counts, missing) = cells.counts();
            self.missing += missing;
            self.distinct.extend(counts.iter().map(|(label, _)| distinct::hash_text(label)));
            for (label, count) in counts {
                self.values += count;
                self.shapes.add_label(label, count);
            }
            return Ok(());
        }
        let cells = rows.numbers("value")?;
        let mut finite = Vec::with_capacity(cells.len());
        for cell in cells.iter().copied().filter(|cell| !cell.is_nan()) {
            self.values += 1;
            self.shapes.add_number(cell);
            if cell.is_infinite() {
                self.infinite += 1;
            } else {
                let (min, max) = (run.parameters.min, run.parameters.max);
                self.outside += u64::from(min.is_some_and(|min| cell < min) || max.is_some_and(|max| cell > max));
                finite.push(cell);
            }
        }
        self.missing += cells.iter().filter(|cell| cell.is_nan()).count() as u64;
        self.distinct.extend(cells.iter().filter(|cell| !cell.is_nan()).map(|cell| distinct::hash(key::key(*cell))));
        finite.sort_unstable_by(f64::total_cmp);
        self.finite.extend_sorted(&finite);
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.finite.is_sound(self.finite.size()) {
            return Err(Error::data("the saved state was made with other parameters"));
        }
        self.missing += other.missing;
        self.values += other.values;
        self.infinite += other.infinite;
        self.outside += other.outside;
        self.finite.merge(other.finite);
        self.distinct.merge(other.distinct);
        self.shapes.merge(other.shapes);
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let (cells, values) = (self.missing + self.values, self.values);
        let is_number = run.inputs.kind("value")? != Kind::Category;
        let distinct = self.distinct.count();
        let constant = match values {
            0 => Value::undefined("constant", "no values in the window"),
            _ => Value::new("constant", f64::from(u8::from(distinct == 1.0))),
        };
        let repeated = ((values as f64 - distinct) / values as f64).max(0.0);
        let repeats = match values {
            0 => Value::undefined(SHARES[3], "no values in the window"),
            _ => Value::new(SHARES[3], repeated).note((!self.distinct.is_exact()).then(|| "by HyperLogLog".to_owned())),
        };
        let infinite = match is_number {
            true => share(SHARES[1], self.infinite, cells),
            false => Value::undefined(SHARES[1], "`value` holds categories, not numbers"),
        };
        let report = Report::new()
            .value(share(SHARES[0], self.missing, cells))
            .value(infinite)
            .value(constant)
            .value(self.out_of_range(reference, run.parameters, is_number))
            .value(repeats)
            .value(self.surprises(reference));
        let looks = Chart::bars("Looks of values", "look", "values", NAMES.map(str::to_owned).into());
        Ok(report.chart(looks.heights("current", self.shapes.counts().map(|count| count as f64))))
    }
}

impl DataQuality {
    fn out_of_range(&self, reference: Option<&Self>, given: &Parameters, is_number: bool) -> Value {
        let name = SHARES[2];
        if !is_number {
            return Value::undefined(name, "`value` holds categories: see the plugin `new-categories`");
        }
        let finite = self.values - self.infinite;
        if given.min.is_some() || given.max.is_some() {
            return share(name, self.outside, finite);
        }
        let Some((low, high)) = reference.and_then(|reference| reference.finite.ends()) else {
            return Value::undefined(name, "give `min` or `max`, or choose a reference with values");
        };
        let Some((lowest, highest)) = self.finite.ends() else { return share(name, 0, finite) };
        let (ranks, error) = (self.finite.ranks(), self.finite.rank_error());
        let below = if lowest < low { ranks.at_most(low.next_down()) } else { 0 };
        let above = if highest > high { ranks.rows() - ranks.at_most(high) } else { 0 };
        let note = (error > 0 && below + above > 0).then(|| format!("off by at most {} rows", 2 * error));
        share(name, below + above, finite).note(note)
    }

    fn surprises(&self, reference: Option<&Self>) -> Value {
        match reference.filter(|reference| reference.values > 0) {
            None => Value::undefined(SHARES[4], "choose a reference with values"),
            Some(reference) => {
                let (count, names) = self.shapes.surprises(&reference.shapes);
                share(SHARES[4], count, self.values).note((!names.is_empty()).then(|| names.join(", ")))
            }
        }
    }
}

fn share(name: &str, count: u64, of: u64) -> Value {
    let share = count as f64 / of as f64;
    match of {
        0 => Value::undefined(name, "no values in the window"),
        _ => Value::new(name, share).standard_error((share * (1.0 - share) / of as f64).sqrt()),
    }
}
