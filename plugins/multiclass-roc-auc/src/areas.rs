//! The areas that follow from the scores of each class.
//!
//! One against the rest: F. Provost & P. Domingos, "Well-Trained PETs" (2000).
//! One against one: D. J. Hand & R. J. Till, "A Simple Generalisation of the
//! Area Under the ROC Curve for Multiple Class Classification Problems",
//! Machine Learning 45 (2001). Both as scikit-learn's `roc_auc_score`.

use std::{borrow::Cow, collections::BTreeMap};

use driftline_numerics::{
    Multiset,
    roc::{Roc, roc},
};
use driftline_sdk::prelude::*;

/// The scores of the rows of each label, column by column.
type Labels<'a> = BTreeMap<&'a str, Vec<Cow<'a, Multiset>>>;

/// Classes that all have rows, in the order of their columns.
pub(crate) struct Areas<'a> {
    labels: Labels<'a>,
    classes: Vec<&'a str>,
    unit: bool,
}

/// An area, and how far from it the order within equal scores could move it.
#[derive(Clone, Copy, Default)]
struct Area {
    area: f64,
    bound: f64,
}

impl<'a> Areas<'a> {
    /// Of settled scores; `unit` says that weights count rows. An error says why there are no areas.
    pub(crate) fn new(
        labels: Labels<'a>,
        named: Option<&'a [String]>,
        columns: usize,
        unit: bool,
    ) -> core::result::Result<Self, String> {
        let classes = match named {
            Some(named) => named.iter().map(String::as_str).collect(),
            None => in_order(labels.keys().copied().collect()),
        };
        if classes.len() != columns {
            return Err(format!("{} classes for {columns} columns of scores: name them with `classes`", classes.len()));
        }
        match classes.iter().find(|class| !labels.contains_key(*class)) {
            Some(class) => Err(format!("no rows of the class `{class}` in the window")),
            None if labels.len() > columns => Err("a label has no column of scores: name `classes`".to_owned()),
            None => Ok(Self { labels, classes, unit }),
        }
    }

    /// All areas; `note` says what to remark of one with such a bound.
    pub(crate) fn report(&self, note: impl Fn(f64) -> String) -> Report {
        let single: Vec<Roc> = (0..self.classes.len()).map(|column| self.against_the_rest(column)).collect();
        let areas = || single.iter().map(Area::of);
        let weights = self.classes.iter().map(|class| self.labels[class][0].total());
        let value = |name: &str, area: Area| Value::new(name, area.area).note(note(area.bound));
        let mut report = Report::new()
            .value(value("roc_auc", mean(areas().zip([1.0].into_iter().cycle()))))
            .value(value("weighted_roc_auc", mean(areas().zip(weights))))
            .value(value("one_vs_one_roc_auc", self.one_vs_one()));
        let mut chart =
            Chart::line("ROC curves, each class against the rest", "false positive rate", "true positive rate");
        for (class, roc) in self.classes.iter().zip(single) {
            let name = if class.is_empty() { "(empty)" } else { class };
            let of_class = value(&format!("roc_auc/{name}"), Area::of(&roc));
            report.values.push(of_class.standard_error(roc.standard_error));
            chart = chart.series(name, roc.curve);
        }
        report.chart(chart)
    }

    fn against_the_rest(&self, column: usize) -> Roc {
        let mut rest = Multiset::default();
        for (_, sets) in self.labels.iter().filter(|(label, _)| **label != self.classes[column]) {
            rest.merge(sets[column].clone().into_owned());
        }
        self.area(column, &rest)
    }

    fn one_vs_one(&self) -> Area {
        let set = |class: usize, column: usize| &*self.labels[self.classes[class]][column];
        let count = self.classes.len();
        let pairs = (0..count).flat_map(|i| (0..count).filter(move |j| *j != i).map(move |j| (i, j)));
        mean(pairs.map(|(own, other)| (Area::of(&self.area(own, set(other, own))), 1.0)))
    }

    fn area(&self, column: usize, others: &Multiset) -> Roc {
        roc(&self.labels[self.classes[column]][column], others, self.unit)
    }
}

impl Area {
    fn of(roc: &Roc) -> Self {
        Self { area: roc.area, bound: roc.tied / 2.0 }
    }
}

fn mean(areas: impl Iterator<Item = (Area, f64)>) -> Area {
    let (mut sum, mut weights) = (Area::default(), 0.0);
    for (area, weight) in areas {
        sum.area += area.area * weight;
        sum.bound += area.bound * weight;
        weights += weight;
    }
    Area { area: sum.area / weights, bound: sum.bound / weights }
}

/// As numbers where they are some, else by name.
fn in_order(mut labels: Vec<&str>) -> Vec<&str> {
    let number = |label: &str| label.parse::<f64>().unwrap_or(f64::NAN);
    labels.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
    labels
}
