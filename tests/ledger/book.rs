//! What one or more clients know to be stored.

use std::{collections::BTreeMap, iter::Sum};

use uuid::Uuid;

use super::request::{Prediction, Truth};

/// Acknowledged predictions and labels by id.
#[derive(Debug, Default, Clone)]
pub struct Book {
    predictions: BTreeMap<Uuid, Prediction>,
    labels: BTreeMap<Uuid, Truth>,
}

impl Book {
    /// Notes acknowledged predictions; of two with the same id the first counts.
    pub fn track(&mut self, rows: impl IntoIterator<Item = (Uuid, Prediction)>) {
        for (id, prediction) in rows {
            self.predictions.entry(id).or_insert(prediction);
        }
    }

    /// Notes acknowledged labels; of two values for a cell the last counts.
    pub fn label(&mut self, rows: impl IntoIterator<Item = (Uuid, Truth)>) {
        for (id, truth) in rows {
            let held = self.labels.entry(id).or_default();
            *held = Truth { label: truth.label.or(held.label), cost: truth.cost.or(held.cost) };
        }
    }

    /// The predictions.
    pub fn predictions(&self) -> &BTreeMap<Uuid, Prediction> {
        &self.predictions
    }

    /// The labels, those of unknown predictions too.
    pub fn labels(&self) -> &BTreeMap<Uuid, Truth> {
        &self.labels
    }

    /// What is known about a prediction beside itself.
    pub fn truth(&self, id: Uuid) -> Truth {
        self.labels.get(&id).copied().unwrap_or_default()
    }
}

impl<'a> Sum<&'a Self> for Book {
    /// The books of clients that never write about the same id.
    fn sum<I: Iterator<Item = &'a Self>>(books: I) -> Self {
        books.fold(Self::default(), |mut whole, book| {
            whole.predictions.extend(&book.predictions);
            whole.labels.extend(&book.labels);
            whole
        })
    }
}
