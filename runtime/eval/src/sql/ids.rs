//! Ids as the text that people compare them with.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{ArrayRef, AsArray, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    error::DataFusionError,
    logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf},
};
use driftline_core::ID;
use uuid::Uuid;

/// The columns of `stored` with the id as text.
pub(super) fn with_text_ids(stored: &Schema) -> SchemaRef {
    let shown = stored.fields().iter().map(|field| match field.name().as_str() {
        ID => Arc::new(Field::new(ID, DataType::Utf8, true)),
        _ => Arc::clone(field),
    });
    Arc::new(Schema::new(shown.collect::<Vec<_>>()))
}

/// The function that shows ids; plans use it, statements can't name it.
pub(super) static ID_TEXT: LazyLock<ScalarUDF> = LazyLock::new(|| {
    let show = |arguments: &[ColumnarValue]| match ColumnarValue::values_to_arrays(arguments)?.as_slice() {
        [ids] => Ok(ColumnarValue::Array(id_text(ids))),
        _ => Err(DataFusionError::Internal("an id is expected".into())),
    };
    create_udf("id_text", vec![DataType::FixedSizeBinary(16)], DataType::Utf8, Volatility::Immutable, Arc::new(show))
});

/// Ids as UUID text.
pub(super) fn id_text(ids: &ArrayRef) -> ArrayRef {
    let ids = ids.as_fixed_size_binary().iter();
    let text = |id: Option<&[u8]>| id.and_then(|id| Uuid::from_slice(id).ok()).map(|id| id.hyphenated().to_string());
    Arc::new(ids.map(text).collect::<StringArray>())
}
