//! Puts many batches into one form, with nulls that they share.

use std::collections::HashMap;

use arrow::{
    array::{ArrayRef, RecordBatch, new_null_array},
    datatypes::{DataType, SchemaRef},
};

use crate::{Error, rows::strict_cast};

/// Casts batches to the columns of a schema: columns by name, nulls where there are none.
pub(crate) struct Fitting {
    target: SchemaRef,
    /// For each type the longest list of nulls that was needed.
    nulls: HashMap<DataType, ArrayRef>,
}

impl Fitting {
    pub fn to(target: &SchemaRef) -> Self {
        Self { target: target.clone(), nulls: HashMap::new() }
    }

    /// The same rows in the form of the schema.
    pub fn fit(&mut self, batch: &RecordBatch) -> Result<RecordBatch, Error> {
        let target = self.target.clone();
        if *batch.schema_ref() == target {
            return Ok(batch.clone());
        }
        let columns = target.fields().iter().map(|field| match batch.column_by_name(field.name()) {
            Some(array) => strict_cast(array, field),
            None => Ok(self.nulls(field.data_type(), batch.num_rows())),
        });
        let columns = columns.collect::<Result<Vec<_>, Error>>()?;
        RecordBatch::try_new(target, columns).map_err(|error| Error::failed("arranging the rows", error))
    }

    fn nulls(&mut self, data_type: &DataType, rows: usize) -> ArrayRef {
        match self.nulls.get(data_type).filter(|nulls| nulls.len() >= rows) {
            Some(nulls) => nulls.slice(0, rows),
            None => {
                let nulls = new_null_array(data_type, rows);
                self.nulls.insert(data_type.clone(), nulls.clone());
                nulls
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{Array, Float64Array, Int64Array},
        datatypes::{Field, Schema},
    };

    use super::*;

    #[test]
    fn batches_of_any_length_get_the_columns_they_lack() {
        let field = |name, data_type| Field::new(name, data_type, true);
        let target: SchemaRef = Arc::new(Schema::new(vec![
            field("a", DataType::Float64),
            field("b", DataType::Utf8),
            field("c", DataType::Utf8),
        ]));
        let held: SchemaRef = Arc::new(Schema::new(vec![field("a", DataType::Int64)]));
        let mut fitting = Fitting::to(&target);
        for rows in [3, 5, 0, 2] {
            let numbers = Int64Array::from_iter_values(0..rows);
            let batch = RecordBatch::try_new(held.clone(), vec![Arc::new(numbers)]).expect("a batch");
            let fitted = fitting.fit(&batch).expect("fits");
            let expected = Float64Array::from_iter_values((0..rows).map(|row| row as f64));
            assert_eq!(fitted.column(0).as_ref(), &expected as &dyn Array);
            assert!(fitted.columns()[1..].iter().all(|column| column.null_count() == rows as usize));
        }
    }
}
