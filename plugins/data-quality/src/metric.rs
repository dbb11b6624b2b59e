//! The metric: what it takes, keeps and reports.

use driftline_sdk::prelude::*;

use crate::{cells::Cells, parameters::Parameters, shape::NAMES};

const SHARES: [&str; 5] =
    ["missing_share", "infinite_share", "out_of_range_share", "duplicate_share", "type_surprise_share"];

/// Cells by what is wrong with them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DataQuality {
    cells: Cells,
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
        Ok(Self { cells: Cells::new(run.parameters) })
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        if rows.kind("value")? == Kind::Category {
            let cells = rows.categories("value")?;
            let (counts, missing) = cells.counts();
            self.cells.add_labels(counts, missing);
        } else {
            self.cells.add_numbers(&rows.numbers("value")?, run.parameters);
        }
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        match self.cells.merge(other.cells) {
            true => Ok(()),
            false => Err(Error::data("the saved state was made with other parameters")),
        }
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let (cells, reference) = (&self.cells, reference.map(|reference| &reference.cells));
        let (all, is_number) = (cells.missing + cells.values, run.inputs.kind("value")? != Kind::Category);
        let infinite = match is_number {
            true => share(SHARES[1], cells.infinite, all),
            false => Value::undefined(SHARES[1], "`value` holds categories, not numbers"),
        };
        let range = match is_number {
            true => out_of_range(cells, reference, run.parameters),
            false => Value::undefined(SHARES[2], "`value` holds categories: see the plugin `new-categories`"),
        };
        let [constant, repeats] = repetition(cells);
        let report = Report::new()
            .value(share(SHARES[0], cells.missing, all))
            .value(infinite)
            .value(constant)
            .value(range)
            .value(repeats)
            .value(surprises(cells, reference));
        let looks = Chart::bars("Looks of values", "look", "values", NAMES.map(str::to_owned).into());
        Ok(report.chart(looks.heights("current", cells.shapes.counts().map(|count| count as f64))))
    }
}

/// Whether all values are the same, and how many are there already.
fn repetition(cells: &Cells) -> [Value; 2] {
    let (values, distinct) = (cells.values as f64, cells.distinct.count());
    if cells.values == 0 {
        return ["constant", SHARES[3]].map(|name| Value::undefined(name, "no values in the window"));
    }
    let note = (!cells.distinct.is_exact()).then(|| "by HyperLogLog".to_owned());
    let constant = Value::new("constant", f64::from(u8::from(distinct == 1.0)));
    [constant, Value::new(SHARES[3], ((values - distinct) / values).max(0.0)).note(note)]
}

fn out_of_range(cells: &Cells, reference: Option<&Cells>, given: &Parameters) -> Value {
    let (name, finite) = (SHARES[2], cells.values - cells.infinite);
    if given.has_bounds() {
        return share(name, cells.outside, finite);
    }
    let Some((outside, error)) = reference.and_then(|reference| cells.outside_of(reference)) else {
        return Value::undefined(name, "give `min` or `max`, or choose a reference with values");
    };
    share(name, outside, finite).note((error > 0).then(|| format!("off by at most {error} rows")))
}

fn surprises(cells: &Cells, reference: Option<&Cells>) -> Value {
    let Some(reference) = reference.filter(|reference| reference.values > 0) else {
        return Value::undefined(SHARES[4], "choose a reference with values");
    };
    let (count, names) = cells.shapes.surprises(&reference.shapes);
    share(SHARES[4], count, cells.values).note((!names.is_empty()).then(|| names.join(", ")))
}

fn share(name: &str, count: u64, of: u64) -> Value {
    let share = count as f64 / of as f64;
    match of {
        0 => Value::undefined(name, "no values in the window"),
        _ => Value::new(name, share).standard_error((share * (1.0 - share) / of as f64).sqrt()),
    }
}
