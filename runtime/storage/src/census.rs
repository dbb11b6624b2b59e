//! Which predictions have labels and which labels have predictions, counted over all rows at one instant.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::take_record_batch,
};
use driftline_core::{ColumnType, ID, LABELLED_AT, Schema, TIME};
use uuid::Uuid;

use crate::{
    DelayedCells, Error, Hidden, Kind, Pin, Segment, Storage, delayed_file, deletion,
    id_range::{IdRange, overlap},
    labels::Labels,
    latest::{Arrived, Latest},
    log,
    model::{self, ModelId},
    parquet_file::{self, Part},
    rows,
    segment::{self, Listing},
    storage::Inner,
};

/// What is read of rows to count them.
const KEYS: [&str; 3] = [ID, TIME, LABELLED_AT];

/// The counts of a model.
pub(crate) struct Census {
    pub labels: Labels,
    /// The ids with delayed metrics and without a prediction, in their order.
    pub unmatched: Vec<Arrived>,
}

/// What was listed at one instant.
struct Listed {
    segments: Vec<Segment>,
    labels: HashMap<Uuid, Labels>,
    /// The keys of the rows in the log.
    unsealed: Vec<RecordBatch>,
    delayed: Vec<Listing>,
    /// The keys of delayed metrics in the log, and the range of their ids.
    logged: Vec<(IdRange, RecordBatch)>,
    hidden: Hidden,
    _pin: Pin,
}

impl Storage {
    /// Counts the model's labels. Segments into which everything is folded cost a look
    /// at the catalog; of others three columns are read.
    pub(crate) fn census(&self, model: ModelId) -> Result<Census, Error> {
        let inner = &self.inner;
        let listed = Listed::read(inner, model)?;
        let latest = Arc::new(listed.arrivals(inner)?);
        let mut count = Count { labels: Labels::default(), matched: vec![false; latest.len()], latest: &latest };
        for segment in &listed.segments {
            match listed.labels.get(&segment.id) {
                Some(labels)
                    if !listed.hides(segment) && (latest.within(segment.ids()).is_none() || !listed.waits(segment)) =>
                {
                    count.labels.merge(labels)
                }
                _ => count.add_segment(inner, segment, &listed.hidden)?,
            }
        }
        listed.unsealed.iter().try_for_each(|batch| count.add(&listed.hidden.strip(batch)?))?;
        let Count { labels, matched, .. } = count;
        let is_unmatched =
            |arrived: &Arrived| !matched[arrived.slot as usize] && !listed.hidden.ids.contains(&arrived.id);
        let unmatched = latest.arrived().into_iter().filter(is_unmatched).collect();
        Ok(Census { labels, unmatched })
    }
}

impl Listed {
    fn read(inner: &Inner, model: ModelId) -> Result<Self, Error> {
        let pin = inner.pins.take();
        inner.catalog.read(|view| {
            let segments = segment::predictions(view, model, None)?;
            let unsealed = log::entries(view, model, Kind::Predictions, None)?;
            let unsealed = unsealed.iter().map(|entry| keys(inner.log_cache.get(view, entry.seq)?.as_ref()));
            let logged = log::entries(view, model, Kind::Delayed, None)?;
            let logged = logged.iter().map(|entry| {
                let batch = inner.log_cache.get(view, entry.seq)?;
                Ok((entry.ids(), keys(&rows::arrived(&batch, entry.received)?)?))
            });
            Ok(Self {
                labels: segment::labels(view, model)?,
                unsealed: unsealed.collect::<Result<_, Error>>()?,
                logged: logged.collect::<Result<_, Error>>()?,
                delayed: segment::all(view, model, Kind::Delayed)?,
                hidden: Hidden {
                    before: model::by_id(view, model)?.horizon,
                    ids: Arc::new(deletion::hidden(view, model)?.into_iter().collect()),
                },
                segments,
                _pin: pin,
            })
        })
    }

    /// The first arrival of each id that is not folded in.
    fn arrivals(&self, inner: &Inner) -> Result<Latest, Error> {
        let mut batches = Vec::new();
        for listing in &self.delayed {
            let part = Part { columns: Some(&[ID, LABELLED_AT]), ids: None, group: None };
            batches.extend(delayed_file::read(&inner.files, listing, part)?);
        }
        batches.extend(self.logged.iter().map(|(_, batch)| batch.clone()));
        Latest::of(&Schema::default().arrow_delayed(), &batches)
    }

    /// Whether the segment may have rows that must not be seen.
    fn hides(&self, segment: &Segment) -> bool {
        self.hidden.before.is_some_and(|before| segment.min_time < before) || !self.hidden.ids.is_empty()
    }

    /// Whether delayed metrics may still have to go into the segment.
    fn waits(&self, segment: &Segment) -> bool {
        let sealed = self.delayed.iter().any(|file| segment.may_await(file));
        sealed || self.logged.iter().any(|(ids, _)| overlap(segment.ids(), *ids))
    }
}

struct Count<'a> {
    labels: Labels,
    matched: Vec<bool>,
    latest: &'a Arc<Latest>,
}

impl Count<'_> {
    fn add_segment(&mut self, inner: &Inner, segment: &Segment, hidden: &Hidden) -> Result<(), Error> {
        inner.files.verify(&segment.path, &segment.digest)?;
        let part = Part { columns: Some(&KEYS), ids: None, group: None };
        for batch in parquet_file::read(&inner.files, &segment.path, segment.bytes, part)? {
            self.add(&hidden.strip(&batch?)?)?;
        }
        Ok(())
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        for slot in self.latest.find(batch)?.into_iter().flatten() {
            self.matched[slot as usize] = true;
        }
        let arrivals = vec![(LABELLED_AT.to_owned(), ColumnType::Timestamp)];
        let overlaid = DelayedCells::new(arrivals, Some(self.latest.clone()), Default::default());
        self.labels.add(&overlaid.apply(batch)?);
        Ok(())
    }
}

/// The keys of rows, copied, so that the other columns need not stay in memory: a log may hold gigabytes of them.
fn keys(batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let fields = batch.schema_ref().fields().iter().enumerate();
    let kept: Vec<usize> =
        fields.filter(|(_, field)| KEYS.contains(&field.name().as_str())).map(|(at, _)| at).collect();
    let all = UInt32Array::from_iter_values(0..u32::try_from(batch.num_rows()).unwrap_or(u32::MAX));
    let keys = batch.project(&kept).and_then(|keys| take_record_batch(&keys, &all));
    keys.map_err(|error| Error::failed("copying the keys of rows", error))
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{ArrayRef, FixedSizeBinaryArray, Float64Array, TimestampMicrosecondArray},
        buffer::Buffer,
    };

    use super::*;

    #[test]
    fn keys_hold_on_to_no_other_column() {
        const ROWS: usize = 1_000;
        // Like a log row that was read: all columns are slices of one buffer.
        let body = Buffer::from_vec(vec![7_i64; ROWS * 100]);
        let part = |bytes: usize| body.slice_with_length(0, ROWS * bytes);
        let ids = FixedSizeBinaryArray::new(16, part(16), None);
        let times = TimestampMicrosecondArray::new(part(8).into(), None).with_timezone("UTC");
        let scores = Float64Array::new(part(8).into(), None);
        let columns: [(&str, ArrayRef); 3] =
            [(ID, Arc::new(ids)), ("score", Arc::new(scores)), (TIME, Arc::new(times))];
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let keys = keys(&batch).expect("keys");
        assert_eq!(keys, batch.project(&[0, 2]).expect("projects"));
        assert!(keys.get_array_memory_size() < ROWS * 30, "{}", keys.get_array_memory_size());
    }
}
