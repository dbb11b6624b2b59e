//! The ids of predictions in the log, for models whose clients make ids.

use std::collections::VecDeque;

use hashbrown::HashMap;
use rusqlite::{Connection, params};

use super::Staged;
use crate::{Error, Kind, body, log, model::ModelId, rows};

/// When more ids than this are held, those of the models unused for longest are dropped.
const LIMIT: usize = 8 << 20;

/// Ids by model, the longest unused first. Only the writer changes the log, so
/// none is missing; one that was sealed may still be held, and is there all the same.
#[derive(Default)]
pub(crate) struct Unsealed {
    models: Vec<(ModelId, Ids)>,
}

#[derive(Default)]
struct Ids {
    /// Each id with the last sequence number before its log row was written.
    held: HashMap<[u8; 16], i64>,
    /// The numbers that occur in `held`, in order.
    marks: VecDeque<i64>,
}

impl Unsealed {
    /// Forgets everything; needed whenever rows that were added are rolled back.
    pub fn forget(&mut self) {
        self.models.clear();
    }

    /// Those of `ids` that are in the model's log, or in rows `staged` for it.
    pub fn those_of(
        &mut self,
        connection: &Connection,
        staged: &Staged,
        model: ModelId,
        ids: &[[u8; 16]],
    ) -> Result<Vec<[u8; 16]>, Error> {
        let mut held = match self.models.iter().position(|(held, _)| *held == model) {
            Some(at) => self.models.remove(at).1,
            None => Ids::of(connection, staged, model)?,
        };
        held.drop_sealed(connection, model)?;
        let found = ids.iter().filter(|id| held.held.contains_key(*id)).copied().collect();
        self.models.push((model, held));
        self.make_room();
        Ok(found)
    }

    /// Adds ids whose rows this transaction puts into the log, if those of the model are held.
    pub fn add(&mut self, connection: &Connection, model: ModelId, ids: &[[u8; 16]]) -> Result<(), Error> {
        let Some((_, held)) = self.models.iter_mut().find(|(held, _)| *held == model) else { return Ok(()) };
        held.add(log::last_seq(connection)?, ids.iter().copied());
        Ok(())
    }

    fn make_room(&mut self) {
        let mut total: usize = self.models.iter().map(|(_, ids)| ids.held.len()).sum();
        while total > LIMIT && self.models.len() > 1 {
            total -= self.models.remove(0).1.held.len();
        }
    }
}

impl Ids {
    /// The ids of the log as it is, and of what this transaction adds to it.
    fn of(connection: &Connection, staged: &Staged, model: ModelId) -> Result<Self, Error> {
        let mut ids = Self::default();
        for entry in log::entries(connection, model, Kind::Predictions, None)? {
            let Some((checksum, bytes)) = log::body(connection, entry.seq)? else { continue };
            let batch = body::decode(entry.seq, checksum, bytes)?;
            ids.add(entry.seq - 1, rows::id_bytes(&batch)?);
        }
        let mark = log::last_seq(connection)?;
        for batch in staged.predictions(model) {
            ids.add(mark, rows::id_bytes(&batch?)?);
        }
        Ok(ids)
    }

    fn add(&mut self, mark: i64, ids: impl IntoIterator<Item = [u8; 16]>) {
        if self.marks.back() != Some(&mark) {
            self.marks.push_back(mark);
        }
        self.held.extend(ids.into_iter().map(|id| (id, mark)));
    }

    /// Drops ids that are in segments, once they are many enough to be worth the pass.
    fn drop_sealed(&mut self, connection: &Connection, model: ModelId) -> Result<(), Error> {
        let first: Option<i64> = connection
            .prepare_cached("SELECT min(seq) FROM log WHERE model = ?1 AND kind = ?2")?
            .query_row(params![model.0, Kind::Predictions.number()], |row| row.get(0))?;
        let first = first.unwrap_or(i64::MAX);
        // Rows marked before `last` have numbers up to `last`, all of which are sealed.
        let sealed = self.marks.partition_point(|mark| *mark < first);
        let Some(last) = sealed.checked_sub(1).and_then(|at| self.marks.get(at)).copied() else { return Ok(()) };
        if sealed > 1 && self.marks.front() != Some(&last) {
            self.marks.drain(..sealed - 1);
            self.held.retain(|_, mark| *mark >= last);
        }
        Ok(())
    }
}
