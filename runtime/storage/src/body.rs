//! The bytes of a log row: an Arrow IPC stream of one batch, with a checksum.

use arrow::{
    array::RecordBatch,
    buffer::Buffer,
    ipc::{
        CompressionType,
        reader::StreamDecoder,
        writer::{IpcWriteOptions, StreamWriter},
    },
};

use crate::{
    Error,
    changes::quarters,
    rows::{self, Extent},
};

/// The most rows in one log row: more are split, so that reading one stays cheap.
pub(crate) const MAX_ROWS: usize = 65_536;

/// A log row that is ready to be written.
pub(crate) struct Body {
    pub rows: usize,
    pub extent: Extent,
    /// The quarters of hours in which predictions lie.
    pub quarters: Vec<i64>,
    pub checksum: u32,
    pub bytes: Vec<u8>,
}

impl Body {
    /// Encodes `batch`, which has at least one row.
    pub fn encode(batch: &RecordBatch) -> Result<Self, Error> {
        let extent = Extent::of(batch)?;
        let bytes = write(batch).map_err(|error| Error::failed("encoding the rows", error))?;
        let quarters = quarters(rows::times(batch));
        Ok(Self { rows: batch.num_rows(), extent, quarters, checksum: crc32fast::hash(&bytes), bytes })
    }

    /// The rows again, before they are in the log.
    pub fn decode(&self) -> Result<RecordBatch, Error> {
        let rows = read(self.bytes.clone()).map_err(|error| Error::failed("decoding rows for the log", error))?;
        rows.ok_or_else(|| Error::failed("decoding rows for the log", "there are none"))
    }
}

/// An Arrow IPC stream of one batch.
pub(crate) fn write(batch: &RecordBatch) -> Result<Vec<u8>, arrow::error::ArrowError> {
    let compression = (batch.num_rows() >= 64).then_some(CompressionType::LZ4_FRAME);
    let options = IpcWriteOptions::default().try_with_compression(compression)?;
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), batch.schema_ref(), options)?;
    writer.write(batch)?;
    writer.into_inner()
}

/// Reads the body of log row `seq` back.
///
/// # Errors
/// [`Error::Corrupt`] when the bytes are not those that were written.
pub(crate) fn decode(seq: i64, checksum: u32, bytes: Vec<u8>) -> Result<RecordBatch, Error> {
    let place = || format!("row {seq} of the log in catalog.db");
    if crc32fast::hash(&bytes) != checksum {
        return Err(Error::corrupt(place(), "its checksum does not match"));
    }
    match read(bytes) {
        Ok(Some(batch)) => Ok(batch),
        Ok(None) => Err(Error::corrupt(place(), "it holds no rows")),
        Err(error) => Err(Error::corrupt(place(), error)),
    }
}

/// The first batch of an Arrow IPC stream.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Option<RecordBatch>, arrow::error::ArrowError> {
    let mut buffer = Buffer::from(bytes);
    let mut decoder = StreamDecoder::new();
    while !buffer.is_empty() {
        if let Some(batch) = decoder.decode(&mut buffer)? {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{FixedSizeBinaryArray, Float64Array},
        datatypes::{DataType, Field, Schema},
    };

    use super::*;

    fn batch(rows: usize) -> RecordBatch {
        let ids = FixedSizeBinaryArray::try_from_iter((0..rows).map(|row| (row as u128).to_be_bytes())).expect("ids");
        let fields =
            vec![Field::new("id", DataType::FixedSizeBinary(16), false), Field::new("score", DataType::Float64, true)];
        let score = Float64Array::from_iter((0..rows).map(|row| (row % 3 > 0).then_some(row as f64)));
        RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![Arc::new(ids), Arc::new(score)]).expect("batch")
    }

    #[test]
    fn comes_back_as_it_was() {
        for rows in [1, 63, 64, 5_000] {
            let body = Body::encode(&batch(rows)).expect("encodes");
            assert_eq!(body.extent.ids, ([0; 16], (rows as u128 - 1).to_be_bytes()));
            assert_eq!(decode(1, body.checksum, body.bytes).expect("decodes"), batch(rows));
        }
    }

    #[test]
    fn a_flipped_byte_is_an_error_that_names_the_row() {
        let body = Body::encode(&batch(100)).expect("encodes");
        for at in (0..body.bytes.len()).step_by(7) {
            let mut bytes = body.bytes.clone();
            bytes[at] ^= 1;
            let error = decode(42, body.checksum, bytes).expect_err("damaged");
            assert!(error.to_string().contains("row 42 of the log"), "{error}");
        }
    }
}
