//! The bond between a data directory and the store with its files.

use object_store::{ObjectStoreExt, PutPayload, path::Path};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::Files;
use crate::{Error, Place, catalog};

/// The object whose text is the key of the data directory that owns a store.
const OWNER: &str = "driftline-owner";

/// Makes sure that the place of `files` is that of the data directory's files.
/// One that has no files yet may be given any place that no other one owns.
pub(super) fn claim(files: &Files, connection: &Connection, any_listed: bool) -> Result<(), Error> {
    let kept = connection
        .query_row("SELECT place, owner FROM file_store", [], |row| {
            Ok((row.get::<_, String>(0)?, catalog::uuid(row, 1)?))
        })
        .optional()?;
    let given = files.place.to_string();
    let (recorded, owner) = kept.unwrap_or_else(|| (Place::DataDirectory.to_string(), Uuid::new_v4()));
    if any_listed && recorded != given {
        return Err(Error::WrongStore {
            reason: format!("the files of this data directory are in {recorded}, not in {given}: name that place"),
        });
    }
    connection.execute(
        "INSERT OR REPLACE INTO file_store (one, place, owner) VALUES (1, ?1, ?2)",
        params![given, owner.as_bytes()],
    )?;
    match files.place {
        Place::DataDirectory => Ok(()),
        Place::S3(_) => mark(files, &given, owner, any_listed),
    }
}

/// As [`claim`] for a restored catalog: its files will be at this place, whatever the backup's was.
pub(super) fn adopt(files: &Files, connection: &Connection) -> Result<(), Error> {
    connection.execute("DELETE FROM file_store", [])?;
    claim(files, connection, false)
}

/// Checks the owner's mark in the store, and leaves it in a new one.
fn mark(files: &Files, place: &str, owner: Uuid, any_listed: bool) -> Result<(), Error> {
    let (store, path) = (files.store(), Path::from(OWNER));
    let wrong = |reason: String| Err(Error::WrongStore { reason });
    let found = files.wait(async { store.get(&path).await?.bytes().await });
    match found {
        Ok(text) if text == owner.to_string().as_bytes() => Ok(()),
        Ok(_) => wrong(format!("{place} holds the files of another data directory: choose another bucket or prefix")),
        Err(object_store::Error::NotFound { .. }) if any_listed => {
            wrong(format!("{place} does not hold the files of this data directory: check bucket, prefix and endpoint"))
        }
        Err(object_store::Error::NotFound { .. }) => {
            let text = PutPayload::from(owner.to_string().into_bytes());
            files.wait(async { store.put(&path, text).await }).map(drop).map_err(|error| files.unwritten(&path, error))
        }
        Err(error) => Err(Error::failed(format!("reading {path} in {place}"), error)),
    }
}
