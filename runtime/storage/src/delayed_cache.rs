//! Joined-up delayed metrics, kept for the next read of the same window.

use std::sync::{Arc, Mutex};

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use driftline_core::{ColumnType, LABELLED_AT, Schema};
use uuid::Uuid;

use crate::{Error, held, id_range::IdRange, latest::Latest, model::ModelId};

/// Which columns are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wanted {
    pub metrics: Schema,
    /// `labelled_at` too.
    pub arrivals: bool,
}

impl Wanted {
    /// The columns and their types.
    pub fn typed(&self) -> Vec<(String, ColumnType)> {
        let arrivals = self.arrivals.then(|| (LABELLED_AT.to_owned(), ColumnType::Timestamp));
        let metrics = self.metrics.columns().iter().map(|column| (column.name.clone(), column.column_type));
        arrivals.into_iter().chain(metrics).collect()
    }

    /// The columns of delayed metrics to read.
    pub fn arrow(&self) -> SchemaRef {
        let all = self.metrics.arrow_delayed();
        let fields = all.fields().iter().filter(|field| self.arrivals || field.name() != LABELLED_AT).cloned();
        Arc::new(ArrowSchema::new(fields.collect::<Vec<_>>()))
    }
}

/// Everything the values depend on.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub model: ModelId,
    pub columns: Wanted,
    pub segments: Vec<Uuid>,
    pub seqs: Vec<i64>,
    pub ids: IdRange,
}

/// The values built last, newest at the end.
pub(crate) struct DelayedCache {
    limit: usize,
    kept: Mutex<Vec<(Key, Arc<Latest>)>>,
}

impl DelayedCache {
    /// An empty cache of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// How many bytes are kept.
    pub fn bytes(&self) -> usize {
        held(&self.kept).iter().map(|(_, latest)| latest.bytes()).sum()
    }

    /// The values for `key`, built unless they are kept.
    pub fn get_or_build(&self, key: Key, build: impl FnOnce() -> Result<Latest, Error>) -> Result<Arc<Latest>, Error> {
        if let Some(latest) = self.get(&key) {
            return Ok(latest);
        }
        let latest = Arc::new(build()?);
        let mut kept = held(&self.kept);
        kept.push((key, latest.clone()));
        let mut bytes: usize = kept.iter().map(|(_, latest)| latest.bytes()).sum();
        while bytes > self.limit && !kept.is_empty() {
            bytes -= kept.remove(0).1.bytes();
        }
        Ok(latest)
    }

    fn get(&self, key: &Key) -> Option<Arc<Latest>> {
        let mut kept = held(&self.kept);
        let at = kept.iter().position(|(held, _)| held == key)?;
        let found = kept.remove(at);
        let latest = found.1.clone();
        kept.push(found);
        Some(latest)
    }
}
