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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn deliveries_of_earlier_releases_are_known_by_all_alerts_that_they_tell_of() {
        let mut connection = Connection::open_in_memory().expect("opens");
        STEPS.iter().take(13).for_each(|step| connection.execute_batch(step).expect("an earlier step"));
        connection.pragma_update(None, "user_version", 13).expect("writes");
        let [a, b] = [1, 2].map(Uuid::from_u128);
        let notice = format!(r#"{{"alerts":[{{"id":"{a}"}},{{"id":"{b}"}}]}}"#);
        for (id, alert, notice) in [(7, Some(a), notice.as_str()), (8, Some(b), "{}"), (9, None, "a test")] {
            connection
                .execute(
                    "INSERT INTO deliveries (id, channel, alert, notice, status, attempts, created, next_attempt, said)
                     VALUES (?1, 'ops', ?2, ?3, 'pending', 0, 0, 0, '')",
                    rusqlite::params![Uuid::from_u128(id).as_bytes(), alert.map(Uuid::into_bytes), notice],
                )
                .expect("inserts");
        }
        run(&mut connection).expect("upgrades");
        let mut told =
            connection.prepare("SELECT delivery, alert FROM told ORDER BY delivery, alert").expect("a query");
        let id = |row: &rusqlite::Row<'_>, at| Ok::<_, rusqlite::Error>(row.get::<_, [u8; 16]>(at)?[15]);
        let told = told.query_map([], |row| Ok((id(row, 0)?, id(row, 1)?))).expect("reads");
        assert_eq!(told.collect::<Result<Vec<_>, _>>().expect("reads"), [(7, 1), (7, 2), (8, 2)]);
    }
}
