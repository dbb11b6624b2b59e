//! Reads Parquet files as streams of batches with the columns asked for.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::{
    config::TableParquetOptions,
    datasource::{
        listing::PartitionedFile,
        physical_plan::{FileScanConfigBuilder, ParquetSource, parquet::CachedParquetFileReaderFactory},
        source::DataSourceExec,
    },
    error::DataFusionError,
    execution::{SendableRecordBatchStream, TaskContext, object_store::ObjectStoreUrl, runtime_env::RuntimeEnvBuilder},
    physical_plan::{ExecutionPlan, PhysicalExpr},
    prelude::SessionConfig,
};
use object_store::{ObjectStore, path::Path};

/// Rows in a batch.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Reads the files of one object store.
#[derive(Clone)]
pub(crate) struct Scanner {
    context: Arc<TaskContext>,
    readers: Arc<CachedParquetFileReaderFactory>,
    store: ObjectStoreUrl,
}

/// A Parquet file, or the row groups that begin in a range of its bytes.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    pub path: Path,
    pub bytes: u64,
    pub range: Option<(i64, i64)>,
}

impl Scanner {
    pub fn new(store: Arc<dyn ObjectStore>) -> Result<Self, DataFusionError> {
        let runtime = RuntimeEnvBuilder::new().build_arc()?;
        let url = ObjectStoreUrl::parse("driftline://segments")?;
        runtime.register_object_store(url.as_ref(), Arc::clone(&store));
        let metadata = runtime.cache_manager.get_file_metadata_cache();
        let context = TaskContext::default()
            .with_session_config(SessionConfig::new().with_batch_size(BATCH_ROWS))
            .with_runtime(runtime);
        Ok(Self {
            context: Arc::new(context),
            readers: Arc::new(CachedParquetFileReaderFactory::new(store, metadata)),
            store: url,
        })
    }

    /// The rows of `file` with the columns of `schema`: columns the file lacks
    /// are null, integers are widened. Row groups that `pruning` rules out are
    /// skipped; rows are not filtered.
    pub fn read(
        &self,
        file: &FilePart,
        schema: &SchemaRef,
        pruning: Option<Arc<dyn PhysicalExpr>>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let mut options = TableParquetOptions::default();
        options.global.schema_force_view_types = false;
        let mut source = ParquetSource::new(Arc::clone(schema))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _);
        if let Some(predicate) = pruning {
            source = source.with_predicate(predicate);
        }
        let mut part = PartitionedFile::new(file.path.to_string(), file.bytes);
        if let Some((start, end)) = file.range {
            part = part.with_range(start, end);
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source)).with_file(part).build();
        DataSourceExec::from_data_source(config).execute(0, Arc::clone(&self.context))
    }
}
