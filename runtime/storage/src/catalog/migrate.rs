//! Brings an older catalog up to the present format, one step a file.

use rusqlite::{Connection, TransactionBehavior};

use crate::Error;

/// Step `i` leads from format `i` to format `i + 1`. A shipped step never changes.
const STEPS: &[&str] = &[
    include_str!("0001_first.sql"),
    include_str!("0002_generations.sql"),
    include_str!("0003_retention.sql"),
    include_str!("0004_commits.sql"),
    include_str!("0005_file_store.sql"),
    include_str!("0006_wide_integers.sql"),
    include_str!("0007_ids.sql"),
    include_str!("0008_roll_up_rows.sql"),
    include_str!("0009_aliases.sql"),
    include_str!("0010_laws.sql"),
    include_str!("0011_limits_and_fuel.sql"),
    include_str!("0012_monitors.sql"),
    include_str!("0013_kept_evaluations.sql"),
    include_str!("0014_told.sql"),
    include_str!("0015_changes.sql"),
];

/// Checks that this release knows catalogs of format `found`.
///
/// # Errors
/// [`Error::TooNew`].
pub(crate) fn known(found: u32) -> Result<(), Error> {
    let known = STEPS.len() as u32;
    if found > known { Err(Error::TooNew { found, known }) } else { Ok(()) }
}

/// Checks that no step is missing.
///
/// # Errors
/// [`Error::Outdated`], [`Error::TooNew`].
pub(crate) fn current(connection: &Connection) -> Result<(), Error> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    known(found)?;
    if found == STEPS.len() as u32 { Ok(()) } else { Err(Error::Outdated) }
}

/// Runs the missing steps, each in its own transaction.
pub(crate) fn run(connection: &mut Connection) -> Result<(), Error> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    known(found)?;
    for (format, step) in (1u32..).zip(STEPS).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", format)?;
        transaction.commit()?;
    }
    Ok(())
}
