//! What must be there after the script, kept the simplest way.

use std::collections::BTreeMap;

use driftline_storage::Storage;

use super::script::{Deed, deeds};
use crate::world::{Cells, Row, name, read};

/// Predictions with their latest labels, by time and id.
#[derive(Debug, Default)]
pub struct Ledger {
    predictions: BTreeMap<u128, Row>,
    labels: BTreeMap<u128, Cells>,
}

impl Ledger {
    /// The ledger of the whole script.
    pub fn whole() -> Self {
        let mut ledger = Self::default();
        for deed in deeds() {
            if let Deed::Append(_, rows) = deed {
                rows.into_iter().for_each(|row| ledger.take(row));
            }
        }
        ledger
    }

    fn take(&mut self, row: Row) {
        match row.time {
            Some(_) => {
                self.predictions.entry(row.id).or_insert(row);
            }
            None => self.labels.entry(row.id).or_default().extend(row.cells),
        }
    }

    fn rows(&self) -> Vec<Row> {
        let joined = self.predictions.values().map(|row| {
            let mut row = row.clone();
            row.cells.extend(self.labels.get(&row.id).cloned().unwrap_or_default());
            row
        });
        let mut rows: Vec<Row> = joined.collect();
        rows.sort_by_key(|row| (row.time, row.id));
        rows
    }

    /// Panics unless storage holds exactly this.
    pub fn compare(&self, storage: &Storage) {
        let model = storage.model(&name("m")).expect("reads").expect("the model");
        let snapshot = storage.snapshot(&model, None).expect("a snapshot");
        assert_eq!(read(storage, &snapshot, None).expect("reads"), self.rows());
        let summary = storage.model_summary(&model).expect("a summary");
        assert_eq!(summary.predictions, self.predictions.len() as u64);
        let dataset = storage.dataset(&name("m"), &name("train")).expect("reads").expect("the dataset");
        storage.verify_dataset(&dataset).expect("a whole file");
    }
}
