//! Batches of a Parquet file that is too large to hold: pages are read as they are needed.

use arrow::{array::RecordBatch, error::ArrowError};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::{Decoded, check_rows, guarded};
use crate::ingest::{
    piece::{Failure, Piece},
    spool::Spool,
};

/// The batches of a file, one row group after the other.
pub struct Groups {
    spool: Spool,
    metadata: ArrowReaderMetadata,
    piece: Piece,
    next_group: usize,
    open: Option<ParquetRecordBatchReader>,
    decoded: Decoded,
}

impl Groups {
    /// The batches of the file in `spool`.
    ///
    /// # Errors
    /// When it has no footer, or one that promises too much.
    pub fn new(spool: Spool, piece: Piece) -> Result<Self, Failure> {
        let metadata = guarded(|| {
            let metadata = ArrowReaderMetadata::load(&spool, ArrowReaderOptions::new())?;
            check_rows(metadata.metadata().file_metadata().num_rows(), spool.bytes())?;
            Ok(metadata)
        })?;
        let decoded = Decoded::of(spool.bytes());
        Ok(Self { spool, metadata, piece, next_group: 0, open: None, decoded })
    }

    /// The next rows; none at the end.
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        Ok(guarded(|| self.batch())?)
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        loop {
            if let Some(batch) = self.open.as_mut().and_then(Iterator::next).transpose()? {
                self.decoded.check(&batch)?;
                return Ok(Some(batch));
            }
            if self.next_group >= self.metadata.metadata().num_row_groups() {
                return Ok(None);
            }
            let group = self.next_group;
            self.next_group += 1;
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(self.spool.clone(), self.metadata.clone())
                .with_row_groups(vec![group])
                .with_batch_size(self.rows_in_a_piece(group))
                .build()?;
            self.open = Some(reader);
        }
    }

    /// How many rows of a row group make a piece.
    fn rows_in_a_piece(&self, group: usize) -> usize {
        let group = self.metadata.metadata().row_group(group);
        let rows = usize::try_from(group.num_rows()).unwrap_or_default().max(1);
        let bytes = usize::try_from(group.total_byte_size()).unwrap_or_default();
        (self.piece.bytes / bytes.div_ceil(rows).max(1)).clamp(1, self.piece.rows)
    }
}
