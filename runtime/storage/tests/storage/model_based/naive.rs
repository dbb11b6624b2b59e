//! What storage should hold, kept the simplest way.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    summed::{Sum, sum_of},
    world::{Cells, Null, Row},
};

/// When predictions were labelled, and the ids of labels without a prediction.
pub type Labels = (BTreeMap<u128, i64>, Vec<u128>);

#[derive(Default)]
pub struct Naive {
    predictions: BTreeMap<u128, Row>,
    delayed: BTreeMap<u128, Cells>,
    /// When the first value for each id came.
    arrivals: BTreeMap<u128, i64>,
    forgotten: BTreeSet<u128>,
    rolled_up: BTreeSet<u128>,
    horizon: Option<i64>,
}

impl Naive {
    /// Leaves out rows whose ids have come before, also among themselves.
    pub fn keep_new(&self, rows: &mut Vec<Row>) {
        let mut met = BTreeSet::new();
        rows.retain(|row| {
            !self.predictions.contains_key(&row.id) && !self.rolled_up.contains(&row.id) && met.insert(row.id)
        });
    }

    /// Leaves out rows whose ids went into roll-ups, where nobody can find them, and repetitions among themselves.
    pub fn keep_known(&self, rows: &mut Vec<Row>) {
        let mut met = BTreeSet::new();
        rows.retain(|row| !self.rolled_up.contains(&row.id) && met.insert(row.id));
    }

    /// Takes in predictions, of an id the first; gives how many were there already.
    pub fn track(&mut self, rows: &[Row]) -> u64 {
        let mut known = 0;
        for row in rows.iter().filter(|row| !self.forgotten.contains(&row.id)) {
            known += u64::from(self.predictions.contains_key(&row.id));
            self.predictions.entry(row.id).or_insert_with(|| row.clone());
        }
        known
    }

    /// Takes in delayed metrics; of a cell the last value counts.
    pub fn delay(&mut self, rows: &[Row], now: i64) {
        for row in rows.iter().filter(|row| !self.forgotten.contains(&row.id)) {
            let cells: Vec<_> = row.cells.iter().filter(|(_, cell)| **cell != Null).collect();
            if !cells.is_empty() {
                self.arrivals.entry(row.id).or_insert(now);
            }
            let held = self.delayed.entry(row.id).or_default();
            held.extend(cells.into_iter().map(|(column, cell)| (column.clone(), cell.clone())));
        }
    }

    /// Forgets an id for good; what is kept of it in roll-ups stays.
    pub fn forget(&mut self, id: u128) {
        self.predictions.remove(&id);
        self.delayed.remove(&id);
        self.arrivals.remove(&id);
        self.forgotten.insert(id);
    }

    /// Whatever is older than `horizon` goes into roll-ups.
    pub fn roll_up(&mut self, horizon: i64) {
        assert!(self.horizon.is_none_or(|before| before <= horizon), "the horizon never goes back");
        self.horizon = Some(horizon);
        let (old, present): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.predictions).into_iter().partition(|(_, row)| row.time < Some(horizon));
        self.rolled_up.extend(old.into_keys());
        self.predictions = present;
    }

    /// Whether rows may have gone.
    pub fn has_rolled_up(&self) -> bool {
        self.horizon.is_some()
    }

    /// What roll-ups hold.
    pub fn kept(&self) -> Sum {
        sum_of(self.rolled_up.iter().copied())
    }

    fn present(&self) -> impl Iterator<Item = &Row> {
        // What comes late for time that is rolled up is seen by nobody until it is rolled up too.
        self.predictions.values().filter(|row| row.time >= self.horizon)
    }

    /// Which predictions are labelled, and the ids of labels without a prediction.
    pub fn labels(&self) -> Labels {
        let present: BTreeSet<u128> = self.present().map(|row| row.id).collect();
        let (labelled, unmatched): (BTreeMap<_, _>, BTreeMap<_, _>) =
            self.arrivals.iter().map(|(id, at)| (*id, *at)).partition(|(id, _)| present.contains(id));
        (labelled, unmatched.into_keys().collect())
    }

    /// The rows in a window, by time and id.
    pub fn read(&self, start: i64, end: i64) -> Vec<Row> {
        let inside = self.present().filter(|row| row.time.is_some_and(|time| start <= time && time < end));
        let mut rows: Vec<Row> = inside.cloned().collect();
        for row in &mut rows {
            row.cells.retain(|_, cell| *cell != Null);
            row.cells.extend(self.delayed.get(&row.id).cloned().unwrap_or_default());
        }
        rows.sort_by_key(|row| (row.time, row.id));
        rows
    }
}
