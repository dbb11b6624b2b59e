//! Predictions as comma-separated values with a header.

use arrow::{array::RecordBatch, datatypes::SchemaRef};

use super::{RowEncoder, cells::Cells};
use crate::problem::Problem;

/// CSV as it can be sent back: nothing for null, lists as JSON.
pub struct Csv {
    cell: Vec<u8>,
}

impl Csv {
    pub fn begin(schema: &SchemaRef, out: &mut Vec<u8>) -> Result<Self, Problem> {
        let mut header = csv::Writer::from_writer(&mut *out);
        header.write_record(schema.fields().iter().map(|field| field.name())).map_err(Problem::internal)?;
        header.flush().map_err(Problem::internal)?;
        drop(header);
        Ok(Self { cell: Vec::new() })
    }
}

impl RowEncoder for Csv {
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem> {
        let columns = Cells::of(rows)?;
        let mut lines = csv::Writer::from_writer(out);
        for row in 0..rows.num_rows() {
            for cells in &columns {
                self.cell.clear();
                if !cells.is_null(row) {
                    cells.write_bare(row, &mut self.cell)?;
                }
                lines.write_field(&self.cell).map_err(Problem::internal)?;
            }
            lines.write_record(None::<&[u8]>).map_err(Problem::internal)?;
        }
        lines.flush().map_err(Problem::internal)
    }

    fn finish(&mut self, _: Option<&str>, _: &mut Vec<u8>) -> Result<(), Problem> {
        Ok(())
    }
}
