//! The keys that SQLite gives one after the other.

use rusqlite::Connection;

use crate::Error;

/// Draws the next key of `table`, whose key is `AUTOINCREMENT`; no row has it, and none ever gets it by itself.
pub(crate) fn draw(connection: &Connection, table: &str) -> Result<i64, Error> {
    // SQLite keeps the last key it gave in a table of its own, once there was one.
    connection
        .prepare_cached(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, 0
             WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
        )?
        .execute([table])?;
    Ok(connection
        .prepare_cached("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ?1 RETURNING seq")?
        .query_row([table], |row| row.get(0))?)
}
