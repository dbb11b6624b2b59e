//! Rows as an Arrow IPC stream.

use arrow::{array::RecordBatch, datatypes::SchemaRef, ipc::writer::StreamWriter};

use super::RowEncoder;
use crate::problem::Problem;

/// The stream; its bytes are taken out after each batch.
pub struct ArrowStream(StreamWriter<Vec<u8>>);

impl ArrowStream {
    pub fn begin(schema: &SchemaRef, out: &mut Vec<u8>) -> Result<Self, Problem> {
        let mut writer = StreamWriter::try_new(Vec::new(), schema).map_err(Problem::internal)?;
        out.append(writer.get_mut());
        Ok(Self(writer))
    }
}

impl RowEncoder for ArrowStream {
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.0.write(rows).map_err(Problem::internal)?;
        out.append(self.0.get_mut());
        Ok(())
    }

    fn finish(&mut self, _: Option<&str>, out: &mut Vec<u8>) -> Result<(), Problem> {
        self.0.finish().map_err(Problem::internal)?;
        out.append(self.0.get_mut());
        Ok(())
    }
}
