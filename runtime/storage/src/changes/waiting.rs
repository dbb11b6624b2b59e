//! Delayed metrics that wait to be folded: the times of the predictions that they belong to, found by their ids.

use std::sync::Arc;

use arrow::array::RecordBatch;
use driftline_core::{ID, LABELLED_AT, Window};
use rusqlite::Connection;

use super::{Columns, Span, search::Search};
use crate::{
    Error, Kind, Segment, delayed_file,
    id_range::{IdRange, overlap},
    log,
    model::ModelId,
    parquet_file::{self, Part},
    rows::{self, PLACE},
    segment::{self, Listing},
    storage::Inner,
    touched::Arrival,
};

/// When more rows of delayed metrics wait, any prediction may be meant that some of them may belong to.
const MOST_WAITING: u64 = 1 << 20;

/// What came after some place and waits, and the predictions that it may belong to.
#[derive(Default)]
pub(super) struct Waiting {
    pub sources: Vec<Source>,
    pub segments: Vec<Segment>,
    /// Predictions in the log.
    pub unsealed: Vec<Arc<RecordBatch>>,
}

/// Delayed metrics that came together.
pub(super) struct Source {
    held: Held,
    /// The last in the order of arrival of any of them.
    pub place: i64,
    ids: IdRange,
    rows: u64,
}

enum Held {
    Sealed(Box<Listing>),
    Logged(Arc<RecordBatch>),
}

impl Waiting {
    /// What waits as `view` shows it, and what of the predictions in `within` lies in some window.
    pub fn read(
        inner: &Inner,
        view: &Connection,
        model: ModelId,
        (since, within): (i64, Window),
        windows: &[Window],
    ) -> Result<Self, Error> {
        let mut sealed = segment::all(view, model, Kind::Delayed)?;
        sealed.retain(|listing| listing.seqs.1 > since);
        let mut logged = log::entries(view, model, Kind::Delayed, None)?;
        logged.retain(|entry| entry.seq > since);
        if sealed.is_empty() && logged.is_empty() {
            return Ok(Self::default());
        }
        let mut segments = segment::predictions(view, model, Some(within))?;
        let touches =
            |segment: &Segment| windows.iter().any(|w| segment.min_time < w.end() && w.start() <= segment.max_time);
        segments.retain(touches);
        let mut unsealed = log::entries(view, model, Kind::Predictions, Some(within))?;
        let in_log = |ids: IdRange| unsealed.iter().any(|entry| overlap(entry.ids(), ids));
        sealed.retain(|listing| segments.iter().any(|segment| segment.may_await(listing)) || in_log(listing.ids));
        logged
            .retain(|entry| segments.iter().any(|segment| overlap(segment.ids(), entry.ids())) || in_log(entry.ids()));
        let mut sources = Vec::new();
        for entry in &logged {
            let held = Held::Logged(inner.log_cache.get(view, entry.seq)?);
            sources.push(Source { held, place: entry.seq, ids: entry.ids(), rows: entry.rows });
        }
        for listing in sealed {
            let (place, ids, rows) = (listing.seqs.1, listing.ids, listing.rows);
            sources.push(Source { held: Held::Sealed(Box::new(listing)), place, ids, rows });
        }
        unsealed.retain(|entry| sources.iter().any(|source| overlap(source.ids, entry.ids())));
        let unsealed = unsealed.iter().map(|entry| inner.log_cache.get(view, entry.seq)).collect::<Result<_, _>>()?;
        Ok(Self { sources, segments, unsealed })
    }

    /// What it touches. The files must not go meanwhile.
    pub fn spans(self, inner: &Inner) -> Result<Vec<Span>, Error> {
        if self.sources.iter().map(|source| source.rows).sum::<u64>() > MOST_WAITING {
            return self.widest(inner);
        }
        Search::new(inner, &self)?.spans()
    }

    /// The times of all that it may belong to.
    fn widest(&self, inner: &Inner) -> Result<Vec<Span>, Error> {
        let mut spans = Vec::new();
        for source in &self.sources {
            let columns = source.columns(inner)?;
            let sealed = self.segments.iter().filter(|segment| source.may_touch(segment));
            let sealed = sealed.map(|segment| (segment.min_time.micros(), segment.max_time.micros()));
            let unsealed = self.unsealed.iter().filter_map(|batch| {
                let times = rows::times(batch);
                Some((*times.iter().min()?, *times.iter().max()?))
            });
            let span = |(first, last): (i64, i64)| Span {
                start: first,
                end: last.saturating_add(1),
                place: source.place,
                columns: columns.clone(),
            };
            spans.extend(sealed.chain(unsealed).map(span));
        }
        Ok(spans)
    }
}

impl Source {
    /// What it is remembered by.
    pub fn arrival(&self) -> Arrival {
        match &self.held {
            Held::Sealed(listing) => Arrival::Segment(listing.id),
            Held::Logged(_) => Arrival::Logged(self.place),
        }
    }

    /// Whether the segment can have predictions that it is about.
    pub fn may_touch(&self, segment: &Segment) -> bool {
        match &self.held {
            Held::Sealed(listing) => segment.may_await(listing),
            Held::Logged(_) => overlap(self.ids, segment.ids()),
        }
    }

    /// The columns that it changes.
    pub fn columns(&self, inner: &Inner) -> Result<Columns, Error> {
        let schema = match &self.held {
            Held::Sealed(listing) => parquet_file::schema(&inner.files, &listing.path(), listing.bytes)?,
            Held::Logged(batch) => batch.schema(),
        };
        Ok(columns(schema.fields().iter().map(|field| field.name().as_str())))
    }

    /// The ids that it is about, each with its place in the order of arrival.
    pub fn ids(&self, inner: &Inner) -> Result<Vec<(u128, i64)>, Error> {
        let mut ids = Vec::new();
        match &self.held {
            Held::Sealed(listing) => {
                let part = Part { columns: Some(&[ID, PLACE]), ids: None, group: None };
                for batch in delayed_file::read(&inner.files, listing, part)? {
                    let of_batch = rows::id_bytes(&batch)?.zip(rows::places(&batch));
                    ids.extend(of_batch.map(|(id, place)| (u128::from_be_bytes(id), *place)));
                }
            }
            Held::Logged(batch) => ids.extend(rows::id_bytes(batch)?.map(|id| (u128::from_be_bytes(id), self.place))),
        }
        Ok(ids)
    }
}

/// What delayed metrics with these columns change of predictions.
fn columns<'a>(names: impl Iterator<Item = &'a str>) -> Columns {
    let metrics = names.filter(|name| ![ID, LABELLED_AT, PLACE].contains(name));
    Some(metrics.chain([LABELLED_AT]).map(str::to_owned).collect())
}
