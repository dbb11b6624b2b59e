//! How late in the order of arrival values came that are folded, so that it is known what they change.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{Array, RecordBatch},
    datatypes::SchemaRef,
};
use driftline_core::ID;

use crate::{
    Error,
    changes::{Columns, MOST_COLUMNS, Touched},
    latest::Latest,
    rows::{self, PLACE},
};

/// Slots whose ids were met, each with the quarters of hours of their predictions.
pub(crate) type Met = HashSet<(u32, i64)>;

/// For each column and slot the last place that a value can have.
pub(crate) struct Places(Vec<Column>);

struct Column {
    /// None when there are too many columns to be told apart.
    name: Option<String>,
    /// By slot; the smallest number where there is no value.
    last: Vec<i64>,
}

impl Places {
    /// Nothing yet of the columns of `schema`.
    pub fn new(schema: &SchemaRef, latest: &Latest) -> Self {
        let names = schema.fields().iter().map(|field| field.name());
        let names: Vec<&String> = names.filter(|name| ![ID, PLACE].contains(&name.as_str())).collect();
        let column = |name| Column { name, last: vec![i64::MIN; latest.len()] };
        match names.len() {
            0..=MOST_COLUMNS => Self(names.into_iter().cloned().map(Some).map(column).collect()),
            _ => Self(vec![column(None)]),
        }
    }

    /// Takes in rows.
    pub fn add(&mut self, latest: &Latest, batch: &RecordBatch) -> Result<(), Error> {
        let (slots, places) = (latest.find(batch)?, rows::places(batch));
        for column in &mut self.0 {
            let cells = column.name.as_ref().map(|name| batch.column_by_name(name));
            let nulls = match cells {
                Some(None) => continue,
                Some(Some(cells)) => cells.logical_nulls(),
                None => None,
            };
            let has_value = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            for (row, (slot, place)) in slots.iter().zip(places).enumerate() {
                if let Some(last) = slot.filter(|_| has_value(row)).and_then(|slot| column.last.get_mut(slot as usize))
                {
                    *last = (*place).max(*last);
                }
            }
        }
        Ok(())
    }

    /// What the slots touch that were met, by column.
    pub fn touched(&self, met: &Met) -> Vec<(Columns, Touched)> {
        let of_column = |column: &Column| {
            let mut touched = Touched::default();
            for (slot, quarter) in met {
                if let Some(place) = column.last.get(*slot as usize).filter(|place| **place > i64::MIN) {
                    touched.add(*quarter, *place);
                }
            }
            (column.name.clone().map(|name| Arc::from([name])), touched)
        };
        self.0.iter().map(of_column).collect()
    }
}
