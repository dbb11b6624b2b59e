//! The metric: what it takes, keeps and reports.
//!
//! Definitions: S. Barocas, M. Hardt & A. Narayanan, "Fairness and Machine
//! Learning" (2023), chapter 3; the levels 0.1 and 0.8 (the four-fifths rule of
//! the US Uniform Guidelines on Employee Selection, 1978) are TrustyAI's.

use driftline_numerics::{coded, coded::Coded};
use driftline_sdk::{labels, prelude::*, weights};

use crate::groups::{Group, Groups, MOST, Rate};

const OUTPUTS: [&str; 4] = [
    "statistical_parity_difference",
    "disparate_impact_ratio",
    "equal_opportunity_difference",
    "equalized_odds_difference",
];

/// What a user may choose.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// The group that all others together are compared with: differences are theirs minus its own, ratios theirs by its
    /// own. Without it the largest and the smallest rate of any two groups are compared.
    #[serde(default)]
    privileged: Option<String>,
    /// Rows with a score of at least this much are decided for.
    #[serde(default = "half")]
    threshold: f64,
    /// The label of positive rows, and of decisions for. Without it, 1 and true are positive, 0 and false negative.
    #[serde(default)]
    positive: Option<String>,
}

fn half() -> f64 {
    0.5
}

/// Decisions by group.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Fairness {
    groups: Groups,
    weighted: bool,
    labelled: bool,
}

impl Metric for Fairness {
    type Parameters = Parameters;

    fn describe() -> Description {
        let difference =
            |name: &str, doc: &str| Output::new(name).lower_is_better().range(-1.0, 1.0).thresholds(0.1, 0.2).doc(doc);
        let rate = |name: &str, doc: &str| Output::new(name).range(0.0, 1.0).doc(doc);
        Description::new(
            "fairness",
            "1.0.0",
            "How differently groups are treated: rates of favourable decisions, of those deserved and of those not, by \
             group, and how far they lie apart. The state grows with groups, at most 1,000.",
        )
        .input(Input::new("group", &[Kind::Category, Kind::Number]).doc("Who a row is about: the protected attribute."))
        .input(Input::number("score").optional().doc("The model's score; at or above the threshold it decides for."))
        .input(
            Input::new("prediction", &[Kind::Number, Kind::Category])
                .optional()
                .doc("The decision itself, in place of a score: 0 or 1, a boolean, or a category with `positive`."),
        )
        .input(
            Input::new("label", &[Kind::Number, Kind::Category])
                .optional()
                .doc("The truth; needed for equal opportunity and equalized odds. Rows without it are left out."),
        )
        .input(Input::weight())
        .output(difference(
            OUTPUTS[0],
            "How far the shares of favourable decisions lie apart; within ±0.1 is held fair.",
        ))
        .output(
            Output::new(OUTPUTS[1])
                .higher_is_better()
                .range(0.0, None)
                .thresholds(0.8, 0.6)
                .doc("The ratio of these shares; 0.8 to 1.2 is held fair."),
        )
        .output(difference(OUTPUTS[2], "How far the shares of deserved favourable decisions lie apart."))
        .output(difference(OUTPUTS[3], "The larger of that and the same of undeserved ones, in size.").range(0.0, 1.0))
        .output(rate("selection_rate/*", "A group's share of favourable decisions."))
        .output(rate("true_positive_rate/*", "A group's share of favourable decisions among its positive rows."))
        .output(rate("false_positive_rate/*", "A group's share of favourable decisions among its negative rows."))
    }

    fn open(run: &Run<Parameters>) -> Result<Self> {
        match run.inputs.has("score")? == run.inputs.has("prediction")? {
            true => {
                Err(Error::parameters("bind either `score` or `prediction`: what was decided is told by one of them"))
            }
            false => Ok(Self::default()),
        }
    }

    fn update(&mut self, rows: &Rows, run: &Run<Parameters>) -> Result<()> {
        let (decided, weights) = (decided(rows, run.parameters)?, weights(rows, "weight")?);
        self.labelled = rows.has("label")?;
        let truth = if self.labelled { labels(rows, "label", run.parameters.positive.as_deref())? } else { Vec::new() };
        self.weighted |= weights.is_some();
        let groups: Coded = coded(rows, "group")?;
        self.groups.extend(&groups, &decided, &truth, weights.as_deref());
        Ok(())
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.groups.merge(other.groups);
        self.weighted |= other.weighted;
        self.labelled |= other.labelled;
        Ok(())
    }

    fn evaluate(&self, _: Option<&Self>, run: &Run<Parameters>) -> Result<Report> {
        let groups = self.groups.all();
        if groups.len() > MOST {
            return Err(Error::data(format!("there are {} groups, more than {MOST}: join some", groups.len())));
        }
        let mut report = match self.sides(&groups, run.parameters.privileged.as_deref()) {
            Ok(sides) => self.differences(&sides),
            Err(reason) => Report::undefined(&OUTPUTS, &reason),
        };
        for (label, group) in &groups {
            report.values.push(rate("selection_rate", label, group.selection()));
            if self.labelled {
                report.values.push(rate("true_positive_rate", label, group.true_positive()));
                report.values.push(rate("false_positive_rate", label, group.false_positive()));
            }
        }
        if groups.is_empty() { Ok(report) } else { Ok(report.chart(self.chart(&groups))) }
    }
}

/// Which rows were decided for.
fn decided(rows: &Rows, by: &Parameters) -> Result<Vec<bool>> {
    if rows.has("prediction")? {
        return Ok(labels(rows, "prediction", by.positive.as_deref())?.iter().map(|decision| *decision == 1).collect());
    }
    let scores = rows.numbers("score")?;
    if scores.iter().any(|score| score.is_nan()) {
        let message = "`score` holds cells that are not a number: bind a condition that leaves them out";
        return Err(Error::data(message));
    }
    Ok(scores.iter().map(|score| *score >= by.threshold).collect())
}

/// What is compared: any two groups, or all others with the privileged one.
enum Sides {
    All(Vec<Group>),
    Privileged { others: Group, own: Group },
}

impl Fairness {
    fn sides(&self, groups: &[(&str, Group)], privileged: Option<&str>) -> core::result::Result<Sides, String> {
        if groups.len() < 2 {
            return Err(format!("{} groups in the window: there is nothing to compare", groups.len()));
        }
        let Some(name) = privileged else {
            return Ok(Sides::All(groups.iter().map(|(_, group)| *group).collect()));
        };
        let own = groups.iter().find(|(label, _)| *label == name).map(|(_, group)| *group);
        let own = own.ok_or_else(|| format!("no rows of the privileged group `{name}` in the window"))?;
        let others = groups.iter().filter(|(label, _)| *label != name).map(|(_, group)| *group);
        let others = others.reduce(Group::with).unwrap_or_default();
        Ok(Sides::Privileged { others, own })
    }

    fn differences(&self, sides: &Sides) -> Report {
        let (low, high) = sides.pair(Group::selection);
        let parity = Value::new(OUTPUTS[0], difference(low, high)).standard_error(self.error(low, high));
        let ratio = match sides {
            Sides::All(_) => low.share / high.share,
            Sides::Privileged { .. } => high.share / low.share,
        };
        let report = Report::new().value(parity).value(defined(
            OUTPUTS[1],
            ratio,
            "nothing was decided for the group that is divided by",
        ));
        if !self.labelled {
            let without = OUTPUTS[2..].iter().map(|name| Value::undefined(name, "bind `label`"));
            return Report { values: report.values.into_iter().chain(without).collect(), ..report };
        }
        let (low, high) = sides.pair(Group::true_positive);
        let (spared, wronged) = sides.pair(Group::false_positive);
        let opportunity = difference(low, high);
        // Not `max`, which would pass over a rate that is not defined.
        let (a, b) = (opportunity.abs(), difference(spared, wronged).abs());
        let odds = if a.is_nan() || a > b { a } else { b };
        report
            .value(
                defined(OUTPUTS[2], opportunity, "a group has no positive rows").standard_error(self.error(low, high)),
            )
            .value(defined(OUTPUTS[3], odds, "a group has no positive or no negative rows"))
    }

    fn error(&self, a: Rate, b: Rate) -> Option<f64> {
        Some((a.variance() + b.variance()).sqrt()).filter(|error| error.is_finite() && !self.weighted)
    }

    fn chart(&self, groups: &[(&str, Group)]) -> Chart {
        let names = groups.iter().map(|(label, _)| (*label).to_owned()).collect();
        let heights = |rate: fn(&Group) -> Rate| groups.iter().map(move |(_, group)| rate(group).share);
        let chart = Chart::bars("Favourable decisions", "group", "share of rows", names);
        let chart = chart.heights("all rows", heights(Group::selection));
        match self.labelled {
            true => chart
                .heights("positive rows", heights(Group::true_positive))
                .heights("negative rows", heights(Group::false_positive)),
            false => chart,
        }
    }
}

impl Sides {
    /// The smallest and the largest rate, or the privileged group's and the others'.
    fn pair(&self, rate: fn(&Group) -> Rate) -> (Rate, Rate) {
        match self {
            Self::Privileged { others, own } => (rate(own), rate(others)),
            Self::All(groups) => {
                let rates = groups.iter().map(rate);
                // A rate that is not defined makes the comparison undefined: it sorts last.
                let low = rates.clone().min_by(|a, b| a.share.total_cmp(&b.share));
                let high = rates.max_by(|a, b| a.share.total_cmp(&b.share));
                let nothing = rate(&Group::default());
                (low.unwrap_or(nothing), high.unwrap_or(nothing))
            }
        }
    }
}

fn difference(low: Rate, high: Rate) -> f64 {
    high.share - low.share
}

fn rate(name: &str, group: &str, rate: Rate) -> Value {
    let name = format!("{name}/{}", if group.is_empty() { "(empty)" } else { group });
    defined(&name, rate.share, "the group has no such rows")
}

fn defined(name: &str, number: f64, reason: &str) -> Value {
    if number.is_finite() { Value::new(name, number) } else { Value::undefined(name, reason) }
}
