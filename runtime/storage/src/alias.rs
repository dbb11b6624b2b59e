//! Names for versions of a plugin that can be moved: `stable`, `canary`, whatever its users agree on.
//!
//! Only the moves are kept: where an alias is follows from them, and so does where it was before.

mod moves;

pub use moves::{AliasMove, MoveKind};

use driftline_core::{Digest, Name, Time};
use rusqlite::Connection;

use self::moves::{Step, insert, steps, trail};
use crate::{Error, PluginRecord, PluginRef, Storage, plugin};

/// An alias as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Its name.
    pub name: Name,
    /// The version that it means.
    pub version: String,
    /// The digest of that version.
    pub digest: Digest,
    /// When it was moved there.
    pub since: Time,
}

impl Storage {
    /// Lets `plugin@alias` mean `to`, a version of that plugin; the alias need not exist before.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such version, [`Error::Conflict`] when it is retired.
    pub fn set_alias(&self, plugin: &Name, alias: &Name, to: &PluginRef) -> Result<Alias, Error> {
        let (plugin, alias, to) = (plugin.clone(), alias.clone(), to.clone());
        self.inner.writer.call(move |group| {
            let found = plugin::find(group.connection, &to)?.filter(|record| record.name == plugin);
            let record = found.ok_or_else(|| Error::not_found("plugin", &to))?;
            refuse_retired(&record)?;
            if target(group.connection, &plugin, &alias)? != Some(record.digest) {
                let step = Step { kind: MoveKind::Set, digest: Some(record.digest), moved: group.now };
                insert(group.connection, (&plugin, &alias), step)?;
            }
            here(group.connection, &plugin, &alias)
        })
    }

    /// Moves an alias back to where it was before the move that brought it to where it is; again goes further back.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it never existed, [`Error::Conflict`] when it was nowhere before, or that version is
    /// retired.
    pub fn roll_back_alias(&self, plugin: &Name, alias: &Name) -> Result<Alias, Error> {
        let (plugin, alias) = (plugin.clone(), alias.clone());
        self.inner.writer.call(move |group| {
            let steps = steps(group.connection, &plugin, &alias)?;
            if steps.is_empty() {
                return Err(unknown(&plugin, &alias));
            }
            let trail = trail(&steps);
            let Some(Some(before)) = trail.len().checked_sub(2).and_then(|at| trail.get(at)) else {
                let reason = format!("`{plugin}@{alias}` was nowhere else before: set it to the version you want");
                return Err(Error::conflict("nothing_to_roll_back", reason));
            };
            let which = PluginRef::Digest(*before);
            let record = plugin::find(group.connection, &which)?.ok_or_else(|| Error::not_found("plugin", &which))?;
            refuse_retired(&record)?;
            let step = Step { kind: MoveKind::RolledBack, digest: Some(record.digest), moved: group.now };
            insert(group.connection, (&plugin, &alias), step)?;
            here(group.connection, &plugin, &alias)
        })
    }

    /// Removes an alias; its moves stay for the record.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub fn remove_alias(&self, plugin: &Name, alias: &Name) -> Result<(), Error> {
        let (plugin, alias) = (plugin.clone(), alias.clone());
        self.inner.writer.call(move |group| {
            if target(group.connection, &plugin, &alias)?.is_none() {
                return Err(unknown(&plugin, &alias));
            }
            let step = Step { kind: MoveKind::Removed, digest: None, moved: group.now };
            insert(group.connection, (&plugin, &alias), step)
        })
    }

    /// The aliases of a plugin, by name.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn aliases(&self, plugin: &Name) -> Result<Vec<Alias>, Error> {
        self.inner.catalog.read(|view| moves::present(view, plugin))
    }

    /// Every move of an alias, the newest first; none when it never existed.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn alias_moves(&self, plugin: &Name, alias: &Name) -> Result<Vec<AliasMove>, Error> {
        self.inner.catalog.read(|view| moves::history(view, plugin, alias))
    }
}

/// The digest that an alias means, if there is such an alias.
pub(crate) fn target(connection: &Connection, plugin: &Name, alias: &Name) -> Result<Option<Digest>, Error> {
    Ok(moves::last(connection, plugin, alias)?.and_then(|step| step.digest))
}

/// Refuses to retire what aliases mean.
///
/// # Errors
/// [`Error::Conflict`].
pub(crate) fn refuse_aliased(connection: &Connection, record: &PluginRecord) -> Result<(), Error> {
    let aliases = moves::present(connection, &record.name)?;
    let Some(alias) = aliases.into_iter().find(|alias| alias.digest == record.digest) else { return Ok(()) };
    let (plugin, version, alias) = (&record.name, &record.version, &alias.name);
    let reason =
        format!("`{plugin}@{alias}` means {version}: move or roll back that alias first, then retire {version}");
    Err(Error::conflict("plugin_aliased", reason))
}

fn refuse_retired(record: &PluginRecord) -> Result<(), Error> {
    if record.retired.is_none() {
        return Ok(());
    }
    let reason =
        format!("{0}@{1} is retired: reinstate it first, or choose another version", record.name, record.version);
    Err(Error::conflict("plugin_retired", reason))
}

fn here(connection: &Connection, plugin: &Name, alias: &Name) -> Result<Alias, Error> {
    let present = moves::present(connection, plugin)?;
    present.into_iter().find(|found| found.name == *alias).ok_or_else(|| unknown(plugin, alias))
}

fn unknown(plugin: &Name, alias: &Name) -> Error {
    Error::not_found("alias", format!("{plugin}@{alias}"))
}
