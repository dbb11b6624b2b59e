//! Predictions looked through for the ids of delayed metrics that wait.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use driftline_core::{ID, TIME};
use uuid::Uuid;

use super::{
    Columns, Span,
    touched::{Touched, quarter},
    waiting::Waiting,
};
use crate::{
    Error, Segment,
    parquet_file::{self, Part},
    rows,
    storage::Inner,
    touched::{Arrival, Remembered},
};

/// The quarters of hours that delayed metrics touch of a segment, each with the last place in the order of arrival.
pub(crate) type TouchedQuarters = Remembered<(Arrival, Uuid), Arc<[(i64, i64)]>>;

/// Rows of segments that are looked through for ids at once; of further segments all rows count as touched.
const MOST_READ: u64 = 1 << 22;

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
pub(super) struct Search<'a> {
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

impl<'a> Search<'a> {
    /// Nothing found yet.
    pub fn new(inner: &'a Inner, waiting: &'a Waiting) -> Result<Self, Error> {
        let columns = waiting.sources.iter().map(|source| source.columns(inner)).collect::<Result<_, _>>()?;
        let touched = waiting.sources.iter().map(|_| Touched::default()).collect();
        Ok(Self { inner, waiting, columns, ids: None, touched, spans: Vec::new(), read: 0 })
    }

    /// What all sources touch.
    pub fn spans(mut self) -> Result<Vec<Span>, Error> {
        self.look_at_log()?;
        let waiting = self.waiting;
        waiting.segments.iter().try_for_each(|segment| self.look_at(segment))?;
        for (touched, columns) in self.touched.iter().zip(&self.columns) {
            let span = |(start, end, place)| Span { start, end, place, columns: columns.clone() };
            self.spans.extend(touched.stretches().into_iter().map(span));
        }
        Ok(self.spans)
    }

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
                let bytes = size_of_val(&*quarters);
                remembered.put((source.arrival(), segment.id), quarters, bytes);
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
