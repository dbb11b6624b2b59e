//! Reads Parquet files as streams of batches with the columns asked for.

mod verified;

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
    execution::{
        SendableRecordBatchStream, TaskContext,
        object_store::ObjectStoreUrl,
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
    },
    physical_plan::{ExecutionPlan, PhysicalExpr},
    prelude::SessionConfig,
};
use object_store::{ObjectStore, path::Path};

use self::verified::VerifiedReaders;
use crate::source::Stored;

/// Rows in a batch.
pub(crate) const BATCH_ROWS: usize = 8192;

/// Reads the files of one object store.
#[derive(Clone)]
pub(crate) struct Scanner {
    context: Arc<TaskContext>,
    readers: Arc<VerifiedReaders>,
    store: ObjectStoreUrl,
}

/// A Parquet file, or the row groups that begin in a range of its bytes.
#[derive(Debug, Clone)]
pub(crate) struct FilePart {
    pub path: Path,
    pub bytes: u64,
    pub range: Option<(i64, i64)>,
    /// What is checked before its first use.
    pub stored: Stored,
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
            readers: Arc::new(VerifiedReaders::new(CachedParquetFileReaderFactory::new(store, metadata))),
            store: url,
        })
    }

    /// Where the files are, and what is known of them; shared with whoever plans scans of its own.
    pub fn environment(&self) -> Arc<RuntimeEnv> {
        self.context.runtime_env()
    }

    /// The address of the files.
    pub fn store(&self) -> ObjectStoreUrl {
        self.store.clone()
    }

    /// How files of these columns are read, for a plan.
    pub fn source(&self, schema: &SchemaRef) -> ParquetSource {
        let mut options = TableParquetOptions::default();
        options.global.schema_force_view_types = false;
        ParquetSource::new(Arc::clone(schema))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _)
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
        let mut source = self.source(schema);
        if let Some(predicate) = pruning {
            source = source.with_predicate(predicate);
        }
        let config =
            FileScanConfigBuilder::new(self.store.clone(), Arc::new(source)).with_file(file.partitioned()).build();
        DataSourceExec::from_data_source(config).execute(0, Arc::clone(&self.context))
    }
}

impl FilePart {
    /// The file as a plan lists it; it is verified when it is opened.
    pub fn partitioned(&self) -> PartitionedFile {
        let file = PartitionedFile::new(self.path.to_string(), self.bytes).with_extension(self.stored.clone());
        match self.range {
            Some((start, end)) => file.with_range(start, end),
            None => file,
        }
    }
}
