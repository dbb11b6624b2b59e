//! The table that answers a query as `{"columns": […], "rows": […], "truncated": …}`.

use std::{collections::HashSet, io, sync::Arc};

use arrow::{
    array::RecordBatch,
    compute::cast,
    datatypes::{DataType, Field, Schema, SchemaRef},
    json::{
        WriterBuilder,
        writer::{JsonFormat, Writer},
    },
};
use driftline_core::ColumnType;
use serde_json::json;

use super::RowEncoder;
use crate::problem::Problem;

/// The table up to its rows; what ends the object is up to who began it.
pub struct TableJson {
    /// The columns as they are shown: each name once, times with their offset.
    schema: SchemaRef,
    rows: Writer<Vec<u8>, Commas>,
}

impl TableJson {
    pub fn begin(schema: &SchemaRef, out: &mut Vec<u8>) -> Result<Self, Problem> {
        let schema = shown(schema);
        let columns: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| json!({"name": field.name(), "type": type_word(field.data_type())}))
            .collect();
        out.extend(format!(r#"{{"columns":{},"rows":["#, json!(columns)).as_bytes());
        let rows = WriterBuilder::new().with_explicit_nulls(true).build::<_, Commas>(Vec::new());
        Ok(Self { schema, rows })
    }
}

impl RowEncoder for TableJson {
    fn write(&mut self, rows: &RecordBatch, out: &mut Vec<u8>) -> Result<(), Problem> {
        let columns = self.schema.fields().iter().zip(rows.columns());
        let columns = columns.map(|(field, column)| cast(column, field.data_type())).collect::<Result<_, _>>();
        let rows = columns.and_then(|columns| RecordBatch::try_new(self.schema.clone(), columns));
        rows.and_then(|rows| self.rows.write(&rows)).map_err(|error| {
            let detail = format!("a column can't be given as JSON ({error}): cast it to text, or accept Arrow");
            Problem::invalid("not_json", detail).at("sql")
        })?;
        out.append(self.rows.get_mut());
        Ok(())
    }

    fn finish(&mut self, _: Option<&str>, out: &mut Vec<u8>) -> Result<(), Problem> {
        out.push(b']');
        Ok(())
    }
}

/// Rows with commas between them.
#[derive(Debug, Default)]
struct Commas;

impl JsonFormat for Commas {
    fn start_row<W: io::Write>(&self, writer: &mut W, is_first_row: bool) -> Result<(), arrow::error::ArrowError> {
        if is_first_row { Ok(()) } else { Ok(writer.write_all(b",")?) }
    }
}

/// Names that occur twice get a number, times without an offset are UTC.
fn shown(schema: &SchemaRef) -> SchemaRef {
    let mut taken = HashSet::new();
    let fields = schema.fields().iter().map(|field| {
        let numbered = (1..).map(|number| format!("{}_{number}", field.name()));
        let name = std::iter::once(field.name().clone()).chain(numbered).find(|name| taken.insert(name.clone()));
        let data_type = match field.data_type() {
            DataType::Timestamp(unit, None) => DataType::Timestamp(*unit, Some("UTC".into())),
            other => other.clone(),
        };
        Field::new(name.unwrap_or_default(), data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The word for a type: a model's where it has one, else the engine's.
fn type_word(data_type: &DataType) -> String {
    match ColumnType::of_arrow(data_type) {
        Some(column_type) => column_type.as_str().to_owned(),
        None => data_type.to_string().to_lowercase(),
    }
}
