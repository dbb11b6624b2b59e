//! What every row has beside its metrics: id, time, end time and deployment.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, ArrayBuilder, ArrayRef, FixedSizeBinaryArray, StringBuilder, TimestampMicrosecondArray},
    buffer::{Buffer, NullBuffer},
    datatypes::{Field, FieldRef},
};
use driftline_core::{ColumnType, DEPLOYMENT, END_TIME, ID, TIME, Time};
use uuid::Uuid;

use super::{
    ids::IdMaker,
    refusal::{Fault, Refusal},
};

/// What to say of a row whose end comes first.
pub const ENDS_BEFORE_TIME: &str = "the prediction ends before its time: swap them or correct one";

/// The keys of the rows read so far; absent ones are `None`.
#[derive(Debug, Default)]
pub struct Keys {
    /// Ids the client sent.
    pub ids: Vec<Option<Uuid>>,
    /// Times in microseconds.
    pub times: Vec<Option<i64>>,
    /// End times in microseconds.
    pub ends: Vec<Option<i64>>,
    /// Labels of deployments.
    pub deployments: StringBuilder,
}

/// The keys as columns of a batch of predictions, with the ids in row order.
pub type Finished = (Vec<(FieldRef, ArrayRef)>, Vec<Uuid>);

impl Keys {
    /// Makes every key as long as the table: a column that did not come is all null.
    pub fn fill(&mut self, rows: usize) {
        self.ids.resize(rows, None);
        self.times.resize(rows, None);
        self.ends.resize(rows, None);
        while self.deployments.len() < rows {
            self.deployments.append_null();
        }
    }

    /// Refuses a row that ends before its time.
    ///
    /// # Errors
    /// [`Fault::InvalidTime`] for the first such row.
    pub fn check_order(&self, first_row: usize) -> Result<(), Refusal> {
        let wrong = |(time, end): (&Option<i64>, &Option<i64>)| matches!((time, end), (Some(t), Some(e)) if e < t);
        match self.times.iter().zip(&self.ends).position(wrong) {
            None => Ok(()),
            Some(row) => {
                let place = format!("rows[{}].end_time", first_row + row);
                Err(Refusal::at(Fault::InvalidTime, place, ENDS_BEFORE_TIME))
            }
        }
    }

    /// Makes the ids and times that did not come.
    pub fn finish_predictions(mut self, now: Time, maker: &mut IdMaker) -> Finished {
        let times: Vec<i64> = self.times.iter().map(|time| time.unwrap_or(now.micros())).collect();
        let ids: Vec<Uuid> =
            self.ids.iter().zip(&times).map(|(id, time)| id.unwrap_or_else(|| maker.make(*time))).collect();
        let rows = ids.len();
        let mut columns = vec![(field(ID, false), id_array(&ids)), (time_field(TIME, false), time_array(times, None))];
        if self.ends.iter().any(Option::is_some) {
            let nulls = NullBuffer::from_iter(self.ends.iter().map(Option::is_some));
            let ends = self.ends.iter().map(|end| end.unwrap_or_default()).collect();
            columns.push((time_field(END_TIME, true), time_array(ends, Some(nulls))));
        }
        let deployments = self.deployments.finish();
        if deployments.null_count() < rows {
            columns.push((Arc::new(Field::new(DEPLOYMENT, ColumnType::Text.arrow(), true)), Arc::new(deployments)));
        }
        (columns, ids)
    }

    /// The id column alone.
    ///
    /// # Errors
    /// When a row has no id.
    pub fn finish_delayed(self, first_row: usize) -> Result<Finished, Refusal> {
        let id = |(row, id): (usize, &Option<Uuid>)| {
            id.ok_or_else(|| {
                let place = format!("rows[{}].id", first_row + row);
                Refusal::at(
                    Fault::MissingField,
                    place,
                    "a delayed metric needs the id of its prediction: send it as text",
                )
            })
        };
        let ids = self.ids.iter().enumerate().map(id).collect::<Result<Vec<_>, _>>()?;
        Ok((vec![(field(ID, false), id_array(&ids))], ids))
    }
}

fn field(name: &str, nullable: bool) -> FieldRef {
    Arc::new(Field::new(name, arrow::datatypes::DataType::FixedSizeBinary(16), nullable))
}

fn time_field(name: &str, nullable: bool) -> FieldRef {
    Arc::new(Field::new(name, ColumnType::Timestamp.arrow(), nullable))
}

fn time_array(micros: Vec<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::new(micros.into(), nulls).with_timezone("UTC"))
}

fn id_array(ids: &[Uuid]) -> ArrayRef {
    let bytes: Vec<u8> = ids.iter().flat_map(|id| id.into_bytes()).collect();
    Arc::new(FixedSizeBinaryArray::new(16, Buffer::from_vec(bytes), None))
}

/// Refuses two rows with the same id, naming both.
///
/// # Errors
/// [`Fault::DuplicateId`] for the first repetition.
pub fn distinct(ids: &[Uuid]) -> Result<(), Refusal> {
    let mut rows = HashMap::with_capacity(ids.len());
    for (row, id) in ids.iter().enumerate() {
        if let Some(first) = rows.insert(*id, row) {
            return Err(repeated(*id, first as u64, row as u64));
        }
    }
    Ok(())
}

/// Refuses a row whose id an earlier one has.
pub fn repeated(id: Uuid, first: u64, row: u64) -> Refusal {
    let detail = format!("the id {id} is in rows {first} and {row}: every prediction needs its own id");
    Refusal::at(Fault::DuplicateId, format!("rows[{row}].id"), detail)
}
