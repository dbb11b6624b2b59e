//! Records of which there are never many: models, their columns and datasets, plugins.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::logical_expr::Expr;
use driftline_core::Name;
use driftline_storage::{Dataset, Error, Model, ModelSummary, PluginRecord, Storage};

use super::{
    Records,
    column::{Column, Columns},
};

/// Records that are listed whole.
pub(super) struct List<T> {
    storage: Storage,
    columns: Columns<T>,
    all: fn(&Storage, Wanted<'_, T>) -> Result<Vec<T>, Error>,
}

/// Which of a list's columns are asked for.
pub(super) struct Wanted<'a, T> {
    columns: &'a Columns<T>,
    projection: &'a [usize],
}

impl<T> Wanted<'_, T> {
    fn any(&self, names: &[&str]) -> bool {
        self.columns.wants(self.projection, names)
    }
}

/// How many records make a batch.
const BATCH: usize = 1024;

impl<T: Send + Sync + 'static> Records for List<T> {
    fn schema(&self) -> SchemaRef {
        self.columns.schema()
    }

    fn read(&self, projection: &[usize], _: &[Expr], take: &mut dyn FnMut(RecordBatch) -> bool) -> Result<(), Error> {
        let all = (self.all)(&self.storage, Wanted { columns: &self.columns, projection })?;
        for records in all.chunks(BATCH) {
            if !take(self.columns.batch(records, projection)?) {
                break;
            }
        }
        Ok(())
    }
}

/// A model, with its counts where they are asked for.
pub(super) struct Counted {
    model: Model,
    counts: ModelSummary,
}

/// The columns that have to be counted for each model.
const COUNTS: [&str; 7] =
    ["predictions", "delayed_rows", "unsealed_rows", "segments", "bytes", "first_time", "last_time"];

pub(super) fn models(storage: Storage) -> List<Counted> {
    let columns = Columns(vec![
        Column::text("name", |m: &Counted| Some(m.model.name.to_string())),
        Column::text("description", |m| m.model.details.description.clone()),
        Column::text("tags", |m| serde_json::to_string(&m.model.details.tags).ok()),
        Column::text("lineage", |m| m.model.details.lineage.clone()),
        Column::integer("raw_days", |m| m.model.details.retention.raw_days.map(u64::from)),
        Column::integer("summary_days", |m| m.model.details.retention.summary_days.map(u64::from)),
        Column::time("created", |m| Some(m.model.created)),
        Column::integer("predictions", |m| Some(m.counts.predictions)),
        Column::integer("delayed_rows", |m| Some(m.counts.delayed_rows)),
        Column::integer("unsealed_rows", |m| Some(m.counts.unsealed_rows)),
        Column::integer("segments", |m| Some(m.counts.segments)),
        Column::integer("bytes", |m| Some(m.counts.bytes)),
        Column::time("first_time", |m| m.counts.first_time),
        Column::time("last_time", |m| m.counts.last_time),
    ]);
    let all = |storage: &Storage, wanted: Wanted<'_, Counted>| {
        let is_counted = wanted.any(&COUNTS);
        let counted = |model: Model| {
            let counts = if is_counted { storage.model_summary(&model)? } else { ModelSummary::default() };
            Ok(Counted { model, counts })
        };
        every_model(storage)?.into_iter().map(counted).collect()
    };
    List { storage, columns, all }
}

/// A metric column of a model.
pub(super) struct ModelColumn {
    model: Name,
    position: u64,
    column: driftline_core::Column,
}

pub(super) fn columns(storage: Storage) -> List<ModelColumn> {
    let columns = Columns(vec![
        Column::text("model", |c: &ModelColumn| Some(c.model.to_string())),
        Column::integer("position", |c| Some(c.position)),
        Column::text("name", |c| Some(c.column.name.clone())),
        Column::text("type", |c| Some(c.column.column_type.as_str().to_owned())),
    ]);
    let all = |storage: &Storage, _: Wanted<'_, ModelColumn>| {
        let of_model = |model: Model| {
            let columns = model.schema.columns().to_vec().into_iter();
            (0..).zip(columns).map(move |(position, column)| ModelColumn {
                model: model.name.clone(),
                position,
                column,
            })
        };
        Ok(every_model(storage)?.into_iter().flat_map(of_model).collect())
    };
    List { storage, columns, all }
}

pub(super) fn plugins(storage: Storage) -> List<PluginRecord> {
    let columns = Columns(vec![
        Column::text("name", |p: &PluginRecord| Some(p.name.to_string())),
        Column::text("version", |p| Some(p.version.clone())),
        Column::text("digest", |p| Some(p.digest.to_string())),
        Column::integer("size_bytes", |p| Some(p.size_bytes)),
        Column::time("installed", |p| Some(p.installed)),
        Column::time("retired", |p| p.retired),
        Column::text("description", |p| Some(p.description.clone())),
    ]);
    List { storage, columns, all: |storage, _| storage.plugins(None, ALL) }
}

pub(super) fn datasets(storage: Storage) -> List<(Name, Dataset)> {
    let columns = Columns(vec![
        Column::text("model", |(model, _): &(Name, Dataset)| Some(model.to_string())),
        Column::text("name", |(_, d)| Some(d.name.to_string())),
        Column::integer("rows", |(_, d)| Some(d.rows)),
        Column::integer("bytes", |(_, d)| Some(d.bytes)),
        Column::text("digest", |(_, d)| Some(d.digest.to_string())),
        Column::time("created", |(_, d)| Some(d.created)),
    ]);
    List { storage, columns, all: |storage, _| storage.all_datasets() }
}

const ALL: usize = i64::MAX as usize;

fn every_model(storage: &Storage) -> Result<Vec<Model>, Error> {
    storage.models(None, ALL)
}
