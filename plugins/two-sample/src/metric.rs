//! The metric: what it takes, keeps and reports.

use driftline_numerics::{Column, Moments, binning::count_values, proportions};
use driftline_sdk::prelude::*;

use crate::{Outcome, anderson_darling, cramer_von_mises, epps_singleton, mann_whitney, pass::Pass, welch};

const TESTS: [(&str, &str); 7] = [
    ("mann_whitney", "Mann-Whitney U: is one side larger? The statistic is U of the window."),
    ("cramer_von_mises", "Cramér-von Mises: the squared distance of the distribution functions."),
    (
        "anderson_darling",
        "Anderson-Darling for k samples (midranks), normalized: the same with more weight on the tails.",
    ),
    ("epps_singleton", "Epps-Singleton: the distance of the characteristic functions."),
    ("welch_t", "Welch's t: is one mean larger?"),
    ("z_proportions", "The pooled z of the share of one of two values."),
    ("g_test", "The likelihood ratio of how often values occur."),
];
const ENERGY: &str = "energy_distance";
/// Of more distinct values than this, counts say nothing.
const MOST_VALUES: usize = 1_000;

/// What a user may choose.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Which tests are wanted: all of them unless some are named.
    #[serde(default)]
    tests: Option<Vec<Test>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the G-test is called so")]
enum Test {
    MannWhitney,
    CramerVonMises,
    AndersonDarling,
    EppsSingleton,
    WelchT,
    ZProportions,
    GTest,
    EnergyDistance,
}

const ORDER: [Test; 7] = [
    Test::MannWhitney,
    Test::CramerVonMises,
    Test::AndersonDarling,
    Test::EppsSingleton,
    Test::WelchT,
    Test::ZProportions,
    Test::GTest,
];

/// The cells of a column, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TwoSample {
    column: Column,
    moments: Moments,
    not_finite: u64,
}

impl Metric for TwoSample {
    type Parameters = Parameters;

    fn describe() -> Description {
        let description = Description::new(
            "two-sample",
            "1.0.0",
            "Tests of whether the values of the window could be of the reference's distribution, as SciPy has them; each \
             looks for another difference. Exact; the state grows by 8 bytes a row.",
        )
        .input(Input::new("value", &[Kind::Number, Kind::Category]).doc("The column; of categories only the last two tests."))
        .reference(ReferenceUse::Required);
        let description = TESTS.iter().fold(description, |description, (name, doc)| {
            let p_value =
                Output::new(&format!("{name}_p_value")).higher_is_better().range(0.0, 1.0).thresholds(0.05, 0.01);
            description
                .output(Output::new(&format!("{name}_statistic")).doc(doc))
                .output(p_value.doc("The chance of as large a statistic without any drift."))
        });
        let energy = Output::new(ENERGY).lower_is_better().range(0.0, None);
        description.output(energy.doc("The root of twice the squared area between the distribution functions."))
    }

    fn update(&mut self, rows: &Rows, _: &Run<Parameters>) -> Result<()> {
        if rows.kind("value")? == Kind::Category {
            return self.column.update(rows, "value");
        }
        let cells = rows.numbers("value")?;
        let finite: Vec<f64> = cells.iter().copied().filter(|cell| cell.is_finite()).collect();
        self.not_finite += (cells.len() - finite.len()) as u64;
        self.moments.extend(&finite);
        self.column.add_numbers(&finite);
        Ok(())
    }

    fn settle(&mut self) {
        self.column.settle();
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        if !other.column.is_sound() {
            return Err(Error::data("the saved state was not made by this plugin"));
        }
        self.column.merge(other.column);
        self.moments.merge(other.moments);
        self.not_finite += other.not_finite;
        Ok(())
    }

    fn evaluate(&self, reference: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let reference =
            reference.ok_or_else(|| Error::parameters("`two-sample` compares with a reference: choose one"))?;
        let kind = run.inputs.kind("value")?;
        let empty = match (self.column.present() == 0.0, reference.column.present() == 0.0) {
            (true, _) => Some("no values in the window"),
            (_, true) => Some("no values in the reference"),
            _ => None,
        };
        let wanted = |test: Test| run.parameters.tests.as_ref().is_none_or(|tests| tests.contains(&test));
        let is_number = kind != Kind::Category && empty.is_none();
        let pass = is_number.then(|| Pass::over(&self.column.numbers, &reference.column.numbers));
        let mut report = Report::new();
        for (test, (name, _)) in ORDER.into_iter().zip(TESTS).filter(|(test, _)| wanted(*test)) {
            let outcome = match (empty, &pass) {
                (Some(reason), _) => Err(reason),
                (None, Some(pass)) => self.of_numbers(test, pass, reference),
                (None, None) => Err("`value` holds categories, not numbers"),
            };
            let outcome = match test {
                Test::ZProportions | Test::GTest if empty.is_none() => self.of_values(test, reference, kind),
                _ => outcome,
            };
            report.values.extend(values(name, outcome));
        }
        if wanted(Test::EnergyDistance) {
            report.values.push(match &pass {
                Some(pass) => Value::new(ENERGY, (2.0 * pass.squared_area.value()).sqrt()).note(self.remark(reference)),
                None => Value::undefined(ENERGY, empty.unwrap_or("`value` holds categories, not numbers")),
            });
        }
        Ok(report)
    }
}

impl TwoSample {
    fn of_numbers(&self, test: Test, pass: &Pass, reference: &Self) -> core::result::Result<Outcome, &'static str> {
        let rows = pass.n.min(pass.m);
        let (current, other) = (&self.column.numbers, &reference.column.numbers);
        match test {
            Test::MannWhitney if pass.distinct < 2 => Err("all values are the same"),
            Test::MannWhitney => Ok(mann_whitney::test(pass)),
            Test::CramerVonMises if rows < 2.0 => Err("it takes two values on each side"),
            Test::CramerVonMises => Ok(cramer_von_mises::test(pass)),
            Test::AndersonDarling if pass.distinct < 2 => Err("all values are the same"),
            Test::AndersonDarling if pass.n + pass.m < 4.0 => Err("it takes four values"),
            Test::AndersonDarling => Ok(anderson_darling::test(pass)),
            Test::EppsSingleton if rows < 5.0 => Err("it takes five values on each side"),
            Test::EppsSingleton => epps_singleton::test(current, other).ok_or("half of the values are one value"),
            _ => welch::test(&self.moments, &reference.moments).ok_or("it takes two values on each side that vary"),
        }
    }

    fn of_values(&self, test: Test, reference: &Self, kind: Kind) -> core::result::Result<Outcome, &'static str> {
        let counts = count_values(&self.column, &reference.column, kind);
        if counts.names.len() > MOST_VALUES {
            return Err("there are more than 1,000 distinct values: counts of them say nothing");
        }
        match test {
            Test::GTest => Ok(proportions::g_test(&counts.current, &counts.reference)),
            _ => proportions::z_proportions(&counts.current, &counts.reference)
                .ok_or("there are more than two distinct values"),
        }
    }

    fn remark(&self, reference: &Self) -> Option<String> {
        let not_finite = self.not_finite + reference.not_finite;
        (not_finite > 0).then(|| format!("{not_finite} cells that are not finite numbers left out"))
    }
}

fn values(name: &str, outcome: core::result::Result<Outcome, &'static str>) -> [Value; 2] {
    let (statistic, p_value) = (format!("{name}_statistic"), format!("{name}_p_value"));
    match outcome {
        Ok(outcome) => [Value::new(&statistic, outcome.statistic), Value::new(&p_value, outcome.p_value)],
        Err(reason) => [Value::undefined(&statistic, reason), Value::undefined(&p_value, reason)],
    }
}
