//! Predictions as a Parquet file, row group by row group.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};

use super::RowEncoder;
use crate::problem::Problem;

/// The most rows in a row group, which is held in memory until it is full.
const GROUP_ROWS: usize = 65_536;
/// A row group ends when it holds this many bytes, however few rows that are.
const GROUP_BYTES: usize = 32 << 20;

/// The file; its bytes are taken out after each row group.
pub struct ParquetFile(ArrowWriter<Vec<u8>>);

impl ParquetFile {
    pub fn begin(schema: &SchemaRef) -> Result<Self, Problem> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties)).map(Self).map_err(Problem::internal)
    }
}

impl RowEncoder for ParquetFile {
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.0.write(rows).map_err(Problem::internal)?;
        if self.0.in_progress_size() >= GROUP_BYTES {
            self.0.flush().map_err(Problem::internal)?;
        }
        out.append(self.0.inner_mut());
        Ok(())
    }

    fn finish(&mut self, _: Option<&str>, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.0.finish().map_err(Problem::internal)?;
        out.append(self.0.inner_mut());
        Ok(())
    }
}
