//! Costs and rows, by segment: the state.

use std::collections::BTreeMap;

use driftline_sdk::prelude::*;

/// The most segments drawn; of more, those with the most rows.
const DRAWN: usize = 30;

/// How many rows each segment has, and what they cost.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Costs {
    segments: BTreeMap<String, Segment>,
}

/// What the rows of one segment cost.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Segment {
    cost: f64,
    rows: f64,
}

impl Segment {
    pub(crate) fn add_row(&mut self, cost: f64) {
        self.add(Self { cost, rows: 1.0 });
    }

    fn add(&mut self, other: Self) {
        self.cost += other.cost;
        self.rows += other.rows;
    }
}

impl Costs {
    /// The segment of a name, without rows when it is new.
    pub(crate) fn get(&self, name: &str) -> Segment {
        self.segments.get(name).copied().unwrap_or_default()
    }

    /// Puts a segment in the place of the one of its name; one without rows is left out.
    pub(crate) fn put(&mut self, name: &str, segment: Segment) {
        match self.segments.get_mut(name) {
            Some(known) => *known = segment,
            None if segment.rows > 0.0 => drop(self.segments.insert(name.to_owned(), segment)),
            None => {}
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (name, segment) in other.segments {
            self.segments.entry(name).or_default().add(segment);
        }
    }

    /// The mean cost of a row; `None` without rows.
    pub(crate) fn mean(&self) -> Option<f64> {
        let mut all = Segment::default();
        self.segments.values().for_each(|segment| all.add(*segment));
        (all.rows > 0.0).then(|| all.cost / all.rows)
    }

    /// The mean cost of a row of each segment.
    pub(crate) fn by_segment(&self) -> impl Iterator<Item = (&str, f64)> {
        self.segments.iter().map(|(name, segment)| (name.as_str(), segment.cost / segment.rows))
    }

    /// The segment whose rows cost most.
    pub(crate) fn worst(&self) -> Option<(&str, f64)> {
        self.by_segment().max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// A bar for each segment, beside those of the reference.
    pub(crate) fn chart(&self, reference: Option<&Self>, column: &str) -> Chart {
        let mut drawn: Vec<(&String, &Segment)> = self.segments.iter().collect();
        drawn.sort_by(|a, b| b.1.rows.total_cmp(&a.1.rows));
        drawn.truncate(DRAWN);
        let names = drawn.iter().map(|(name, _)| (*name).clone()).collect();
        let chart = Chart::bars("Cost by segment", column, "cost per prediction", names);
        let chart = chart.heights("current", drawn.iter().map(|(_, segment)| segment.cost / segment.rows));
        let Some(reference) = reference else { return chart };
        let before = |name: &String| reference.segments.get(name).map_or(0.0, |segment| segment.cost / segment.rows);
        chart.heights("reference", drawn.iter().map(|(name, _)| before(name)))
    }
}
