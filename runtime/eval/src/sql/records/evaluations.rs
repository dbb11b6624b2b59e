//! Evaluations of all models, read piece by piece.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::logical_expr::Expr;
use driftline_core::Name;
use driftline_storage::{Error, EvaluationFilter, EvaluationRecord, Storage};

use super::{
    Records,
    column::{Column, Columns},
};
use crate::sql::bounds::equal_text;

pub(super) struct Evaluations {
    storage: Storage,
    columns: Columns<EvaluationRecord>,
}

impl Evaluations {
    pub fn new(storage: Storage) -> Self {
        let columns = Columns(vec![
            Column::text("id", |e: &EvaluationRecord| Some(e.id.to_string())),
            Column::text("model", |e| Some(e.model.to_string())),
            Column::text("plugin", |e| Some(e.plugin.clone())),
            Column::text("status", |e| Some(e.status.clone())),
            Column::time("created", |e| Some(e.created)),
            Column::time("finished", |e| e.finished),
            Column::text("request", |e| Some(e.request.clone())),
            Column::text("result", |e| Some(e.result.clone())),
        ]);
        Self { storage, columns }
    }
}

impl Records for Evaluations {
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
        // Another name than a model can have is the name of no model.
        let model: Option<Name> = match only("model").map(|name| name.parse()) {
            Some(Err(_)) => return Ok(()),
            Some(Ok(name)) => Some(name),
            None => None,
        };
        let filter = EvaluationFilter { model, plugin: only("plugin"), status: only("status") };
        let with_texts = self.columns.wants(projection, &["request", "result"]);
        self.columns.hand_on(projection, take, |records| self.storage.scan_evaluations(&filter, with_texts, records))
    }
}
