//! What is reported of groups.
//!
//! The levels 0.1 and 0.8 (the four-fifths rule of the US Uniform Guidelines on
//! Employee Selection, 1978) are TrustyAI's.

use driftline_sdk::prelude::*;

use crate::{
    groups::{Group, Rate},
    sides::Sides,
};

pub(crate) const DIFFERENCES: [&str; 4] = [
    "statistical_parity_difference",
    "disparate_impact_ratio",
    "equal_opportunity_difference",
    "equalized_odds_difference",
];

/// All outputs.
pub(crate) fn outputs() -> [Output; 7] {
    let [parity, impact, opportunity, odds] = DIFFERENCES;
    let difference =
        |name: &str, doc: &str| Output::new(name).lower_is_better().range(-1.0, 1.0).thresholds(0.1, 0.2).doc(doc);
    let rate = |name: &str, doc: &str| Output::new(name).range(0.0, 1.0).doc(doc);
    let impact = Output::new(impact).higher_is_better().range(0.0, None).thresholds(0.8, 0.6);
    [
        difference(parity, "How far the shares of favourable decisions lie apart; within ±0.1 is held fair."),
        impact.doc("The ratio of these shares; 0.8 to 1.2 is held fair."),
        difference(opportunity, "How far the shares of deserved favourable decisions lie apart."),
        difference(odds, "The larger of that and the same of undeserved ones, in size.").range(0.0, 1.0),
        rate("selection_rate/*", "A group's share of favourable decisions."),
        rate("true_positive_rate/*", "A group's share of favourable decisions among its positive rows."),
        rate("false_positive_rate/*", "A group's share of favourable decisions among its negative rows."),
    ]
}

/// How far groups lie apart; `counted` says that weights count rows.
pub(crate) fn differences(sides: &Sides, counted: bool, labelled: bool) -> [Value; 4] {
    let [parity, impact, opportunity, odds] = DIFFERENCES;
    let difference = |name: &str, rate: fn(&Group) -> Rate, reason: &str| {
        defined(name, sides.difference(rate), reason).standard_error(sides.error(rate).filter(|_| counted))
    };
    let unlabelled = |name: &str| Value::undefined(name, "bind `label`");
    [
        difference(parity, Group::selection, "a group has no rows that weigh anything"),
        defined(impact, sides.impact(), "nothing was decided for the group that is divided by"),
        match labelled {
            true => difference(opportunity, Group::true_positive, "a group has no positive rows"),
            false => unlabelled(opportunity),
        },
        match labelled {
            true => defined(odds, sides.odds(), "a group has no positive or no negative rows"),
            false => unlabelled(odds),
        },
    ]
}

/// The rates of each group.
pub(crate) fn rates(groups: &[(&str, Group)], labelled: bool) -> Vec<Value> {
    let of_group = |(label, group): &(&str, Group)| {
        let label = if label.is_empty() { "(empty)" } else { label };
        let rates = [
            ("selection_rate", group.selection()),
            ("true_positive_rate", group.true_positive()),
            ("false_positive_rate", group.false_positive()),
        ];
        let value =
            |(name, rate): (&str, Rate)| defined(&format!("{name}/{label}"), rate.share, "the group has no such rows");
        rates.into_iter().take(if labelled { 3 } else { 1 }).map(value).collect::<Vec<_>>()
    };
    groups.iter().flat_map(of_group).collect()
}

/// The same as bars.
pub(crate) fn chart(groups: &[(&str, Group)], labelled: bool) -> Chart {
    let names = groups.iter().map(|(label, _)| (*label).to_owned()).collect();
    let heights = |rate: fn(&Group) -> Rate| groups.iter().map(move |(_, group)| rate(group).share);
    let chart = Chart::bars("Favourable decisions", "group", "share of rows", names);
    let chart = chart.heights("all rows", heights(Group::selection));
    match labelled {
        true => chart
            .heights("positive rows", heights(Group::true_positive))
            .heights("negative rows", heights(Group::false_positive)),
        false => chart,
    }
}

fn defined(name: &str, number: f64, reason: &str) -> Value {
    if number.is_finite() { Value::new(name, number) } else { Value::undefined(name, reason) }
}
