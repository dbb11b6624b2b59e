//! Which column of a file becomes what.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, bail};
use arrow::{
    array::{ArrayRef, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Field, Schema},
};
use driftline_core::ID;
use uuid::Uuid;

use crate::{ingest, wire::Id};

/// Reads `NAME=COLUMN`.
///
/// # Errors
/// When it is not of that form.
pub fn renaming(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, column)) if !name.is_empty() && !column.is_empty() => Ok((name.into(), column.into())),
        _ => Err("write NAME=COLUMN".into()),
    }
}

/// The columns of a batch under their new names, and which of them come later.
pub struct Plan {
    columns: Vec<(String, ArrayRef)>,
    delayed: Vec<String>,
}

impl Plan {
    /// Applies the names.
    ///
    /// # Errors
    /// When a column that is named is not in the file.
    pub fn new(
        batch: &RecordBatch,
        map: &[(String, String)],
        delayed: &[String],
        skip: &[String],
    ) -> anyhow::Result<Self> {
        let mut columns = ingest::flat_columns(batch);
        for (name, _) in &mut columns {
            // Lines in the form of the HTTP interface.
            if let Some(metric) = name.strip_prefix("metrics.") {
                *name = metric.to_owned();
            }
        }
        let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        for column in map.iter().map(|(_, column)| column).chain(skip) {
            if !names.contains(column) {
                bail!("the file has no column `{column}`: it has {}", names.join(", "));
            }
        }
        columns.retain(|(name, _)| !skip.contains(name));
        let renamed: HashMap<&str, &str> = map.iter().map(|(name, column)| (column.as_str(), name.as_str())).collect();
        for (name, _) in &mut columns {
            if let Some(new) = renamed.get(name.as_str()) {
                *name = (*new).to_owned();
            }
        }
        for name in delayed {
            if !columns.iter().any(|(column, _)| column == name) {
                bail!("there is no column `{name}` to delay: there are {}", names.join(", "));
            }
        }
        Ok(Self { columns, delayed: delayed.to_vec() })
    }

    /// Whether the file has ids of its own.
    pub fn has_ids(&self) -> bool {
        self.columns.iter().any(|(name, _)| name == ID)
    }

    /// The rows as predictions, and their delayed cells if there are any.
    ///
    /// # Errors
    /// When two columns have the same name.
    pub fn split(&self, batch: &RecordBatch) -> anyhow::Result<(RecordBatch, Option<RecordBatch>)> {
        let (late, now): (Vec<_>, Vec<_>) = self.columns.iter().partition(|(name, _)| self.delayed.contains(name));
        let delayed = if late.is_empty() { None } else { Some(table(&late, batch.num_rows())?) };
        Ok((table(&now, batch.num_rows())?, delayed))
    }

    /// The file's own ids.
    ///
    /// # Errors
    /// When a row has none.
    pub fn ids(&self) -> anyhow::Result<Vec<Id>> {
        let column = self.columns.iter().find(|(name, _)| name == ID).map(|(_, array)| array);
        let texts = cast(column.context("the file has no ids")?, &DataType::Utf8)?;
        let ids = texts.as_string::<i32>();
        let id = |(row, text): (usize, Option<&str>)| {
            let parsed = text.and_then(|text| Uuid::try_parse(text).ok());
            parsed.map(Id).with_context(|| format!("row {row}: a row with delayed metrics needs a UUID"))
        };
        ids.iter().enumerate().map(id).collect()
    }
}

fn table(columns: &[&(String, ArrayRef)], rows: usize) -> anyhow::Result<RecordBatch> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(name, array.data_type().clone(), true)).collect();
    let arrays = columns.iter().map(|(_, array)| array.clone()).collect();
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?)
}
