//! Retention: rows past their time are dropped once what was computed of them is kept.

use driftline_core::{Span, TIME, Time, Window};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{
    Error, Faults, Grain, Kind, Model, Segment, Snapshot, Step, Storage,
    changes::{self, Touched, quarter},
    covered,
    definition::{self, Definition},
    deletion,
    grain::{self, DAY_MICROS},
    hidden::Ids,
    id_range::overlap,
    kept::KeptFile,
    log,
    model::{self, ModelId},
    parquet_file::{self, Part},
    rollup::{self, RollUp},
    rows, segment,
    storage::Inner,
};

/// About how many rows one step summarises.
const STEP_ROWS: u64 = 1 << 20;

/// Rows that are past their time and in no roll-up yet.
pub struct RetentionStep {
    /// The rows, and later ones in the same files; nothing of them is in the log.
    pub snapshot: Snapshot,
    /// The whole hours in which the rows lie; `None` when there are none.
    pub hours: Option<Window>,
    /// Rows before this are dropped at the end of the step.
    pub until: Time,
}

impl Storage {
    /// The next rows of the model to be summarised and dropped: those older
    /// than it keeps rows, and those that came for time that is rolled up
    /// already. What of them is in the log is sealed first. End the step with
    /// [`Self::roll_up`].
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`], [`Error::Corrupt`].
    pub fn retention_step(&self, model: &Model) -> Result<Option<RetentionStep>, Error> {
        let kept = model.details.retention.raw_days.and_then(|days| Span::from_micros(i64::from(days) * DAY_MICROS));
        let target = kept.map(|kept| Grain::Hour.around(self.now().before(kept)).start());
        let Some(goal) = target.max(model.horizon) else { return Ok(None) };
        self.inner.seal_before(model.id, goal)?;
        let mut snapshot = self.not_rolled_up(model, goal)?;
        let until = end_of_step(&snapshot.segments, model.horizon, goal);
        snapshot.segments.retain(|segment| segment.min_time < until);
        let first = snapshot.segments.iter().map(first_left).min();
        let hours = first.and_then(|first| Window::new(Grain::Hour.around(first).start(), until).ok());
        let is_due = hours.is_some() || model.horizon.is_none_or(|horizon| horizon < until);
        if !is_due {
            return Ok(None);
        }
        self.inner.options.faults.pass(Step::RetainRead)?;
        Ok(Some(RetentionStep { snapshot, hours, until }))
    }

    /// Ends a step: in one transaction the states are listed, the time is
    /// marked as covered for the definitions that were `computed`, the model's
    /// horizon moves, and the rows are gone. `false`, and nothing has changed,
    /// when the files of the step were replaced meanwhile, or a prediction was
    /// deleted that may be in the states: start over.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`]; nothing has changed then.
    pub fn roll_up(&self, step: RetentionStep, file: KeptFile, computed: Vec<Definition>) -> Result<bool, Error> {
        let RetentionStep { snapshot, hours, until } = step;
        let inner = &self.inner;
        let (gone, cut): (Vec<Segment>, Vec<Segment>) =
            snapshot.segments.iter().cloned().partition(|segment| segment.max_time < until);
        let cut = cut.into_iter().map(|segment| Ok((inner.rows_before(&segment, until)?, segment)));
        let cut = cut.collect::<Result<Vec<_>, Error>>()?;
        let rows_bytes = gone.iter().map(|segment| new_bytes(segment, segment.rows)).sum::<u64>()
            + cut.iter().map(|(rows, segment)| new_bytes(segment, *rows)).sum::<u64>();
        let change = Change {
            model: snapshot.model.id,
            horizon: snapshot.model.horizon,
            hidden: snapshot.hidden_ids(),
            until,
            hours,
            computed,
            gone,
            cut,
            rollup: rollup::write(inner, snapshot.model.id, Grain::Hour, file, Some(rows_bytes))?,
        };
        let old: Vec<_> = change.gone.iter().map(|segment| segment.path.clone()).collect();
        let new: Vec<_> = change.rollup.iter().map(RollUp::path).collect();
        let faults = inner.options.faults.clone();
        let is_done = inner.relist([&new[..], &old].concat(), move |group| {
            change.commit(group.connection, group.now, faults.as_ref())
        })?;
        inner.pins.replaced(if is_done { old } else { new });
        inner.options.faults.pass(Step::RetainDone)?;
        Ok(is_done)
    }
}

/// How many bytes the rows of a segment take up of which `rows` are in a roll-up now, but were not before.
fn new_bytes(segment: &Segment, rows: u64) -> u64 {
    segment.bytes * rows.saturating_sub(segment.rolled_rows) / segment.rows.max(1)
}

/// The first time of a segment's rows that are in no roll-up.
fn first_left(segment: &Segment) -> Time {
    segment.rolled.map_or(segment.min_time, |rolled| rolled.max(segment.min_time))
}

/// How far a step goes: not much more than [`STEP_ROWS`], to the end of a month, and never back.
fn end_of_step(segments: &[Segment], horizon: Option<Time>, goal: Time) -> Time {
    let mut ordered: Vec<&Segment> = segments.iter().collect();
    ordered.sort_by_key(|segment| first_left(segment));
    let hour = |segment: &Segment| Grain::Hour.around(first_left(segment)).start();
    let Some(first) = ordered.first().map(|segment| hour(segment)) else { return goal };
    let month = Grain::Month.around(first).end();
    let least = horizon.unwrap_or(first).max(first);
    let mut rows = 0;
    let mut until = goal.min(month.max(least));
    for segment in ordered {
        if rows + segment.rows > STEP_ROWS && hour(segment) > least {
            until = until.min(hour(segment));
            break;
        }
        rows += segment.rows - segment.rolled_rows;
    }
    until
}

impl Inner {
    /// Seals the model's predictions if any of those in the log is older than `time`.
    fn seal_before(&self, model: ModelId, time: Time) -> Result<(), Error> {
        let before = Window::new(grain::all().start(), time).ok();
        let logged = self.catalog.read(|view| log::entries(view, model, Kind::Predictions, before))?;
        if logged.is_empty() { Ok(()) } else { self.seal(model, Kind::Predictions) }
    }

    /// How many rows of a segment are older than `time`.
    fn rows_before(&self, segment: &Segment, time: Time) -> Result<u64, Error> {
        self.files.verify(&segment.path, &segment.digest)?;
        let part = Part { columns: Some(&[TIME]), ids: None, group: None };
        let mut before = 0;
        for batch in parquet_file::read(&self.files, &segment.path, segment.bytes, part)? {
            let batch = batch?;
            let older = rows::times(&batch).iter().filter(|at| **at < time.micros()).count();
            before += older as u64;
            if older < batch.num_rows() {
                break;
            }
        }
        Ok(before)
    }
}

/// What becomes true at the end of a step.
struct Change {
    model: ModelId,
    horizon: Option<Time>,
    /// The predictions that are in no state because they are being erased.
    hidden: Ids,
    until: Time,
    hours: Option<Window>,
    computed: Vec<Definition>,
    gone: Vec<Segment>,
    /// Segments that stay, each with how many of its rows are gone.
    cut: Vec<(u64, Segment)>,
    rollup: Option<RollUp>,
}

impl Change {
    fn commit(self, connection: &Connection, now: Time, faults: &dyn Faults) -> Result<bool, Error> {
        if !self.still_holds(connection)? {
            return Ok(false);
        }
        faults.pass(Step::RetainList)?;
        if let Some(rollup) = &self.rollup {
            rollup::insert(connection, rollup, now)?;
        }
        self.cover(connection)?;
        self.note_waiting(connection)?;
        faults.pass(Step::RetainUnlist)?;
        segment::unlist(connection, self.gone.iter().map(|segment| (segment.id, segment.rolled)))?;
        faults.pass(Step::RetainHorizon)?;
        let mut mark = connection.prepare_cached("UPDATE segments SET rolled = ?2, rolled_rows = ?3 WHERE id = ?1")?;
        for (rows, segment) in &self.cut {
            mark.execute(params![segment.id.as_bytes(), self.until.micros(), rows])?;
        }
        connection
            .prepare_cached("UPDATE models SET horizon = ?2 WHERE id = ?1")?
            .execute(params![self.model.0, self.until.micros()])?;
        Ok(true)
    }

    /// Delayed metrics that wait are in the states, and can't be found among the rows any more: whatever they may belong
    /// to has changed.
    fn note_waiting(&self, connection: &Connection) -> Result<(), Error> {
        let sealed = segment::all(connection, self.model, Kind::Delayed)?;
        let logged = log::entries(connection, self.model, Kind::Delayed, None)?;
        let mut touched = Touched::default();
        for segment in self.gone.iter().chain(self.cut.iter().map(|(_, segment)| segment)) {
            let sealed = sealed.iter().filter(|listing| segment.may_await(listing)).map(|listing| listing.seqs.1);
            let logged = logged.iter().filter(|entry| overlap(segment.ids(), entry.ids())).map(|entry| entry.seq);
            let Some(place) = sealed.chain(logged).max() else { continue };
            let (first, last) = (first_left(segment).micros(), segment.max_time.min(self.until).micros());
            (quarter(first)..=quarter(last)).for_each(|quarter| touched.add(quarter, place));
        }
        changes::note(connection, self.model, &None, &touched)
    }

    /// Whether the model's horizon, its deletions and the segments are those that the step began with.
    fn still_holds(&self, connection: &Connection) -> Result<bool, Error> {
        let hidden = deletion::hidden(connection, self.model)?;
        if model::by_id(connection, self.model)?.horizon != self.horizon
            || !hidden.iter().all(|id| self.hidden.contains(id))
        {
            return Ok(false);
        }
        let mut rolled = connection.prepare_cached("SELECT rolled FROM segments WHERE id = ?1")?;
        let mut same = |id: Uuid, expected: Option<Time>| -> Result<bool, Error> {
            let found: Option<Option<i64>> = rolled.query_row([id.as_bytes()], |row| row.get(0)).optional()?;
            Ok(found == Some(expected.map(Time::micros)))
        };
        for segment in self.gone.iter().chain(self.cut.iter().map(|(_, segment)| segment)) {
            if !same(segment.id, segment.rolled)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The new stretch is covered for what was computed; what was not computed
    /// misses the rows that came late, so their hours are covered no more.
    fn cover(&self, connection: &Connection) -> Result<(), Error> {
        let start = self.horizon.unwrap_or(grain::all().start());
        if let Ok(stretch) = Window::new(start, self.until) {
            for definition in &self.computed {
                covered::add(connection, self.model, definition.key, stretch)?;
            }
        }
        for definition in &self.computed {
            definition::known(connection, self.model, definition)?;
        }
        let late = self.hours.and_then(|hours| Window::new(hours.start(), hours.end().min(start)).ok());
        if let Some(late) = late {
            let mut missed: Vec<_> = covered::all(connection, self.model)?.into_iter().map(|(key, _)| key).collect();
            missed.dedup();
            for definition in missed.into_iter().filter(|key| self.computed.iter().all(|one| one.key != *key)) {
                covered::cut(connection, self.model, definition, late)?;
            }
        }
        Ok(())
    }
}
