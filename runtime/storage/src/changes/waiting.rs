//! Delayed metrics that wait to be folded: the times of the predictions that they belong to, found by their ids.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use driftline_core::{ID, LABELLED_AT, TIME, Window};
use rusqlite::Connection;
use uuid::Uuid;

use super::{
    Columns, Span,
    touched::{EVER, Touched, quarter},
};
use crate::{
    Error, Kind, Segment, delayed_file,
    id_range::{IdRange, overlap},
    log,
    model::ModelId,
    parquet_file::{self, Part},
    rows,
    segment::{self, Listing},
    storage::Inner,
    touched::{Arrival, Remembered},
};

/// The quarters of hours that delayed metrics touch of a segment.
pub(crate) type TouchedQuarters = Remembered<(Arrival, Uuid), Arc<[i64]>>;

/// When more rows of delayed metrics wait, any prediction may be meant.
const MOST_WAITING: u64 = 1 << 20;
/// Rows of segments that are looked through for ids at once; of further segments all rows count as touched.
const MOST_READ: u64 = 1 << 22;

/// What came after some place and waits, and the predictions that it may belong to.
#[derive(Default)]
pub(super) struct Waiting {
    sources: Vec<Source>,
    segments: Vec<Segment>,
    /// Predictions in the log.
    unsealed: Vec<Arc<RecordBatch>>,
}

/// Delayed metrics that came together.
struct Source {
    held: Held,
    /// The last in the order of arrival of any of them.
    place: i64,
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
        let Some(place) = self.sources.iter().map(|source| source.place).max() else { return Ok(Vec::new()) };
        if self.sources.iter().map(|source| source.rows).sum::<u64>() > MOST_WAITING {
            return Ok(vec![Span { start: -EVER, end: EVER, place, columns: None }]);
        }
        let columns = self.sources.iter().map(|source| source.columns(inner)).collect::<Result<_, _>>()?;
        let touched = self.sources.iter().map(|_| BTreeSet::new()).collect();
        let mut search = Search { inner, waiting: &self, columns, ids: None, touched, spans: Vec::new(), read: 0 };
        search.look_at_log()?;
        self.segments.iter().try_for_each(|segment| search.look_at(segment))?;
        Ok(search.end())
    }
}

impl Source {
    fn arrival(&self) -> Arrival {
        match &self.held {
            Held::Sealed(listing) => Arrival::Segment(listing.id),
            Held::Logged(_) => Arrival::Logged(self.place),
        }
    }

    fn may_touch(&self, segment: &Segment) -> bool {
        match &self.held {
            Held::Sealed(listing) => segment.may_await(listing),
            Held::Logged(_) => overlap(self.ids, segment.ids()),
        }
    }

    fn columns(&self, inner: &Inner) -> Result<Columns, Error> {
        let schema = match &self.held {
            Held::Sealed(listing) => parquet_file::schema(&inner.files, &listing.path(), listing.bytes)?,
            Held::Logged(batch) => batch.schema(),
        };
        Ok(columns(schema.fields().iter().map(|field| field.name().as_str())))
    }

    fn batches(&self, inner: &Inner) -> Result<Vec<RecordBatch>, Error> {
        match &self.held {
            Held::Sealed(listing) => {
                delayed_file::read(&inner.files, listing, Part { columns: Some(&[ID]), ids: None, group: None })
            }
            Held::Logged(batch) => Ok(vec![batch.as_ref().clone()]),
        }
    }
}

/// What delayed metrics with these columns change of predictions.
fn columns<'a>(names: impl Iterator<Item = &'a str>) -> Columns {
    let metrics = names.filter(|name| ![ID, LABELLED_AT].contains(name));
    Some(metrics.chain([LABELLED_AT]).map(str::to_owned).collect())
}

/// Predictions being looked through.
struct Search<'a> {
    inner: &'a Inner,
    waiting: &'a Waiting,
    /// Of each source.
    columns: Vec<Columns>,
    /// The ids of all sources in order, each with the number of its source, once they are needed.
    ids: Option<Vec<(u128, usize)>>,
    /// The quarters of hours that each source touches.
    touched: Vec<BTreeSet<i64>>,
    spans: Vec<Span>,
    /// Rows of segments that were read.
    read: u64,
}

impl Search<'_> {
    fn ids(&mut self) -> Result<&[(u128, usize)], Error> {
        if self.ids.is_none() {
            let mut ids = Vec::new();
            for (number, source) in self.waiting.sources.iter().enumerate() {
                for batch in source.batches(self.inner)? {
                    ids.extend(rows::id_bytes(&batch)?.map(|id| (u128::from_be_bytes(id), number)));
                }
            }
            ids.sort_unstable();
            ids.dedup();
            self.ids = Some(ids);
        }
        Ok(self.ids.as_deref().unwrap_or_default())
    }

    fn look_at_log(&mut self) -> Result<(), Error> {
        let waiting = self.waiting;
        for batch in &waiting.unsealed {
            let mut found: Vec<(usize, i64)> = Vec::new();
            let ids = self.ids()?;
            for (id, time) in rows::id_bytes(batch)?.map(u128::from_be_bytes).zip(rows::times(batch)) {
                let from = ids.partition_point(|(other, _)| *other < id);
                let same = ids.iter().skip(from).take_while(|(other, _)| *other == id);
                found.extend(same.map(|(_, source)| (*source, quarter(*time))));
            }
            self.touch(found);
        }
        Ok(())
    }

    fn touch(&mut self, found: impl IntoIterator<Item = (usize, i64)>) {
        for (source, quarter) in found {
            if let Some(touched) = self.touched.get_mut(source) {
                touched.insert(quarter);
            }
        }
    }

    fn look_at(&mut self, segment: &Segment) -> Result<(), Error> {
        let (waiting, remembered) = (self.waiting, &self.inner.touched_quarters);
        let mut asked: Vec<usize> = Vec::new();
        for (number, source) in waiting.sources.iter().enumerate().filter(|(_, source)| source.may_touch(segment)) {
            match remembered.get(&(source.arrival(), segment.id)) {
                Some(quarters) => self.touch(quarters.iter().map(|quarter| (number, *quarter))),
                None => asked.push(number),
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let wanted = self.wanted(segment, &asked)?;
        let mut found: HashMap<usize, BTreeSet<i64>> = HashMap::new();
        if !wanted.is_empty() {
            if self.read + segment.rows > MOST_READ {
                self.touch_all(segment, &wanted);
                return Ok(());
            }
            self.read += segment.rows;
            for (number, quarter) in read(self.inner, segment, &wanted)? {
                found.entry(number).or_default().insert(quarter);
            }
        }
        for number in asked {
            let quarters: Arc<[i64]> = found.remove(&number).unwrap_or_default().into_iter().collect();
            self.touch(quarters.iter().map(|quarter| (number, *quarter)));
            if let Some(source) = waiting.sources.get(number) {
                remembered.put((source.arrival(), segment.id), quarters);
            }
        }
        Ok(())
    }

    /// The ids of these sources that the segment's filters allow, in order.
    fn wanted(&mut self, segment: &Segment, asked: &[usize]) -> Result<Vec<(u128, usize)>, Error> {
        let inner = self.inner;
        let (first, last) = (u128::from_be_bytes(segment.min_id), u128::from_be_bytes(segment.max_id));
        let ids = self.ids()?;
        let near = ids.get(ids.partition_point(|(id, _)| *id < first)..ids.partition_point(|(id, _)| *id <= last));
        let asked: HashSet<usize> = asked.iter().copied().collect();
        let near: Vec<_> = near.unwrap_or_default().iter().filter(|(_, number)| asked.contains(number)).collect();
        if near.is_empty() {
            return Ok(Vec::new());
        }
        let filters = inner.filters.get_or_load(segment.id, || {
            inner.files.verify(&segment.path, &segment.digest)?;
            parquet_file::filters(&inner.files, &segment.path, segment.bytes)
        })?;
        let may_hold = |id: u128| filters.groups.iter().any(|group| group.may_hold(&id.to_be_bytes()));
        Ok(near.into_iter().filter(|(id, _)| may_hold(*id)).copied().collect())
    }

    /// Has all rows of the segment touched by the sources.
    fn touch_all(&mut self, segment: &Segment, wanted: &[(u128, usize)]) {
        for number in wanted.iter().map(|(_, number)| *number).collect::<BTreeSet<_>>() {
            if let (Some(source), Some(columns)) = (self.waiting.sources.get(number), self.columns.get(number)) {
                let (start, end) = (segment.min_time.micros(), segment.max_time.micros() + 1);
                self.spans.push(Span { start, end, place: source.place, columns: columns.clone() });
            }
        }
    }

    fn end(mut self) -> Vec<Span> {
        for ((source, quarters), columns) in self.waiting.sources.iter().zip(self.touched).zip(&self.columns) {
            let stretches = Touched::of(quarters, source.place).stretches();
            let span = |(start, end, place)| Span { start, end, place, columns: columns.clone() };
            self.spans.extend(stretches.into_iter().map(span));
        }
        self.spans
    }
}

/// The quarters of hours in which the segment has rows with the ids, each with the source of the id.
fn read(inner: &Inner, segment: &Segment, wanted: &[(u128, usize)]) -> Result<Vec<(usize, i64)>, Error> {
    let (Some(first), Some(last)) = (wanted.first(), wanted.last()) else { return Ok(Vec::new()) };
    inner.files.verify(&segment.path, &segment.digest)?;
    let ids = Some((first.0.to_be_bytes(), last.0.to_be_bytes()));
    let part = Part { columns: Some(&[ID, TIME]), ids, group: None };
    let mut found = Vec::new();
    for batch in parquet_file::read(&inner.files, &segment.path, segment.bytes, part)? {
        let batch = batch?;
        for (id, time) in rows::id_bytes(&batch)?.map(u128::from_be_bytes).zip(rows::times(&batch)) {
            let from = wanted.partition_point(|(other, _)| *other < id);
            let same = wanted.iter().skip(from).take_while(|(other, _)| *other == id);
            found.extend(same.map(|(_, number)| (*number, quarter(*time))));
        }
    }
    Ok(found)
}
