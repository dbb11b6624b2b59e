//! Every format's round trip, and every natural mistake with its code, place and words.

mod formats;
mod mistakes;
mod pieces;

use arrow::array::RecordBatch;
use bytes::Bytes;
use driftline_core::{ColumnType, Schema, Time};

use super::{Decoded, Format, Refusal, RowKind, decode};

fn schema(columns: &[(&str, ColumnType)]) -> Schema {
    let mut schema = Schema::default();
    for (name, column_type) in columns {
        schema.admit(name, *column_type).expect("a valid column");
    }
    schema
}

/// A model that has one column of each type.
fn model() -> Schema {
    schema(&[
        ("flag", ColumnType::Boolean),
        ("count", ColumnType::Integer),
        ("score", ColumnType::Float),
        ("region", ColumnType::Text),
        ("due", ColumnType::Timestamp),
        ("embedding", ColumnType::FloatList),
    ])
}

fn now() -> Time {
    "2001-02-01T00:00:00Z".parse().expect("a time")
}

fn read(format: Format, kind: RowKind, body: impl Into<Bytes>, schema: &Schema) -> Result<Decoded, Refusal> {
    decode(format, kind, &body.into(), schema, now())
}

fn one(decoded: Decoded) -> RecordBatch {
    let mut batches = decoded.batches;
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}
