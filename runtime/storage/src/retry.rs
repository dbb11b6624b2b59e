//! Idempotency keys: a request that is sent again gets its first answer again.

use driftline_core::{Digest, Span, Time};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Error, Kind, catalog, model::ModelId};

/// How long an answer is kept: 30 days.
const KEPT_MICROS: i64 = 30 * 86_400_000_000;

/// A caller's promise that a request is the same as an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The caller's key; it counts per model and kind of rows.
    pub key: String,
    /// What the key must always come with: the digest of the request.
    pub fingerprint: Digest,
}

/// The answer kept for this retry.
///
/// # Errors
/// [`Error::KeyReused`] when the key came with another request.
pub(crate) fn find(
    connection: &Connection,
    model: ModelId,
    kind: Kind,
    retry: &Retry,
) -> Result<Option<String>, Error> {
    let kept: Option<(Digest, String)> = connection
        .prepare_cached("SELECT fingerprint, answer FROM retries WHERE model = ?1 AND kind = ?2 AND key = ?3")?
        .query_row(params![model.0, kind.number(), retry.key], |row| Ok((catalog::digest(row, 0)?, row.get(1)?)))
        .optional()?;
    match kept {
        Some((fingerprint, answer)) if fingerprint == retry.fingerprint => Ok(Some(answer)),
        Some(_) => Err(Error::KeyReused { key: retry.key.clone() }),
        None => Ok(None),
    }
}

/// Keeps the answer.
pub(crate) fn keep(
    connection: &Connection,
    model: ModelId,
    kind: Kind,
    retry: &Retry,
    answer: &str,
    now: Time,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO retries (model, kind, key, fingerprint, answer, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![model.0, kind.number(), retry.key, retry.fingerprint.as_bytes(), answer, now.micros()])?;
    Ok(())
}

/// Drops the answers that are too old.
pub(crate) fn expire(connection: &Connection, now: Time) -> Result<usize, Error> {
    let Some(kept) = Span::from_micros(KEPT_MICROS) else { return Ok(0) };
    Ok(connection.execute("DELETE FROM retries WHERE created < ?1", [now.before(kept).micros()])?)
}
