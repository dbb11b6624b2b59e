//! The catalog database: how its connections are opened, and lent to readers.

mod cell;
mod checked;
mod mark;
mod migrate;
mod page;
mod sequence;
mod unchecked;

pub(crate) use cell::{digest, id16, name, name_or_null, odd, time, time_or_null, uuid, uuid_or_null, word};
pub(crate) use mark::{Mark, advance, check as check_mark, marked};
pub(crate) use page::is_whole;
pub(crate) use sequence::draw;

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{Error, held};

/// The size of the catalog's pages.
pub(crate) const PAGE_BYTES: usize = 8192;

/// How many idle connections are kept for readers.
const IDLE: usize = 4;

/// The readers' side of the catalog; writes go through the writer's own connection.
pub(crate) struct Catalog {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Catalog {
    /// Opens the catalog in `dir`, creating or upgrading it, and hands out the
    /// one connection that writes, and the mark of its commits.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is damaged or lost commits, [`Error::TooNew`].
    pub fn open(dir: &Path) -> Result<(Self, Connection, Mark), Error> {
        let path = dir.join("catalog.db");
        checked::register()?;
        if unchecked::is_unchecked(&path)? {
            unchecked::add_checksums(&path)?;
        }
        let mut writer = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        // A damaged write-ahead log stays what it is until it was looked at.
        writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        configure_writer(&writer)?;
        check_mark(marked(dir), &writer)?;
        migrate::run(&mut writer)?;
        writer.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok((Self { path, idle: Mutex::new(Vec::new()) }, writer, Mark::open(dir)?))
    }

    /// The catalog in `dir` for reading alone, beside a process that may have it open.
    ///
    /// # Errors
    /// [`Error::Outdated`] for a catalog of an earlier release, [`Error::TooNew`] for one of a later.
    pub fn beside(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("catalog.db");
        checked::register()?;
        if unchecked::is_unchecked(&path)? {
            return Err(Error::Outdated);
        }
        let catalog = Self { path, idle: Mutex::new(Vec::new()) };
        catalog.read(migrate::current)?;
        Ok(catalog)
    }

    /// Copies what the catalog holds at one instant to the new file `to`, without what is deleted, and syncs it.
    pub fn copy(&self, to: &Path) -> Result<(), Error> {
        unchecked::copy(&self.take()?, to)
    }

    /// Runs `read` on one unchanging view of the catalog.
    pub fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        let connection = self.take()?;
        let view = connection.unchecked_transaction()?;
        let result = read(&view);
        view.finish()?;
        self.give_back(connection);
        result
    }

    /// Overwrites the pages that no record uses and empties the write-ahead log,
    /// so that nothing removed before can be read from the files. Writers get
    /// their turns between. `false` when a reader of an older view is in the way.
    pub fn wipe(&self) -> Result<bool, Error> {
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.busy_timeout(PATIENCE)?;
        connection.pragma_update(None, "secure_delete", "ON")?;
        clear_blank(&connection)?;
        loop {
            let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
            if free == 0 {
                break;
            }
            let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let bytes = (free * page).min(WIPE_BYTES);
            connection.execute("INSERT INTO blank (zeros) VALUES (zeroblob(?1))", [bytes])?;
        }
        clear_blank(&connection)?;
        let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }

    /// Closes the idle connections.
    pub fn close(&self) {
        held(&self.idle).clear();
    }

    fn take(&self) -> Result<Connection, Error> {
        if let Some(connection) = held(&self.idle).pop() {
            return Ok(connection);
        }
        let connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = held(&self.idle);
        if idle.len() < IDLE {
            idle.push(connection);
        }
    }
}

/// How much is overwritten in one transaction.
const WIPE_BYTES: i64 = 16 << 20;

/// Frees the pages that were taken to be overwritten; deleting with `secure_delete` fills them with zeros.
fn clear_blank(connection: &Connection) -> Result<(), Error> {
    while connection.execute("DELETE FROM blank WHERE rowid = (SELECT min(rowid) FROM blank)", [])? > 0 {}
    Ok(())
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    Ok(Connection::open_with_flags_and_vfs(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX, checked::NAME)?)
}

const PATIENCE: Duration = Duration::from_secs(10);

fn configure_writer(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "page_size", PAGE_BYTES as i64)?;
    checked::reserve(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    // What is deleted is overwritten in the pages that stay; see `Catalog::wipe` for those that do not.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    Ok(())
}
