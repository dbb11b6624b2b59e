//! Channels: where notices go.

use driftline_core::{Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{Error, Storage, Written, catalog, delivery};

/// A channel as it was when it was read. Its text has secrets and can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ChannelRecord {
    /// Its name.
    pub name: Name,
    /// How it is reached, secrets included: a JSON text that storage does not look into.
    pub config: String,
    /// When it was first put.
    pub created: Time,
    /// When it was last changed.
    pub changed: Time,
}

impl std::fmt::Debug for ChannelRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, created, changed, .. } = self;
        f.debug_struct("ChannelRecord")
            .field("name", name)
            .field("created", created)
            .field("changed", changed)
            .finish_non_exhaustive()
    }
}

impl Storage {
    /// Creates the channel or changes how it is reached.
    ///
    /// # Errors
    /// [`Error::Full`], [`Error::Failed`].
    pub fn put_channel(&self, name: &Name, config: String) -> Result<(ChannelRecord, Written), Error> {
        let name = name.clone();
        self.inner.writer.call(move |group| {
            let held = find(group.connection, &name)?;
            let written = match &held {
                None => Written::Created,
                Some(held) if held.config == config => return Ok((held.clone(), Written::Unchanged)),
                Some(_) => Written::Changed,
            };
            let (now, created) = (group.now, held.map_or(group.now, |held| held.created));
            group
                .connection
                .prepare_cached(
                    "INSERT INTO channels (name, config, created, changed) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (name) DO UPDATE SET config = ?2, changed = ?4",
                )?
                .execute(params![name.as_str(), config, created.micros(), now.micros()])?;
            Ok((ChannelRecord { name, config, created, changed: now }, written))
        })
    }

    /// The channel called `name`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn channel(&self, name: &Name) -> Result<Option<ChannelRecord>, Error> {
        self.inner.catalog.read(|view| find(view, name))
    }

    /// Channels in the order of their names, at most `limit`, those after `after`.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn channels(&self, after: Option<&Name>, limit: usize) -> Result<Vec<ChannelRecord>, Error> {
        self.inner.catalog.read(|view| {
            let query = format!("{SELECT} WHERE name > ?1 ORDER BY name LIMIT ?2");
            let mut statement = view.prepare_cached(&query)?;
            let found = statement.query_map(params![after.map_or("", Name::as_str), limit as i64], channel)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// Removes the channel; what was to be sent there is given up.
    ///
    /// # Errors
    /// [`Error::NotFound`] without the channel.
    pub fn remove_channel(&self, name: &Name) -> Result<(), Error> {
        let name = name.clone();
        self.inner.writer.call(move |group| {
            let removed =
                group.connection.prepare_cached("DELETE FROM channels WHERE name = ?1")?.execute([name.as_str()])?;
            if removed == 0 {
                return Err(Error::not_found("channel", &name));
            }
            delivery::give_up(group.connection, &name, group.now)
        })
    }
}

const SELECT: &str = "SELECT name, config, created, changed FROM channels";

/// The channel called `name`.
pub(crate) fn find(connection: &Connection, name: &Name) -> Result<Option<ChannelRecord>, Error> {
    let query = format!("{SELECT} WHERE name = ?1");
    Ok(connection.prepare_cached(&query)?.query_row([name.as_str()], channel).optional()?)
}

fn channel(row: &Row<'_>) -> rusqlite::Result<ChannelRecord> {
    Ok(ChannelRecord {
        name: catalog::name(row, 0)?,
        config: row.get(1)?,
        created: catalog::time(row, 2)?,
        changed: catalog::time(row, 3)?,
    })
}
