//! The last value of each column, and the first arrival, for each id over any number of batches.

use std::{
    hash::BuildHasher,
    sync::{Arc, OnceLock},
};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, TimestampMicrosecondArray, UInt32Array,
        new_empty_array, new_null_array,
    },
    buffer::Buffer,
    compute::{concat, take},
    datatypes::{SchemaRef, TimestampMicrosecondType},
};
use driftline_core::{ID, LABELLED_AT};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::{
    Error, Kind,
    draft::{Draft, NewSegment, Origin},
    files::Files,
    id_range::IdRange,
    rows,
};

/// No value.
const NONE: u32 = u32::MAX;

/// Ids, each with the place of the last value in each column; of `labelled_at`, the earliest.
pub(crate) struct Latest {
    hasher: DefaultHashBuilder,
    slots: HashTable<u32>,
    ids: Vec<u128>,
    columns: Vec<Column>,
    /// The ids in order, once they are asked for.
    sorted: OnceLock<Vec<u128>>,
}

struct Column {
    name: String,
    values: ArrayRef,
    /// For each slot, the row of `values` that counts.
    last: Vec<u32>,
}

impl Latest {
    /// Takes in `batches` in order: id and columns in the types of `schema`, missing ones are null.
    pub fn of(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Self, Error> {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let mut latest = Self {
            hasher: DefaultHashBuilder::default(),
            slots: HashTable::with_capacity(rows),
            ids: Vec::new(),
            columns: Vec::new(),
            sorted: OnceLock::new(),
        };
        let batches = batches.iter().map(|batch| rows::fit(batch, schema)).collect::<Result<Vec<_>, _>>()?;
        let mut row_slots = Vec::with_capacity(rows);
        for batch in &batches {
            for id in keys(batch)? {
                row_slots.push(latest.slot_or_new(id));
            }
        }
        for (index, field) in schema.fields().iter().enumerate().filter(|(_, field)| field.name() != ID) {
            let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(index).as_ref()).collect();
            let values = if parts.is_empty() { Ok(new_empty_array(field.data_type())) } else { concat(&parts) };
            let values = values.map_err(|error| Error::failed("joining delayed metrics", error))?;
            let last = match values.as_primitive_opt::<TimestampMicrosecondType>() {
                Some(arrivals) if field.name() == LABELLED_AT => earliest_rows(arrivals, &row_slots, latest.ids.len()),
                _ => last_rows(&values, &row_slots, latest.ids.len()),
            };
            latest.columns.push(Column { name: field.name().clone(), values, last });
        }
        Ok(latest)
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The smallest and largest of its ids that lie in `range`; `None` when none does.
    pub fn within(&self, range: IdRange) -> Option<IdRange> {
        let sorted = self.sorted.get_or_init(|| {
            let mut ids = self.ids.clone();
            ids.sort_unstable();
            ids
        });
        let (min, max) = (u128::from_be_bytes(range.0), u128::from_be_bytes(range.1));
        let start = sorted.partition_point(|id| *id < min);
        let end = sorted.partition_point(|id| *id <= max);
        let inside = sorted.get(start..end)?;
        Some((inside.first()?.to_be_bytes(), inside.last()?.to_be_bytes()))
    }

    /// About how many bytes this holds.
    pub fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|c| c.values.get_array_memory_size() + 4 * c.last.len()).sum();
        columns + self.ids.capacity() * 32 + self.slots.capacity() * 5
    }

    /// The slot of each id of `batch`, or none.
    pub fn find(&self, batch: &RecordBatch) -> Result<Vec<Option<u32>>, Error> {
        Ok(keys(batch)?.map(|id| self.slot(id)).collect())
    }

    /// The values of a column for `slots`, null where there is none; `None` without such a column.
    pub fn values(&self, column: &str, slots: &[Option<u32>]) -> Result<Option<ArrayRef>, Error> {
        let Some(column) = self.columns.iter().find(|held| held.name == column) else { return Ok(None) };
        let rows = UInt32Array::from_iter(slots.iter().map(|slot| {
            let row = slot.and_then(|slot| column.last.get(slot as usize).copied());
            row.filter(|row| *row != NONE)
        }));
        take(&column.values, &rows, None).map(Some).map_err(|error| Error::failed("joining delayed metrics", error))
    }

    /// The ids with any value, each with its slot and its first arrival in microseconds, in the order of the ids.
    pub fn arrived(&self) -> Vec<Arrived> {
        let column = self.columns.iter().find(|column| column.name == LABELLED_AT);
        let Some((column, times)) =
            column.and_then(|column| Some((column, column.values.as_primitive_opt::<TimestampMicrosecondType>()?)))
        else {
            return Vec::new();
        };
        let slots = (0u32..).zip(&self.ids).zip(&column.last).filter(|(_, row)| **row != NONE);
        let mut arrived: Vec<_> = slots
            .map(|((slot, id), row)| Arrived { id: id.to_be_bytes(), slot, received: times.value(*row as usize) })
            .collect();
        arrived.sort_unstable_by_key(|arrived| arrived.id);
        arrived
    }

    /// The rows of `arrived` with the columns of `schema`.
    pub fn batch(&self, schema: &SchemaRef, arrived: &[Arrived]) -> Result<RecordBatch, Error> {
        let slots: Vec<_> = arrived.iter().map(|arrived| Some(arrived.slot)).collect();
        let columns = schema.fields().iter().map(|field| match self.values(field.name(), &slots)? {
            Some(values) => Ok(values),
            None if field.name() == ID => {
                let ids: Buffer = arrived.iter().flat_map(|arrived| arrived.id).collect();
                Ok(Arc::new(FixedSizeBinaryArray::new(16, ids, None)) as ArrayRef)
            }
            None => Ok(new_null_array(field.data_type(), slots.len())),
        });
        let columns = columns.collect::<Result<Vec<_>, Error>>()?;
        RecordBatch::try_new(schema.clone(), columns).map_err(|error| Error::failed("arranging delayed metrics", error))
    }

    /// Writes the rows of `arrived` to segments of at most `segment_rows` rows.
    pub fn store(
        &self,
        schema: &SchemaRef,
        arrived: &[Arrived],
        segment_rows: usize,
        files: &Arc<Files>,
        origin: Origin,
    ) -> Result<Vec<NewSegment>, Error> {
        let mut segments = Vec::new();
        for part in arrived.chunks(segment_rows.max(1)) {
            let mut draft = Draft::new(files, Kind::Delayed, schema.clone(), origin)?;
            for chunk in part.chunks(Draft::group_rows(Kind::Delayed)) {
                draft.add(&self.batch(schema, chunk)?)?;
            }
            segments.extend(draft.store()?);
        }
        Ok(segments)
    }

    fn slot(&self, id: u128) -> Option<u32> {
        let ids = &self.ids;
        self.slots.find(self.hasher.hash_one(id), |slot| ids[*slot as usize] == id).copied()
    }

    fn slot_or_new(&mut self, id: u128) -> u32 {
        let Self { hasher, slots, ids, .. } = self;
        let entry = slots.entry(
            hasher.hash_one(id),
            |slot| ids[*slot as usize] == id,
            |slot| hasher.hash_one(ids[*slot as usize]),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(entry) => *entry.get(),
            hashbrown::hash_table::Entry::Vacant(entry) => {
                let slot = ids.len() as u32;
                entry.insert(slot);
                ids.push(id);
                slot
            }
        }
    }
}

/// Ids as numbers that sort like their bytes.
fn keys(batch: &RecordBatch) -> Result<impl Iterator<Item = u128> + '_, Error> {
    let ids = rows::ids(batch)?;
    Ok((0..ids.len()).map(|row| rows::id_number(ids.value(row))))
}

/// An id with at least one delayed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrived {
    pub id: [u8; 16],
    pub slot: u32,
    pub received: i64,
}

fn earliest_rows(arrivals: &TimestampMicrosecondArray, row_slots: &[u32], slots: usize) -> Vec<u32> {
    let mut earliest = vec![NONE; slots];
    for (row, slot) in row_slots.iter().enumerate().filter(|(row, _)| arrivals.is_valid(*row)) {
        let held = &mut earliest[*slot as usize];
        if *held == NONE || arrivals.value(row) < arrivals.value(*held as usize) {
            *held = row as u32;
        }
    }
    earliest
}

fn last_rows(values: &ArrayRef, row_slots: &[u32], slots: usize) -> Vec<u32> {
    let mut last = vec![NONE; slots];
    let nulls = values.logical_nulls();
    for (row, slot) in row_slots.iter().enumerate() {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            last[*slot as usize] = row as u32;
        }
    }
    last
}
