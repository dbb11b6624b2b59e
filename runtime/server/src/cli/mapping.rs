//! Which columns of a file become which columns of a model.

use std::sync::Arc;

use anyhow::{Result, bail};
use arrow::array::{ArrayRef, RecordBatch};

/// How the columns of a file are taken.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// The model's name for a column, and the file's.
    pub renamed: Vec<(String, String)>,
    /// Columns of the file that are left out.
    pub skipped: Vec<String>,
    /// Columns, by the model's names, that are sent afterwards as delayed metrics.
    pub delayed: Vec<String>,
}

/// The rows of a batch, mapped.
pub struct Mapped {
    /// What is sent as predictions.
    pub predictions: RecordBatch,
    /// What is sent as delayed metrics, still without ids.
    pub delayed: Vec<(String, ArrayRef)>,
}

impl Mapping {
    /// Maps a batch of the file.
    ///
    /// # Errors
    /// When the mapping names a column that the file does not have.
    pub fn apply(&self, batch: &RecordBatch) -> Result<Mapped> {
        let sources = self.renamed.iter().map(|(_, source)| source).chain(&self.skipped);
        for source in sources {
            if batch.column_by_name(source).is_none() {
                let schema = batch.schema();
                let names: Vec<_> = schema.fields().iter().map(|field| field.name().clone()).collect();
                bail!("the file has no column `{source}`; it has {}", names.join(", "));
            }
        }
        let mut kept: Vec<(String, ArrayRef)> = Vec::new();
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            if !self.skipped.contains(field.name()) {
                kept.push((self.target(field.name()), Arc::clone(array)));
            }
        }
        let missing = self.delayed.iter().find(|name| !kept.iter().any(|(kept, _)| kept == *name));
        if let Some(name) = missing {
            bail!("there is no column `{name}` to send as a delayed metric");
        }
        let (delayed, predicted): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(name, _)| self.delayed.contains(name));
        let predictions = RecordBatch::try_from_iter_with_nullable(predicted.into_iter().map(|(name, array)| (name, array, true)))?;
        Ok(Mapped { predictions, delayed })
    }

    fn target(&self, source: &str) -> String {
        let renamed = self.renamed.iter().find(|(_, from)| from == source);
        renamed.map_or(source, |(to, _)| to).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn renames_skips_and_sets_apart() {
        let array = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
        let batch = RecordBatch::try_from_iter(["when", "x", "junk", "truth"].map(|name| (name, array()))).expect("batch");
        let mapping = Mapping {
            renamed: vec![("time".into(), "when".into())],
            skipped: vec!["junk".into()],
            delayed: vec!["truth".into()],
        };
        let mapped = mapping.apply(&batch).expect("maps");
        let schema = mapped.predictions.schema();
        assert_eq!(schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["time", "x"]);
        assert_eq!(mapped.delayed[0].0, "truth");
        for wrong in [
            Mapping { renamed: vec![("a".into(), "nope".into())], ..Mapping::default() },
            Mapping { delayed: vec!["nope".into()], ..Mapping::default() },
        ] {
            assert!(wrong.apply(&batch).is_err(), "{wrong:?}");
        }
    }
}
