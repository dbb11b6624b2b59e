//! Files are checked against their digests when they are opened.

use std::{ops::Range, sync::Arc};

use datafusion::{
    datasource::{
        listing::PartitionedFile,
        physical_plan::{ParquetFileReaderFactory, parquet::CachedParquetFileReaderFactory},
    },
    error::DataFusionError,
    parquet::{
        arrow::{arrow_reader::ArrowReaderOptions, async_reader::AsyncFileReader},
        errors::{ParquetError, Result},
        file::metadata::ParquetMetaData,
    },
    physical_plan::metrics::ExecutionPlanMetricsSet,
};
use futures::{FutureExt, future::BoxFuture};

use crate::source::Stored;

/// Makes readers that verify a file before they tell anything of it.
#[derive(Debug)]
pub(crate) struct VerifiedReaders {
    readers: CachedParquetFileReaderFactory,
}

impl VerifiedReaders {
    pub fn new(readers: CachedParquetFileReaderFactory) -> Self {
        Self { readers }
    }
}

impl ParquetFileReaderFactory for VerifiedReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> std::result::Result<Box<dyn AsyncFileReader + Send>, DataFusionError> {
        let unverified = file.extension::<Stored>().cloned();
        let reader = self.readers.create_reader(partition, file, metadata_size_hint, metrics)?;
        Ok(Box::new(VerifiedReader { reader, unverified }))
    }
}

struct VerifiedReader {
    reader: Box<dyn AsyncFileReader + Send>,
    unverified: Option<Stored>,
}

impl AsyncFileReader for VerifiedReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<bytes::Bytes>> {
        self.reader.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<bytes::Bytes>>> {
        self.reader.get_byte_ranges(ranges)
    }

    // Every read begins with the metadata, since nothing else says where the columns are.
    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        async move {
            if let Some(stored) = self.unverified.take() {
                let verified = tokio::task::spawn_blocking(move || stored.verify()).await;
                verified.map_err(external)?.map_err(external)?;
            }
            self.reader.get_metadata(options).await
        }
        .boxed()
    }
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}
