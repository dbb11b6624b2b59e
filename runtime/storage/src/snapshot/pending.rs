//! Delayed metrics that are not folded into the segments that they belong to.

use std::{collections::HashSet, sync::Arc};

use arrow::array::RecordBatch;
use driftline_core::Time;
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    Error, Kind, Model, Segment,
    delayed_cache::Wanted,
    id_range::{IdRange, both, overlap},
    log, rows,
    segment::{self, Listing},
    storage::Inner,
};

/// The sequence number and checksum of a log row.
pub(super) type LogRow = (i64, u32);

/// The delayed metrics that were pending, oldest first.
#[derive(Clone, Default)]
pub(super) struct Pending {
    pub sealed: Vec<Listing>,
    pub logged: Vec<LoggedDelayed>,
    pub checksums: Vec<LogRow>,
    /// The smallest and largest id of the predictions that they may belong to.
    pub ids: IdRange,
    /// The segments that they may belong to.
    pub segments: Arc<HashSet<Uuid>>,
}

/// A log row of delayed metrics.
#[derive(Clone)]
pub(super) struct LoggedDelayed {
    pub seq: i64,
    received: Time,
    pub ids: IdRange,
    pub batch: Arc<RecordBatch>,
}

/// Delayed metrics that came together and are pending.
#[derive(Clone, Copy)]
pub(super) enum Waiting<'a> {
    Sealed(&'a Listing),
    Logged(&'a LoggedDelayed),
}

impl Pending {
    /// The delayed metrics that may belong to these segments and log rows and are not folded into them.
    pub fn of(
        inner: &Inner,
        view: &Connection,
        model: &Model,
        segments: &[Segment],
        unsealed: &[log::Entry],
    ) -> Result<Self, Error> {
        let mut pending = Self::default();
        let mut touched: Option<IdRange> = None;
        let mut touch = |ids| touched = Some(touched.map_or(ids, |touched| both(touched, ids)));
        let unsealed: Vec<IdRange> = unsealed.iter().map(log::Entry::ids).collect();
        let mut waiting = HashSet::new();
        let sealed = segment::all(view, model.id, Kind::Delayed)?;
        let logged = log::entries(view, model.id, Kind::Delayed, None)?;
        let mut belongs = |ids: IdRange, applied: u64| {
            let of = segments.iter().filter(|segment| segment.generation > applied && overlap(segment.ids(), ids));
            let of: Vec<_> = of.inspect(|segment| touch(segment.ids())).map(|segment| segment.id).collect();
            let logged: Vec<_> =
                unsealed.iter().filter(|range| overlap(**range, ids)).inspect(|range| touch(**range)).collect();
            let any = !of.is_empty() || !logged.is_empty();
            waiting.extend(of);
            any
        };
        pending.sealed.extend(sealed.into_iter().filter(|listing| belongs(listing.ids, listing.applied)));
        for entry in logged.into_iter().filter(|entry| belongs(entry.ids(), 0)) {
            pending.checksums.push((entry.seq, entry.checksum));
            let batch = inner.log_cache.get(view, entry.seq)?;
            pending.logged.push(LoggedDelayed { seq: entry.seq, received: entry.received, ids: entry.ids(), batch });
        }
        pending.ids = touched.unwrap_or_default();
        pending.segments = Arc::new(waiting);
        Ok(pending)
    }

    /// In the order of arrival.
    pub fn waiting(&self) -> Vec<Waiting<'_>> {
        let mut waiting = Vec::new();
        let mut logged = self.logged.iter().peekable();
        for listing in &self.sealed {
            // An upload is sealed from the start, so that log rows may have come before it.
            while let Some(row) = logged.next_if(|row| row.seq < listing.seqs.0) {
                waiting.push(Waiting::Logged(row));
            }
            waiting.push(Waiting::Sealed(listing));
        }
        waiting.extend(logged.map(Waiting::Logged));
        waiting
    }
}

impl LoggedDelayed {
    /// The row's batch, with the time of its arrival where that is wanted.
    pub fn batch(&self, wanted: &Wanted) -> Result<RecordBatch, Error> {
        if wanted.arrivals { rows::arrived(&self.batch, self.received) } else { Ok(self.batch.as_ref().clone()) }
    }
}
