//! Delayed metrics that wait to be folded: the times of the predictions that they belong to, found by their ids.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
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
    rows::{self, PLACE},
    segment::{self, Listing},
    storage::Inner,
    touched::{Arrival, Remembered},
};

/// The quarters of hours that delayed metrics touch of a segment, each with the last place in the order of arrival.
pub(crate) type TouchedQuarters = Remembered<(Arrival, Uuid), Arc<[(i64, i64)]>>;

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
        let touched = self.sources.iter().map(|_| Touched::default()).collect();
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

    fn ids(&self, inner: &Inner) -> Result<Vec<(u128, i64)>, Error> {
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

/// An id that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Sought {
    id: u128,
    /// The number of the source that it is from.
    source: usize,
    /// Its place in the order of arrival.
    place: i64,
}

/// A quarter of an hour that has a prediction which a source is about.
struct Found {
    source: usize,
    quarter: i64,
    place: i64,
}

/// Predictions being looked through.
struct Search<'a> {
    inner: &'a Inner,
    waiting: &'a Waiting,
    /// Of each source.
    columns: Vec<Columns>,
    /// The ids of all sources in order, once they are needed.
    ids: Option<Vec<Sought>>,
    /// What each source touches.
    touched: Vec<Touched>,
    spans: Vec<Span>,
    /// Rows of segments that were read.
    read: u64,
}

impl Search<'_> {
    fn ids(&mut self) -> Result<&[Sought], Error> {
        if self.ids.is_none() {
            let mut all = Vec::new();
            for (number, source) in self.waiting.sources.iter().enumerate() {
                let ids = source.ids(self.inner)?;
                all.extend(ids.into_iter().map(|(id, place)| Sought { id, source: number, place }));
            }
            all.sort_unstable();
            all.dedup();
            self.ids = Some(all);
        }
        Ok(self.ids.as_deref().unwrap_or_default())
    }

    fn look_at_log(&mut self) -> Result<(), Error> {
        let waiting = self.waiting;
        for batch in &waiting.unsealed {
            let found = find(batch, self.ids()?)?;
            self.touch(found);
        }
        Ok(())
    }

    fn touch(&mut self, found: impl IntoIterator<Item = Found>) {
        for Found { source, quarter, place } in found {
            if let Some(touched) = self.touched.get_mut(source) {
                touched.add(quarter, place);
            }
        }
    }

    fn look_at(&mut self, segment: &Segment) -> Result<(), Error> {
        let (waiting, remembered) = (self.waiting, &self.inner.touched_quarters);
        let mut asked: HashSet<usize> = HashSet::new();
        for (number, source) in waiting.sources.iter().enumerate().filter(|(_, source)| source.may_touch(segment)) {
            match remembered.get(&(source.arrival(), segment.id)) {
                Some(quarters) => self.touch(of_source(number, &quarters)),
                None => drop(asked.insert(number)),
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let sought = self.sought(segment, &asked)?;
        let mut found: HashMap<usize, BTreeMap<i64, i64>> = HashMap::new();
        if !sought.is_empty() {
            if self.read + segment.rows > MOST_READ {
                self.touch_all(segment, &sought);
                return Ok(());
            }
            self.read += segment.rows;
            for Found { source, quarter, place } in read(self.inner, segment, &sought)? {
                let last = found.entry(source).or_default().entry(quarter).or_insert(place);
                *last = place.max(*last);
            }
        }
        for number in asked {
            let quarters: Arc<[(i64, i64)]> = found.remove(&number).unwrap_or_default().into_iter().collect();
            self.touch(of_source(number, &quarters));
            if let Some(source) = waiting.sources.get(number) {
                remembered.put((source.arrival(), segment.id), quarters);
            }
        }
        Ok(())
    }

    /// The ids of these sources that the segment's filters allow, in order.
    fn sought(&mut self, segment: &Segment, asked: &HashSet<usize>) -> Result<Vec<Sought>, Error> {
        let inner = self.inner;
        let (first, last) = (u128::from_be_bytes(segment.min_id), u128::from_be_bytes(segment.max_id));
        let ids = self.ids()?;
        let near = ids.partition_point(|sought| sought.id < first)..ids.partition_point(|sought| sought.id <= last);
        let near = ids.get(near).unwrap_or_default().iter().filter(|sought| asked.contains(&sought.source));
        let near: Vec<Sought> = near.copied().collect();
        if near.is_empty() {
            return Ok(near);
        }
        let filters = inner.filters.get_or_load(segment.id, || {
            inner.files.verify(&segment.path, &segment.digest)?;
            parquet_file::filters(&inner.files, &segment.path, segment.bytes)
        })?;
        let may_hold = |sought: &Sought| filters.groups.iter().any(|group| group.may_hold(&sought.id.to_be_bytes()));
        Ok(near.into_iter().filter(may_hold).collect())
    }

    /// Has all rows of the segment touched by the sources.
    fn touch_all(&mut self, segment: &Segment, sought: &[Sought]) {
        for number in sought.iter().map(|sought| sought.source).collect::<HashSet<_>>() {
            if let (Some(source), Some(columns)) = (self.waiting.sources.get(number), self.columns.get(number)) {
                let (start, end) = (segment.min_time.micros(), segment.max_time.micros() + 1);
                self.spans.push(Span { start, end, place: source.place, columns: columns.clone() });
            }
        }
    }

    fn end(mut self) -> Vec<Span> {
        for (touched, columns) in self.touched.iter().zip(&self.columns) {
            let span = |(start, end, place)| Span { start, end, place, columns: columns.clone() };
            self.spans.extend(touched.stretches().into_iter().map(span));
        }
        self.spans
    }
}

fn of_source(source: usize, quarters: &[(i64, i64)]) -> impl Iterator<Item = Found> + '_ {
    quarters.iter().map(move |(quarter, place)| Found { source, quarter: *quarter, place: *place })
}

/// What the segment has of the ids, which are in order.
fn read(inner: &Inner, segment: &Segment, sought: &[Sought]) -> Result<Vec<Found>, Error> {
    let (Some(first), Some(last)) = (sought.first(), sought.last()) else { return Ok(Vec::new()) };
    inner.files.verify(&segment.path, &segment.digest)?;
    let ids = Some((first.id.to_be_bytes(), last.id.to_be_bytes()));
    let part = Part { columns: Some(&[ID, TIME]), ids, group: None };
    let mut found = Vec::new();
    for batch in parquet_file::read(&inner.files, &segment.path, segment.bytes, part)? {
        found.extend(find(&batch?, sought)?);
    }
    Ok(found)
}

/// The rows with one of the ids, which are in order.
fn find(batch: &RecordBatch, sought: &[Sought]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for (id, time) in rows::id_bytes(batch)?.map(u128::from_be_bytes).zip(rows::times(batch)) {
        let from = sought.partition_point(|other| other.id < id);
        let same = sought.iter().skip(from).take_while(|other| other.id == id);
        found.extend(same.map(|s| Found { source: s.source, quarter: quarter(*time), place: s.place }));
    }
    Ok(found)
}
