//! The rows of each class with their scores, and the areas that follow.
//!
//! One against the rest: F. Provost & P. Domingos, "Well-Trained PETs" (2000).
//! One against one: D. J. Hand & R. J. Till, "A Simple Generalisation of the
//! Area Under the ROC Curve for Multiple Class Classification Problems",
//! Machine Learning 45 (2001). Both as scikit-learn's `roc_auc_score`.

use std::collections::BTreeMap;

use driftline_numerics::{
    Multiset, coded, key,
    roc::{Roc, roc},
};
use driftline_sdk::{prelude::*, weights};

/// The scores of the rows of each label, one multiset for each score column.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Classes {
    labels: BTreeMap<String, Vec<Multiset>>,
    weighted: bool,
    not_numbers: u64,
}

impl Classes {
    /// Takes in rows of the inputs `scores`, `label` and, where it is bound, `weight`.
    pub(crate) fn update(&mut self, rows: &Rows) -> Result<()> {
        let columns: Vec<_> = rows.columns("scores")?.into_iter().map(|column| rows.numbers_of(column)).collect();
        let (classes, weights) = (coded(rows, "label")?, weights(rows, "weight")?);
        self.weighted |= weights.is_some();
        let mut places: Vec<Vec<usize>> = vec![Vec::new(); classes.labels.len()];
        for (row, code) in classes.codes.iter().enumerate() {
            match places.get_mut(*code as usize) {
                Some(place) if columns.iter().all(|scores| !scores[row].is_nan()) => place.push(row),
                _ => self.not_numbers += 1,
            }
        }
        for (label, rows) in classes.labels.into_iter().zip(places).filter(|(_, rows)| !rows.is_empty()) {
            let sets = self.labels.entry(label).or_insert_with(|| vec![Multiset::default(); columns.len()]);
            for (set, scores) in sets.iter_mut().zip(&columns) {
                let keys = rows.iter().map(|row| (key::key(scores[*row]), *row));
                match &weights {
                    Some(weights) => {
                        set.extend_pairs(keys.map(|(key, row)| (key, weights[row])).filter(|(_, weight)| *weight > 0.0))
                    }
                    None => set.extend_keys(keys.map(|(key, _)| key)),
                }
            }
        }
        Ok(())
    }

    pub(crate) fn settle(&mut self) {
        self.labels.values_mut().flatten().for_each(Multiset::settle);
    }

    pub(crate) fn merge(&mut self, other: Self) -> Result<()> {
        for (label, sets) in other.labels {
            let ours = self.labels.entry(label).or_insert_with(|| vec![Multiset::default(); sets.len()]);
            if ours.len() != sets.len() || !sets.iter().all(Multiset::is_sound) {
                return Err(Error::data("the saved state was made with other columns"));
            }
            ours.iter_mut().zip(sets).for_each(|(ours, theirs)| ours.merge(theirs));
        }
        self.weighted |= other.weighted;
        self.not_numbers += other.not_numbers;
        Ok(())
    }

    /// The areas, or why there are none. `classes` names the class of each column; without it columns are taken in the
    /// order of the labels.
    pub(crate) fn report(&self, classes: Option<&[String]>, columns: usize) -> core::result::Result<Report, String> {
        let classes = self.order(classes, columns)?;
        let left_out = format!("{} rows without numeric scores left out", self.not_numbers);
        let left_out = (self.not_numbers > 0).then_some(left_out);
        let mut single = Vec::with_capacity(classes.len());
        for (column, class) in classes.iter().enumerate() {
            let mut rest = Multiset::default();
            for (_, sets) in self.labels.iter().filter(|(label, _)| label != class) {
                rest.merge(sets[column].clone());
            }
            single.push(self.area(class, column, &rest));
        }
        let weights: Vec<f64> = classes.iter().map(|class| self.labels[*class][0].total()).collect();
        let mean = single.iter().map(|roc| roc.area).sum::<f64>() / single.len() as f64;
        let weighted = single.iter().zip(&weights).map(|(roc, weight)| roc.area * weight).sum::<f64>();
        let mut report = Report::new()
            .value(Value::new("roc_auc", mean).note(left_out))
            .value(Value::new("weighted_roc_auc", weighted / weights.iter().sum::<f64>()))
            .value(Value::new("one_vs_one_roc_auc", self.one_vs_one(&classes)));
        let mut chart =
            Chart::line("ROC curves, each class against the rest", "false positive rate", "true positive rate");
        for (class, roc) in classes.into_iter().zip(single) {
            let name = if class.is_empty() { "(empty)" } else { class };
            report.values.push(Value::new(&format!("roc_auc/{name}"), roc.area).standard_error(roc.standard_error));
            chart = chart.series(name, roc.curve);
        }
        Ok(report.chart(chart))
    }

    fn one_vs_one(&self, classes: &[&str]) -> f64 {
        let (mut sum, mut pairs) = (0.0, 0.0);
        for (i, a) in classes.iter().enumerate() {
            for (j, b) in classes.iter().enumerate().skip(i + 1) {
                let (ours, theirs) = (&self.labels[*a][j], &self.labels[*b][i]);
                sum += (self.area(a, i, theirs).area + self.area(b, j, ours).area) / 2.0;
                pairs += 1.0;
            }
        }
        sum / pairs
    }

    fn area(&self, class: &str, column: usize, others: &Multiset) -> Roc {
        roc(&self.labels[class][column], others, !self.weighted)
    }

    /// The class of each column; every one has rows.
    fn order<'a>(&'a self, given: Option<&'a [String]>, columns: usize) -> core::result::Result<Vec<&'a str>, String> {
        let seen = |label: &str| self.labels.get(label).is_some_and(|sets| sets[0].total() > 0.0);
        let mut classes: Vec<&str> = match given {
            Some(given) => given.iter().map(String::as_str).collect(),
            None => self.labels.keys().map(String::as_str).collect(),
        };
        if given.is_none() {
            let number = |label: &&str| label.parse::<f64>().unwrap_or(f64::NAN);
            classes.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
        }
        if classes.len() != columns {
            return Err(format!("{} classes for {columns} columns of scores: name them with `classes`", classes.len()));
        }
        match classes.iter().find(|class| !seen(class)) {
            Some(class) => Err(format!("no rows of the class `{class}` in the window")),
            None if self.labels.len() > columns => Err("a label has no column of scores: name `classes`".to_owned()),
            None => Ok(classes),
        }
    }
}
