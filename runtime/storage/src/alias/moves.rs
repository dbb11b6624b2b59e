//! The moves of aliases as the catalog has them.

use driftline_core::{Digest, Name, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Alias;
use crate::{Error, catalog};

/// One change of an alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasMove {
    /// What was done.
    pub kind: MoveKind,
    /// The version that it meant before; none when there was no such alias.
    pub from: Option<String>,
    /// The version that it means since; none when it was removed.
    pub to: Option<String>,
    /// When.
    pub moved: Time,
}

/// How an alias was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// It was set to a version.
    Set,
    /// It was moved back to where it had been.
    RolledBack,
    /// It was removed.
    Removed,
}

/// A move as it is kept: where to and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub kind: MoveKind,
    pub digest: Option<Digest>,
    pub moved: Time,
}

impl MoveKind {
    /// The word in the catalog and the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::RolledBack => "rolled_back",
            Self::Removed => "removed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Set, Self::RolledBack, Self::Removed].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The places that lead to the present one, the present one last: a move back takes away the last place.
pub(super) fn trail(steps: &[Step]) -> Vec<Option<Digest>> {
    let mut trail = Vec::new();
    for step in steps {
        match step.kind {
            MoveKind::Set | MoveKind::Removed => trail.push(step.digest),
            MoveKind::RolledBack => _ = trail.pop(),
        }
    }
    trail
}

/// Notes a move of `(plugin, alias)`.
pub(super) fn insert(connection: &Connection, alias: (&Name, &Name), step: Step) -> Result<(), Error> {
    let digest = step.digest.as_ref().map(Digest::as_bytes);
    connection
        .prepare_cached("INSERT INTO alias_moves (plugin, alias, kind, digest, moved) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![alias.0.as_str(), alias.1.as_str(), step.kind.as_str(), digest, step.moved.micros()])?;
    Ok(())
}

/// All moves of an alias, the oldest first.
pub(super) fn steps(connection: &Connection, plugin: &Name, alias: &Name) -> Result<Vec<Step>, Error> {
    let query = format!("{STEP} ORDER BY seq");
    let mut statement = connection.prepare_cached(&query)?;
    Ok(statement.query_map([plugin.as_str(), alias.as_str()], step)?.collect::<Result<_, _>>()?)
}

/// The last move of an alias.
pub(super) fn last(connection: &Connection, plugin: &Name, alias: &Name) -> Result<Option<Step>, Error> {
    let query = format!("{STEP} ORDER BY seq DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&query)?;
    Ok(statement.query_row([plugin.as_str(), alias.as_str()], step).optional()?)
}

/// The aliases of a plugin that there are now, by name.
pub(super) fn present(connection: &Connection, plugin: &Name) -> Result<Vec<Alias>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT m.alias, p.version, m.digest, m.moved FROM alias_moves m JOIN plugins p ON p.digest = m.digest
         WHERE m.plugin = ?1 AND m.seq IN (SELECT max(seq) FROM alias_moves WHERE plugin = ?1 GROUP BY alias)
         ORDER BY m.alias",
    )?;
    let found = statement.query_map([plugin.as_str()], |row| {
        let (name, digest, since) = (catalog::name(row, 0)?, catalog::digest(row, 2)?, catalog::time(row, 3)?);
        Ok(Alias { name, version: row.get(1)?, digest, since })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// All moves of an alias, the newest first, each with where it came from.
pub(super) fn history(connection: &Connection, plugin: &Name, alias: &Name) -> Result<Vec<AliasMove>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT m.kind, lag(p.version) OVER (ORDER BY m.seq), p.version, m.moved
         FROM alias_moves m LEFT JOIN plugins p ON p.digest = m.digest
         WHERE m.plugin = ?1 AND m.alias = ?2 ORDER BY m.seq DESC",
    )?;
    let found = statement.query_map([plugin.as_str(), alias.as_str()], |row| {
        Ok(AliasMove { kind: kind(row, 0)?, from: row.get(1)?, to: row.get(2)?, moved: catalog::time(row, 3)? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

const STEP: &str = "SELECT kind, digest, moved FROM alias_moves WHERE plugin = ?1 AND alias = ?2";

fn step(row: &Row<'_>) -> rusqlite::Result<Step> {
    let digest = match row.get_ref(1)? {
        rusqlite::types::ValueRef::Null => None,
        _ => Some(catalog::digest(row, 1)?),
    };
    Ok(Step { kind: kind(row, 0)?, digest, moved: catalog::time(row, 2)? })
}

fn kind(row: &Row<'_>, index: usize) -> rusqlite::Result<MoveKind> {
    let word = row.get_ref(index)?.as_str()?;
    MoveKind::parse(word).ok_or_else(|| catalog::odd(index, format!("`{word}` is no kind of move")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_back_takes_away_the_last_place() {
        let [one, two, three] = [b"1", b"2", b"3"].map(|bytes| Digest::of(bytes));
        let (set, removed, back) = (MoveKind::Set, MoveKind::Removed, MoveKind::RolledBack);
        for (moves, expected) in [
            (vec![(set, Some(one))], vec![Some(one)]),
            (vec![(set, Some(one)), (set, Some(two)), (back, Some(one))], vec![Some(one)]),
            (
                vec![(set, Some(one)), (set, Some(two)), (set, Some(three)), (back, Some(two)), (back, Some(one))],
                vec![Some(one)],
            ),
            (
                vec![(set, Some(one)), (set, Some(two)), (back, Some(one)), (set, Some(three))],
                vec![Some(one), Some(three)],
            ),
            (vec![(set, Some(one)), (removed, None)], vec![Some(one), None]),
            (vec![(set, Some(one)), (removed, None), (back, Some(one))], vec![Some(one)]),
        ] {
            let steps = moves.iter().map(|&(kind, digest)| Step { kind, digest, moved: Time::EPOCH });
            assert_eq!(trail(&steps.collect::<Vec<_>>()), expected, "{moves:?}");
        }
    }
}
