//! Nested Arrow columns as dotted ones.

use arrow::{
    array::{Array, ArrayRef, RecordBatch, StructArray, make_array},
    buffer::NullBuffer,
};

/// The columns of a batch, structs replaced by their dotted members.
pub fn columns(batch: &RecordBatch) -> Vec<(String, ArrayRef)> {
    let mut flat = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        push(field.name().clone(), array, &mut flat);
    }
    flat
}

fn push(name: String, array: &ArrayRef, flat: &mut Vec<(String, ArrayRef)>) {
    let Some(members) = array.as_any().downcast_ref::<StructArray>() else {
        flat.push((name, array.clone()));
        return;
    };
    for (field, member) in members.fields().iter().zip(members.columns()) {
        push(format!("{name}.{}", field.name()), &within(member, members.nulls()), flat);
    }
}

/// A member, null also where the struct around it is.
fn within(member: &ArrayRef, outer: Option<&NullBuffer>) -> ArrayRef {
    if outer.is_none() || member.data_type().is_null() {
        return member.clone();
    }
    let nulls = NullBuffer::union(outer, member.nulls());
    match member.to_data().into_builder().nulls(nulls).build() {
        Ok(data) => make_array(data),
        Err(_) => member.clone(),
    }
}
