//! An append that needs only the writer.

use std::{collections::HashSet, sync::Arc};

use driftline_core::{Name, Schema};

use super::{
    Append, Appended, Unique,
    seen::{Seen, ids_of},
};
use crate::{
    Error, Kind, Retry,
    forgotten::Forgotten,
    retry, rows, segment,
    writer::{Chunk, Group},
};

/// Rows that are checked and encoded.
pub(super) struct Prepared {
    model: Name,
    kind: Kind,
    create_model: bool,
    retry: Option<Retry>,
    answer: String,
    schema: Schema,
    chunks: Vec<Chunk>,
    forgotten: Arc<Forgotten>,
    /// Of what was forgotten when the rows were looked at.
    version: u64,
    unique: Option<Unique>,
    /// Of predictions.
    ids: Vec<[u8; 16]>,
    /// Up to which generation segments were looked through for the ids.
    looked: Option<u64>,
    duplicates: u64,
}

/// What the writer made of it.
pub(super) enum Written {
    /// It is in the transaction.
    Done(Appended),
    /// The rows must be looked at again: these ids are there, and what is in segments or forgotten may have changed.
    Again(Vec<[u8; 16]>),
}

impl Prepared {
    /// Checks and encodes the rows that were not `seen`.
    pub fn from(append: Append, forgotten: Arc<Forgotten>, seen: &Seen) -> Result<Self, Error> {
        let version = forgotten.version();
        let (mut schema, mut chunks, mut kept) = (Schema::default(), Vec::new(), Vec::new());
        let (mut met, mut duplicates) = (HashSet::new(), 0);
        for batch in &append.batches {
            let rows = rows::normal(append.kind, batch)?;
            schema.merge(&rows.schema)?;
            let mut batch = forgotten.strip(&append.model, rows.batch)?;
            if append.unique.is_some() {
                let (fresh, seen) = seen.strip(&mut met, batch)?;
                duplicates += seen;
                batch = fresh;
            }
            chunks.extend(Chunk::cut(&batch)?);
            kept.push(batch);
        }
        let ids = if append.kind == Kind::Predictions { ids_of(&kept)? } else { Vec::new() };
        let Append { model, kind, create_model, retry, mut answer, unique, .. } = append;
        if let Some(Unique { count }) = unique.filter(|_| duplicates > 0) {
            answer = count(&answer, duplicates);
        }
        let looked = seen.generation();
        Ok(Self {
            model,
            kind,
            create_model,
            retry,
            answer,
            schema,
            chunks,
            forgotten,
            version,
            unique,
            ids,
            looked,
            duplicates,
        })
    }

    /// About how many bytes it holds in memory.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::bytes).sum::<usize>() + self.ids.len() * 16
    }

    /// Puts the rows into the running transaction.
    pub fn write(self, group: &mut Group<'_>) -> Result<Written, Error> {
        if self.forgotten.version() != self.version {
            return Ok(Written::Again(Vec::new()));
        }
        let id = group.known.model(group.connection, &self.model, self.create_model, group.now)?.0;
        if let Some(key) = &self.retry
            && let Some(answer) = retry::find(group.connection, id, self.kind, key)?
        {
            return Ok(Written::Done(Appended::Replayed(answer)));
        }
        if self.unique.is_some() {
            let newest = segment::newest(group.connection, id)?;
            if self.looked.is_none_or(|looked| looked < newest) {
                return Ok(Written::Again(Vec::new()));
            }
            let there = group.unsealed.those_of(group.connection, group.staged, id, &self.ids)?;
            if !there.is_empty() {
                return Ok(Written::Again(there));
            }
        }
        if let Some(key) = &self.retry {
            retry::keep(group.connection, id, self.kind, key, &self.answer, group.now)?;
        }
        group.known.admit(group.connection, &self.model, &self.schema)?;
        group.unsealed.add(group.connection, id, &self.ids)?;
        group.staged.add(id, self.kind, self.chunks);
        Ok(Written::Done(match self.duplicates {
            0 => Appended::Fresh,
            duplicates => Appended::Partly { answer: self.answer, duplicates },
        }))
    }
}
