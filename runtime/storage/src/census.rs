//! Which predictions have labels and which labels have predictions, counted over all rows at one instant.

mod arrivals;
mod pass;

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::take_record_batch,
};
use driftline_core::{ID, LABELLED_AT, TIME};
use uuid::Uuid;

use self::pass::Pass;
use crate::{
    Error, Hidden, Kind, Pin, Segment, Storage, delayed_file, deletion, id_pass,
    labels::Labels,
    log,
    model::{self, ModelId},
    parquet_file::Part,
    rows,
    segment::{self, Listing},
    storage::Inner,
};

/// What is read of rows to count them.
const KEYS: [&str; 3] = [ID, TIME, LABELLED_AT];

/// The counts of a model.
#[derive(Default)]
pub(crate) struct Census {
    pub labels: Labels,
    /// How many ids have delayed metrics and no prediction.
    pub unmatched: u64,
    /// Some of these, each with its first arrival in microseconds, in order.
    pub listed: Vec<(u128, i64)>,
}

/// What was listed at one instant.
struct Listed {
    segments: Vec<Segment>,
    labels: HashMap<Uuid, Labels>,
    /// The keys of the rows in the log.
    unsealed: Vec<RecordBatch>,
    delayed: Vec<Listing>,
    /// The keys of delayed metrics in the log.
    logged: Vec<RecordBatch>,
    hidden: Hidden,
    _pin: Pin,
}

impl Storage {
    /// Counts the model's labels, and lists at most `limit` ids without a prediction, those after `after`. Segments
    /// into which everything is folded cost a look at the catalog; of others three columns are read, more than once
    /// when so many ids wait that they would take much memory.
    pub(crate) fn census(&self, model: ModelId, after: Option<u128>, limit: usize) -> Result<Census, Error> {
        let inner = &self.inner;
        let listed = Listed::read(inner, model)?;
        let passes = id_pass::passes(listed.waiting(), inner.options.census_ids);
        let mut census = Census::default();
        // Known when the first pass has seen the ids of all delayed metrics.
        let mut uncounted = vec![false; listed.segments.len()];
        for number in 0..passes {
            let mut pass = Pass::new(number, passes);
            listed.arrivals(inner, &mut pass, &mut uncounted)?;
            for (segment, uncounted) in listed.segments.iter().zip(&uncounted) {
                match listed.labels.get(&segment.id).filter(|_| !*uncounted) {
                    Some(labels) if number == 0 => census.labels.merge(labels),
                    Some(_) => {}
                    None => pass.count_segment(inner, segment, &listed.hidden, &mut census.labels)?,
                }
            }
            for batch in &listed.unsealed {
                pass.count(&listed.hidden.strip(batch)?, &mut census.labels)?;
            }
            for (id, first) in
                pass.arrivals.unmatched().filter(|(id, _)| !listed.hidden.ids.contains(&id.to_be_bytes()))
            {
                census.unmatched += 1;
                if after.is_none_or(|after| id > after) && limit > 0 {
                    census.listed.push((id, first));
                }
                // Now and then, so that it is not sorted each time.
                if census.listed.len() > 2 * limit {
                    census.keep_first(limit);
                }
            }
        }
        census.keep_first(limit);
        Ok(census)
    }
}

impl Census {
    fn keep_first(&mut self, limit: usize) {
        self.listed.sort_unstable();
        self.listed.truncate(limit);
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
                keys(&rows::arrived(&batch, entry.received)?)
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

    /// How many rows of delayed metrics are not folded in.
    fn waiting(&self) -> u64 {
        let logged = self.logged.iter().map(|batch| batch.num_rows() as u64);
        self.delayed.iter().map(|listing| listing.rows).chain(logged).sum()
    }

    /// Notes the arrivals of what is not folded in, and which segments the catalog's counts are not true of.
    fn arrivals(&self, inner: &Inner, pass: &mut Pass, uncounted: &mut [bool]) -> Result<(), Error> {
        for (segment, uncounted) in self.segments.iter().zip(&mut *uncounted) {
            *uncounted |= self.hides(segment);
        }
        for listing in &self.delayed {
            let part = Part { columns: Some(&[ID, LABELLED_AT]), ids: None, group: None };
            for batch in delayed_file::read(&inner.files, listing, part)? {
                self.note(&batch, |segment| segment.may_await(listing), uncounted)?;
                pass.arrived(&batch)?;
            }
        }
        for batch in &self.logged {
            self.note(batch, |_| true, uncounted)?;
            pass.arrived(batch)?;
        }
        Ok(())
    }

    /// Notes into which segments ids of delayed metrics may still have to go.
    fn note(
        &self,
        batch: &RecordBatch,
        awaits: impl Fn(&Segment) -> bool,
        uncounted: &mut [bool],
    ) -> Result<(), Error> {
        let mut ids: Vec<[u8; 16]> = rows::id_bytes(batch)?.collect();
        if !ids.is_sorted() {
            ids.sort_unstable();
        }
        for (segment, uncounted) in self.segments.iter().zip(uncounted) {
            if !*uncounted && awaits(segment) {
                let (first, last) = segment.ids();
                let next = ids.get(ids.partition_point(|id| *id < first));
                *uncounted = next.is_some_and(|id| *id <= last);
            }
        }
        Ok(())
    }

    /// Whether the segment may have rows that must not be seen.
    fn hides(&self, segment: &Segment) -> bool {
        self.hidden.before.is_some_and(|before| segment.min_time < before) || !self.hidden.ids.is_empty()
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
