//! Predictions as JSON objects: a page, or one a line.

use arrow::array::RecordBatch;
use driftline_core::RESERVED;

use super::{RowEncoder, cells::Cells};
use crate::problem::Problem;

/// `{"items": […], "next_cursor": …}`.
pub struct Page {
    is_empty: bool,
}

impl Page {
    pub fn begin(out: &mut Vec<u8>) -> Self {
        out.extend(br#"{"items":["#);
        Self { is_empty: true }
    }
}

impl RowEncoder for Page {
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem> {
        let objects = Objects::of(rows)?;
        for row in 0..rows.num_rows() {
            if !std::mem::take(&mut self.is_empty) {
                out.push(b',');
            }
            objects.write(row, out)?;
        }
        Ok(())
    }

    fn finish(&mut self, next_cursor: Option<&str>, out: &mut Vec<u8>) -> Result<(), Problem> {
        out.push(b']');
        if let Some(cursor) = next_cursor {
            out.extend(br#","next_cursor":"#);
            serde_json::to_writer(&mut *out, cursor).map_err(Problem::internal)?;
        }
        out.push(b'}');
        Ok(())
    }
}

/// One object a line.
pub struct Lines;

impl RowEncoder for Lines {
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem> {
        let objects = Objects::of(rows)?;
        for row in 0..rows.num_rows() {
            objects.write(row, out)?;
            out.push(b'\n');
        }
        Ok(())
    }

    fn finish(&mut self, _: Option<&str>, _: &mut Vec<u8>) -> Result<(), Problem> {
        Ok(())
    }
}

/// The rows of a batch as `{"id", "time", …, "metrics": {…}}`, without what is null.
struct Objects<'a> {
    own: Vec<(String, Cells<'a>)>,
    metrics: Vec<(String, Cells<'a>)>,
}

impl<'a> Objects<'a> {
    fn of(rows: &'a RecordBatch) -> Result<Self, Problem> {
        let schema = rows.schema_ref();
        let keys = schema.fields().iter().map(|field| format!("{}:", serde_json::Value::from(field.name().as_str())));
        let is_own = schema.fields().iter().map(|field| RESERVED.contains(&field.name().as_str()));
        let columns = keys.zip(Cells::of(rows)?).zip(is_own);
        let (own, metrics): (Vec<_>, Vec<_>) = columns.partition(|(_, is_own)| *is_own);
        let named = |columns: Vec<((String, Cells<'a>), bool)>| columns.into_iter().map(|(column, _)| column).collect();
        Ok(Self { own: named(own), metrics: named(metrics) })
    }

    fn write(&self, row: usize, out: &mut Vec<u8>) -> Result<(), Problem> {
        out.push(b'{');
        if members(&self.own, row, out)? {
            out.push(b',');
        }
        out.extend(br#""metrics":{"#);
        members(&self.metrics, row, out)?;
        out.extend(b"}}");
        Ok(())
    }
}

/// Writes the cells that are there; tells whether there were any.
fn members(columns: &[(String, Cells<'_>)], row: usize, out: &mut Vec<u8>) -> Result<bool, Problem> {
    let mut any = false;
    for (key, cells) in columns.iter().filter(|(_, cells)| !cells.is_null(row)) {
        if std::mem::replace(&mut any, true) {
            out.push(b',');
        }
        out.extend(key.as_bytes());
        cells.write_json(row, out)?;
    }
    Ok(any)
}
