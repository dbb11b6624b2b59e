//! Deletions: what someone wants forgotten, from the wish to the last byte.

use std::sync::{Arc, mpsc};

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::{
    Error, ReceivedRows, Step, Storage, catalog,
    changes::{self, Touched, quarter},
    forgotten::Forgotten,
    log,
    model::{self, ModelId},
    received, rows,
    writer::Group,
};

/// A deletion of a prediction or a model, under way or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Its key.
    pub id: Uuid,
    /// What is deleted.
    pub subject: Subject,
    /// How many rows were erased so far: predictions, and delayed metrics that waited for theirs.
    pub rows: u64,
    /// Whether roll-ups may still contain what the prediction contributed to them before.
    pub in_roll_ups: bool,
    /// When it was asked for.
    pub created: Time,
    /// When the last byte was gone.
    pub finished: Option<Time>,
}

/// What a deletion is about. What it was called is forgotten too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// One prediction, with its delayed metrics.
    Prediction,
    /// A model, with everything it had.
    Model,
}

impl Subject {
    fn number(self) -> i64 {
        match self {
            Self::Prediction => 0,
            Self::Model => 1,
        }
    }
}

/// How far a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Nobody sees it, but files and records still have it.
    Hidden,
    /// No listed file and no record has it; old files and pages may.
    Unlisted,
    /// No byte of it is left.
    Gone,
}

impl Stage {
    pub fn number(self) -> i64 {
        match self {
            Self::Hidden => 0,
            Self::Unlisted => 1,
            Self::Gone => 2,
        }
    }
}

/// A deletion that is not done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub id: Uuid,
    pub model: ModelId,
    pub subject: Subject,
    /// The prediction's id, until it is unlisted.
    pub prediction: Option<[u8; 16]>,
    pub is_hidden: bool,
}

impl Storage {
    /// Deletes a prediction and its delayed metrics, known ones and those to
    /// come: nobody sees them any more when this returns, and [`Self::erase`]
    /// removes their bytes. An id that was never tracked is deleted likewise.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, [`Error::Full`].
    pub fn delete_prediction(&self, model: &Name, prediction: [u8; 16]) -> Result<Deletion, Error> {
        let (name, faults) = (model.clone(), self.inner.options.faults.clone());
        let (received, time) = self.where_it_is(model, prediction)?;
        self.record(move |group, forgotten| {
            let model = model::id(group.connection, &name)?;
            if let Some(again) = under_way(group.connection, model, prediction)? {
                return Ok(again);
            }
            let deletion = Deletion {
                id: Uuid::now_v7(),
                subject: Subject::Prediction,
                rows: 0,
                in_roll_ups: model::by_id(group.connection, model)?.horizon.is_some(),
                created: group.now,
                finished: None,
            };
            faults.pass(Step::Delete)?;
            insert(group.connection, model, &deletion, Some(prediction))?;
            faults.pass(Step::DeleteHide)?;
            forgotten.add(group.connection, &name, model, prediction)?;
            let place = log::next_seq(group.connection)?;
            let touched = match time {
                Some(time) => Touched::of([quarter(time)], place),
                None if received::of(group.connection, model)? == received => Touched::default(),
                // It may have come since.
                None => Touched::everything(place),
            };
            changes::note(group.connection, model, &None, &touched)?;
            Ok(deletion)
        })
    }

    /// How many rows of the model had come, and the prediction's time in microseconds if it was one of them. A damaged file
    /// keeps nobody from deleting: it counts as if no row had come.
    fn where_it_is(&self, model: &Name, prediction: [u8; 16]) -> Result<(ReceivedRows, Option<i64>), Error> {
        let found = self.inner.catalog.read(|view| {
            let Some(model) = model::find(view, model)? else { return Ok(None) };
            let is_watched = changes::is_watched(view, model.id)?;
            Ok(Some((received::of(view, model.id)?, model)).filter(|_| is_watched))
        })?;
        let Some((received, model)) = found else { return Ok(Default::default()) };
        let row = match self.find(&model, prediction) {
            Ok(row) => row,
            Err(error) => {
                tracing::warn!(%error, model = %model.name, "all results of the model count as stale after a deletion");
                return Ok(Default::default());
            }
        };
        Ok((received, row.and_then(|row| rows::times(&row).first().copied())))
    }

    /// Deletes a model with all it has: it does not exist any more when this
    /// returns, and [`Self::erase`] removes its bytes. What is tracked under
    /// its name from now on is a new model's.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the model, [`Error::Full`].
    pub fn delete_model(&self, model: &Name) -> Result<Deletion, Error> {
        let (name, faults) = (model.clone(), self.inner.options.faults.clone());
        self.record(move |group, forgotten| {
            let model = model::id(group.connection, &name)?;
            let deletion = Deletion {
                id: Uuid::now_v7(),
                subject: Subject::Model,
                rows: 0,
                in_roll_ups: false,
                created: group.now,
                finished: None,
            };
            faults.pass(Step::Delete)?;
            insert(group.connection, model, &deletion, None)?;
            faults.pass(Step::DeleteHide)?;
            model::retire(group.connection, model, group.now)?;
            group.known.forget();
            forgotten.drop_model(&name);
            Ok(deletion)
        })
    }

    /// Runs the transaction of a deletion. When it fails, what it changed in memory is set
    /// right before the writer goes on: else rows would be dropped that are to stay.
    fn record(
        &self,
        work: impl FnOnce(&mut Group<'_>, &Forgotten) -> Result<Deletion, Error> + Send + 'static,
    ) -> Result<Deletion, Error> {
        let inner = &self.inner;
        let (sender, receiver) = mpsc::sync_channel(1);
        let (weak, forgotten) = (Arc::downgrade(inner), inner.forgotten.clone());
        inner.writer.submit(
            move |group| work(group, &forgotten),
            move |deleted: Result<Deletion, Error>| {
                let reloaded = match (&deleted, weak.upgrade()) {
                    (Err(_), Some(inner)) => inner.catalog.read(|view| inner.forgotten.load(view)),
                    _ => Ok(()),
                };
                let _gone = sender.send(reloaded.and(deleted));
            },
        )?;
        let deleted = receiver.recv().unwrap_or(Err(Error::Closed))?;
        inner.options.faults.pass(Step::DeleteDone)?;
        Ok(deleted)
    }

    /// The deletion with this key.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn deletion(&self, id: Uuid) -> Result<Option<Deletion>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} WHERE id = ?1");
            Ok(view.prepare_cached(&query)?.query_row([id.as_bytes()], deletion).optional()?)
        })
    }
}

const SELECT: &str = "SELECT id, kind, rows, kept, created, finished FROM deletions";

fn deletion(row: &Row<'_>) -> rusqlite::Result<Deletion> {
    Ok(Deletion {
        id: catalog::uuid(row, 0)?,
        subject: subject(row, 1)?,
        rows: row.get(2)?,
        in_roll_ups: row.get(3)?,
        created: catalog::time(row, 4)?,
        finished: catalog::time_or_null(row, 5)?,
    })
}

fn subject(row: &Row<'_>, index: usize) -> rusqlite::Result<Subject> {
    let number: i64 = row.get(index)?;
    let known = [Subject::Prediction, Subject::Model].into_iter().find(|subject| subject.number() == number);
    known.ok_or_else(|| catalog::odd(index, "an unknown kind of deletion"))
}

fn insert(
    connection: &Connection,
    model: ModelId,
    deletion: &Deletion,
    prediction: Option<[u8; 16]>,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO deletions (id, model, kind, prediction, stage, rows, kept, created)
             VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
        )?
        .execute(params![
            deletion.id.as_bytes(),
            model.0,
            deletion.subject.number(),
            prediction,
            Stage::Hidden.number(),
            deletion.in_roll_ups,
            deletion.created.micros(),
        ])?;
    Ok(())
}

/// The deletion of this prediction that is at work already.
fn under_way(connection: &Connection, model: ModelId, prediction: [u8; 16]) -> Result<Option<Deletion>, Error> {
    let query = format!("{SELECT} WHERE model = ?1 AND stage = 0 AND prediction = ?2");
    Ok(connection.prepare_cached(&query)?.query_row(params![model.0, prediction], deletion).optional()?)
}

/// The oldest deletion that is not done.
pub(crate) fn next(connection: &Connection) -> Result<Option<Pending>, Error> {
    let next = connection
        .prepare_cached(
            "SELECT id, model, kind, prediction, stage FROM deletions WHERE stage < 2 ORDER BY stage, created, id LIMIT 1",
        )?
        .query_row([], |row| {
            let prediction: Option<Vec<u8>> = row.get(3)?;
            let stage: i64 = row.get(4)?;
            Ok(Pending {
                id: catalog::uuid(row, 0)?,
                model: ModelId(row.get(1)?),
                subject: subject(row, 2)?,
                prediction: prediction.map(|_| catalog::id16(row, 3)).transpose()?,
                is_hidden: stage == Stage::Hidden.number(),
            })
        })
        .optional()?;
    Ok(next)
}

/// The predictions of a model that nobody must see but that files still have.
pub(crate) fn hidden(connection: &Connection, model: ModelId) -> Result<Vec<[u8; 16]>, Error> {
    let found = connection
        .prepare_cached("SELECT prediction FROM deletions WHERE model = ?1 AND stage = 0 AND prediction IS NOT NULL")?
        .query_map([model.0], |row| catalog::id16(row, 0))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// Counts rows that were erased.
pub(crate) fn count(connection: &Connection, id: Uuid, rows: u64) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE deletions SET rows = rows + ?2 WHERE id = ?1")?
        .execute(params![id.as_bytes(), rows])?;
    Ok(())
}

/// No listed file and no record has it any more: its name is forgotten too.
pub(crate) fn unlisted(connection: &Connection, id: Uuid) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE deletions SET stage = ?2, prediction = NULL WHERE id = ?1")?
        .execute(params![id.as_bytes(), Stage::Unlisted.number()])?;
    Ok(())
}

/// The keys of the deletions whose bytes may be in old files and pages still, and the models that they are of.
pub(crate) fn all_unlisted(connection: &Connection) -> Result<Vec<(Uuid, ModelId)>, Error> {
    let found = connection
        .prepare_cached("SELECT id, model FROM deletions WHERE stage = ?1")?
        .query_map([Stage::Unlisted.number()], |row| Ok((catalog::uuid(row, 0)?, ModelId(row.get(1)?))))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

/// No byte is left.
pub(crate) fn gone(connection: &Connection, ids: &[(Uuid, ModelId)], now: Time) -> Result<(), Error> {
    let mut update = connection.prepare_cached("UPDATE deletions SET stage = ?2, finished = ?3 WHERE id = ?1")?;
    for (id, _) in ids {
        update.execute(params![id.as_bytes(), Stage::Gone.number(), now.micros()])?;
    }
    Ok(())
}
