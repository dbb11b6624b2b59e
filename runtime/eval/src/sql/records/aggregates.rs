//! Aggregates of all models, read piece by piece.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::logical_expr::Expr;
use driftline_core::Name;
use driftline_storage::{Aggregate, AggregateFilter, Error, Storage};
use uuid::Uuid;

use super::{
    Records,
    column::{Column, Columns},
};
use crate::sql::bounds::equal_text;

pub(super) struct Aggregates {
    storage: Storage,
    columns: Columns<(Name, Aggregate)>,
}

impl Aggregates {
    pub fn new(storage: Storage) -> Self {
        let columns = Columns(vec![
            Column::text("model", |(model, _): &(Name, Aggregate)| Some(model.to_string())),
            Column::time("window_start", |(_, a)| Some(a.window.start())),
            Column::time("window_end", |(_, a)| Some(a.window.end())),
            Column::text("name", |(_, a)| Some(a.name.clone())),
            Column::float("value", |(_, a)| a.value),
            Column::text("slice", |(_, a)| Some(a.slice.clone())),
            Column::text("source", |(_, a)| Some(a.source.as_str().to_owned())),
            Column::text("evaluation", |(_, a)| a.evaluation.map(|id| id.to_string())),
            Column::text("labels", |(_, a)| Some(a.labels.clone())),
            Column::time("created", |(_, a)| Some(a.created)),
        ]);
        Self { storage, columns }
    }
}

impl Records for Aggregates {
    fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    fn read(
        &self,
        projection: &[usize],
        filters: &[Expr],
        take: &mut dyn FnMut(RecordBatch) -> bool,
    ) -> Result<(), Error> {
        let only = |column| filters.iter().find_map(|filter| equal_text(filter, column));
        let evaluation = only("evaluation").and_then(|id| Uuid::try_parse(&id).ok());
        let filter = AggregateFilter { window: None, name: only("name"), evaluation };
        let model = only("model");
        self.columns
            .hand_on(projection, take, |records| self.storage.scan_aggregates(model.as_deref(), &filter, records))
    }
}
