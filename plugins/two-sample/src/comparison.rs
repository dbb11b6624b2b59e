//! Two sides and what every test of them starts from.

use driftline_numerics::{FiniteColumn, binning::count_few_values, proportions};
use driftline_sdk::prelude::*;

use crate::{
    Outcome, anderson_darling, cramer_von_mises, doubt::Doubt, epps_singleton, mann_whitney, parameters::Test,
    pass::Pass, range::Range, welch,
};

/// Of more distinct values than this, counts say nothing.
const MOST_VALUES: usize = 1_000;
const CATEGORIES: &str = "`value` holds categories, not numbers";
const ONE_KEY: &str = "the sketch puts all values into one: choose a larger one";

/// Both sides, neither empty.
pub(crate) struct Comparison<'a> {
    current: &'a FiniteColumn,
    reference: &'a FiniteColumn,
    kind: Kind,
    pass: Option<Pass>,
    doubt: Option<Doubt>,
}

/// A test's outcome, and between which numbers it is where a sketch leaves that open.
pub(crate) struct Tested {
    pub(crate) outcome: Outcome,
    pub(crate) doubt: Option<(Range, Range)>,
}

/// What a test comes to, or why it comes to nothing.
type Answer = core::result::Result<Tested, &'static str>;

impl<'a> Comparison<'a> {
    pub(crate) fn of(current: &'a FiniteColumn, reference: &'a FiniteColumn, kind: Kind) -> Self {
        let is_number = kind != Kind::Category;
        let pass = is_number.then(|| Pass::over(&current.column.numbers, &reference.column.numbers));
        let bits = current.column.sketch.filter(|_| is_number);
        let doubt = bits.map(|bits| Doubt::over(&current.column.numbers, &reference.column.numbers, bits));
        Self { current, reference, kind, pass, doubt: doubt.filter(|doubt| doubt.is_coarse) }
    }

    /// The statistic and the p-value of a test.
    pub(crate) fn values(&self, test: Test, name: &str) -> [Value; 2] {
        let names = [format!("{name}_statistic"), format!("{name}_p_value")];
        let of_values = matches!(test, Test::ZProportions | Test::LikelihoodRatio);
        let answer = if of_values { self.of_values(test) } else { self.of_numbers(test) };
        match answer {
            Ok(Tested { outcome, doubt }) => {
                let (statistic, p_value) = (outcome.statistic, outcome.p_value);
                [
                    Value::new(&names[0], statistic).note(doubt.as_ref().map(|(range, _)| off(range.off(statistic)))),
                    Value::new(&names[1], p_value).note(doubt.map(|(_, range)| range.remark())),
                ]
            }
            Err(reason) => names.map(|name| Value::undefined(&name, reason)),
        }
    }

    /// The energy distance.
    pub(crate) fn energy_distance(&self, name: &str) -> Value {
        let Some(pass) = &self.pass else { return Value::undefined(name, CATEGORIES) };
        let doubt = self.doubt.as_ref().map(|doubt| off(doubt.energy()));
        let not_finite = self.current.left_out + self.reference.left_out;
        let left_out = (not_finite > 0).then(|| format!("{not_finite} cells that are not finite numbers left out"));
        let remarks: Vec<String> = doubt.into_iter().chain(left_out).collect();
        Value::new(name, (2.0 * pass.squared_area.value()).sqrt()).note(remarks.join("; "))
    }

    fn of_numbers(&self, test: Test) -> Answer {
        let pass = self.pass.as_ref().ok_or(CATEGORIES)?;
        let (rows, doubt) = (pass.n.min(pass.m), self.doubt.as_ref());
        let varies = match (pass.distinct, doubt) {
            (2.., _) => Ok(()),
            (_, Some(_)) => Err(ONE_KEY),
            (_, None) => Err("all values are the same"),
        };
        match test {
            Test::MannWhitney => varies.and_then(|()| mann_whitney::test(pass, doubt)),
            Test::CramerVonMises if rows < 2.0 => Err("it takes two values on each side"),
            Test::CramerVonMises => Ok(cramer_von_mises::test(pass, doubt)),
            Test::AndersonDarling if pass.n + pass.m < 4.0 => varies.and(Err("it takes four values")),
            Test::AndersonDarling => varies.and_then(|()| anderson_darling::test(pass, doubt)),
            Test::EppsSingleton if rows < 5.0 => Err("it takes five values on each side"),
            Test::EppsSingleton if doubt.is_some() => Err("a sketch can't bound its error: leave `sketch` out"),
            Test::EppsSingleton => epps_singleton::test(&self.current.column.numbers, &self.reference.column.numbers)
                .map(Tested::exactly)
                .ok_or("half of the values are one value"),
            _ => welch::test(&self.current.moments, &self.reference.moments)
                .map(Tested::exactly)
                .ok_or("it takes two values on each side that vary"),
        }
    }

    fn of_values(&self, test: Test) -> Answer {
        let counts = count_few_values(&self.current.column, &self.reference.column, self.kind, MOST_VALUES)
            .ok_or("there are more than 1,000 distinct values: counts of them say nothing")?;
        if self.doubt.is_some() {
            return Err("a sketch does not tell all values apart: leave `sketch` out");
        }
        let outcome = match test {
            Test::LikelihoodRatio => proportions::g_test(&counts.current, &counts.reference),
            _ => proportions::z_proportions(&counts.current, &counts.reference)
                .ok_or("there are more than two distinct values")?,
        };
        Ok(Tested::exactly(outcome))
    }
}

impl Tested {
    /// Without doubt.
    pub(crate) fn exactly(outcome: Outcome) -> Self {
        Self { outcome, doubt: None }
    }
}

fn off(off: f64) -> String {
    format!("from a sketch; the exact statistic differs by at most {off:.1e}")
}
