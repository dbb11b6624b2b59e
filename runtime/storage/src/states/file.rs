//! The file of kept states: SQLite that may lose what it likes, and is made anew when it can't be used.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use driftline_core::Digest;
use rusqlite::{Connection, OptionalExtension, params};

use super::{MAX_BYTES, packed};
use crate::ModelId;

/// Marks the file as one of ours, in this format; any other is made anew.
const FORMAT: i64 = 0x6466_0001;

/// Each entry takes this much beside its value, in the table and its indexes.
const OVERHEAD_BYTES: u64 = 128;

/// How long a connection waits for the other one.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to the file.
pub(super) struct StateFile(Connection);

/// What the file has under a key.
pub(super) enum Found {
    Nothing,
    Value { value: Vec<u8>, model: ModelId, used: u64 },
    Damaged,
    Unreadable(rusqlite::Error),
}

/// A value to be written.
pub(super) struct Entry {
    pub key: Digest,
    pub model: ModelId,
    pub value: Arc<[u8]>,
    /// The hour of its last use.
    pub hour: u64,
}

/// Where the file is in a data directory.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.join("cache").join("states.db")
}

/// Deletes the file and what SQLite keeps beside it; tells whether none is left.
pub(super) fn remove(path: &Path) -> bool {
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    [path.to_owned(), beside("-wal"), beside("-shm"), beside("-journal")].iter().all(|file| {
        match fs::remove_file(file) {
            Ok(()) => true,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    })
}

impl StateFile {
    /// Opens the file for writing; makes it anew unless it is in our format.
    pub fn open(path: &Path) -> rusqlite::Result<Self> {
        if let Some(folder) = path.parent() {
            // What is wrong with the folder shows when the file is made.
            let _exists = fs::create_dir_all(folder);
        }
        match Self::connect(path) {
            Ok(Some(file)) => Ok(file),
            Ok(None) | Err(_) => {
                remove(path);
                Self::create(path)
            }
        }
    }

    /// A second connection, for reading.
    pub fn beside(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(Self(connection))
    }

    fn connect(path: &Path) -> rusqlite::Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let connection = configured(path)?;
        let format: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        // Damage that shows at once; other damage shows when it is met.
        connection.query_row("SELECT count(*) FROM (SELECT 1 FROM states LIMIT 1)", [], |row| row.get::<_, i64>(0))?;
        Ok((format == FORMAT).then_some(Self(connection)))
    }

    fn create(path: &Path) -> rusqlite::Result<Self> {
        let connection = configured(path)?;
        connection.execute_batch(
            "CREATE TABLE states (
                 id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, model INTEGER NOT NULL,
                 used INTEGER NOT NULL, bytes INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
             CREATE INDEX states_used ON states (used, bytes);
             CREATE INDEX states_model ON states (model);",
        )?;
        connection.pragma_update(None, "application_id", FORMAT)?;
        Ok(Self(connection))
    }

    /// What there is under `key`.
    pub fn get(&self, key: &Digest) -> Found {
        match self.row(key) {
            Err(error) => Found::Unreadable(error),
            Ok(None) => Found::Nothing,
            Ok(Some((packed, model, used))) => match packed::unpack(key, &packed, MAX_BYTES) {
                Some(value) => Found::Value { value, model: ModelId(model), used },
                None => Found::Damaged,
            },
        }
    }

    /// Whether there is something under `key`.
    pub fn has(&self, key: &Digest) -> bool {
        let found = self.0.prepare_cached("SELECT 1 FROM states WHERE key = ?1");
        found.and_then(|mut found| found.exists([&key.as_bytes()[..]])).unwrap_or(false)
    }

    fn row(&self, key: &Digest) -> rusqlite::Result<Option<(Vec<u8>, i64, u64)>> {
        self.0
            .prepare_cached("SELECT value, model, used FROM states WHERE key = ?1")?
            .query_row([&key.as_bytes()[..]], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()
    }

    /// How many bytes there are.
    pub fn bytes(&self) -> rusqlite::Result<u64> {
        self.0.query_row("SELECT coalesce(sum(bytes), 0) FROM states", [], |row| row.get(0))
    }

    /// Writes, notes uses, and drops in one transaction; gives how many bytes there are more.
    pub fn write(&mut self, entries: &[Entry], uses: &[(Digest, u64)], drops: &[Digest]) -> rusqlite::Result<i64> {
        let change = self.0.transaction()?;
        let mut grown = 0;
        {
            let mut insert = change.prepare_cached(
                "INSERT INTO states (key, model, used, bytes, value) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?;
            for Entry { key, model, value, hour } in entries {
                let packed = packed::pack(key, value);
                let bytes = packed.len() as u64 + OVERHEAD_BYTES;
                let written = insert.execute(params![&key.as_bytes()[..], model.0, hour, bytes, packed])?;
                grown += (written as u64 * bytes) as i64;
            }
            let mut note = change.prepare_cached("UPDATE states SET used = ?2 WHERE key = ?1 AND used < ?2")?;
            for (key, hour) in uses {
                note.execute(params![&key.as_bytes()[..], hour])?;
            }
            let mut delete = change.prepare_cached("DELETE FROM states WHERE key = ?1 RETURNING bytes")?;
            for key in drops {
                let gone: Option<i64> = delete.query_row([&key.as_bytes()[..]], |row| row.get(0)).optional()?;
                grown -= gone.unwrap_or(0);
            }
        }
        change.commit()?;
        Ok(grown)
    }

    /// Drops what was used longest ago, at least `bytes` of it if there is so much; gives how many values and bytes went.
    pub fn evict(&mut self, bytes: u64) -> rusqlite::Result<(u64, u64)> {
        let change = self.0.transaction()?;
        let (mut values, mut gone) = (0, 0);
        {
            let mut oldest = change.prepare_cached("SELECT id, bytes FROM states ORDER BY used, bytes LIMIT 4096")?;
            let mut delete = change.prepare_cached("DELETE FROM states WHERE id = ?1")?;
            let found: Vec<(i64, u64)> =
                oldest.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
            for (id, size) in found {
                if gone >= bytes {
                    break;
                }
                delete.execute([id])?;
                (values, gone) = (values + 1, gone + size);
            }
        }
        change.commit()?;
        Ok((values, gone))
    }

    /// Drops what rests on rows of these models, and leaves no byte of it in the file or beside it.
    pub fn forget(&mut self, models: &[ModelId]) -> rusqlite::Result<()> {
        let change = self.0.transaction()?;
        for model in models {
            change.execute("DELETE FROM states WHERE model = ?1", [model.0])?;
        }
        change.commit()?;
        let busy: i64 = self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        match busy {
            0 => Ok(()),
            _ => Err(rusqlite::Error::ExecuteReturnedResults),
        }
    }
}

fn configured(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    // What was dropped may have held values of rows that are to be forgotten.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(connection)
}
