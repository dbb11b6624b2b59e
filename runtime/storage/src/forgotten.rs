//! Deleted ids, remembered only as salted hashes: what comes late for them is dropped.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use arrow::{
    array::{Array, BooleanArray, RecordBatch},
    compute::filter_record_batch,
};
use driftline_core::{Digest, Name};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::{Error, catalog, held, model::ModelId, rows};

/// The forgotten ids of all models. Changes are made by the writer, so what it sees is never stale.
#[derive(Default)]
pub(crate) struct Forgotten {
    version: AtomicU64,
    models: Mutex<HashMap<Name, Arc<Hashes>>>,
}

/// The forgotten ids of a model.
#[derive(Clone)]
struct Hashes {
    salt: [u8; 16],
    hashes: HashSet<[u8; 16]>,
}

impl Hashes {
    /// The first half of the SHA-256 of the salt and the id.
    fn hash(&self, id: &[u8]) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.copy_from_slice(&Digest::of_parts([&self.salt[..], id]).as_bytes()[..16]);
        hash
    }
}

impl Forgotten {
    /// Reads everything anew.
    pub fn load(&self, view: &Connection) -> Result<(), Error> {
        let mut models: HashMap<Name, Hashes> = HashMap::new();
        let mut statement = view.prepare(
            "SELECT m.name, m.salt, f.hash FROM forgotten f JOIN models m ON m.id = f.model
             WHERE m.deleted IS NULL AND m.salt IS NOT NULL",
        )?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let salt = catalog::id16(row, 1)?;
            let of_model = || Hashes { salt, hashes: HashSet::new() };
            models.entry(catalog::name(row, 0)?).or_insert_with(of_model).hashes.insert(catalog::id16(row, 2)?);
        }
        *held(&self.models) = models.into_iter().map(|(name, hashes)| (name, Arc::new(hashes))).collect();
        self.version.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Grows with every change.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Forgets an id, in the running transaction and from now on in memory.
    pub fn add(&self, connection: &Connection, name: &Name, model: ModelId, id: [u8; 16]) -> Result<(), Error> {
        let salt = salt(connection, model)?;
        let mut models = held(&self.models);
        let known = models.get(name).map(|known| known.as_ref().clone());
        let mut hashes = known.unwrap_or(Hashes { salt, hashes: HashSet::new() });
        let hash = hashes.hash(&id);
        connection
            .prepare_cached("INSERT INTO forgotten (model, hash) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![model.0, hash])?;
        hashes.hashes.insert(hash);
        models.insert(name.clone(), Arc::new(hashes));
        self.version.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// The model is no more.
    pub fn drop_model(&self, name: &Name) {
        held(&self.models).remove(name);
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// The rows of `batch` whose ids are not forgotten.
    pub fn strip(&self, name: &Name, batch: RecordBatch) -> Result<RecordBatch, Error> {
        let Some(known) = held(&self.models).get(name).cloned() else { return Ok(batch) };
        let ids = rows::ids(&batch)?;
        let kept = (0..ids.len()).map(|row| !known.hashes.contains(&known.hash(ids.value(row))));
        let kept: BooleanArray = kept.map(Some).collect();
        if kept.true_count() == batch.num_rows() {
            return Ok(batch);
        }
        filter_record_batch(&batch, &kept).map_err(|error| Error::failed("dropping deleted rows", error))
    }
}

/// The model's salt, drawn when it is first needed.
fn salt(connection: &Connection, model: ModelId) -> Result<[u8; 16], Error> {
    let drawn: Option<Vec<u8>> = connection
        .prepare_cached("SELECT salt FROM models WHERE id = ?1")?
        .query_row([model.0], |row| row.get(0))
        .optional()?
        .flatten();
    if let Some(salt) = drawn.and_then(|salt| salt.try_into().ok()) {
        return Ok(salt);
    }
    let salt = Uuid::new_v4().into_bytes();
    connection.prepare_cached("UPDATE models SET salt = ?2 WHERE id = ?1")?.execute(params![model.0, salt])?;
    Ok(salt)
}
