//! Reads the vocabulary's types from the cells of catalog rows.

use std::{error::Error as StdError, str::FromStr};

use driftline_core::{Digest, Name, Time};
use rusqlite::{
    Error, Result, Row,
    types::{Type, ValueRef},
};
use uuid::Uuid;

/// A cell whose value makes no sense.
pub(crate) fn odd(index: usize, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::FromSqlConversionFailure(index, Type::Null, error.into())
}

/// A name.
pub(crate) fn name(row: &Row<'_>, index: usize) -> Result<Name> {
    Name::from_str(row.get_ref(index)?.as_str()?).map_err(|error| odd(index, error))
}

/// An instant.
pub(crate) fn time(row: &Row<'_>, index: usize) -> Result<Time> {
    Time::from_micros(row.get(index)?).map_err(|error| odd(index, error))
}

/// An instant that may be absent.
pub(crate) fn time_or_null(row: &Row<'_>, index: usize) -> Result<Option<Time>> {
    let micros: Option<i64> = row.get(index)?;
    micros.map(Time::from_micros).transpose().map_err(|error| odd(index, error))
}

/// A content address.
pub(crate) fn digest(row: &Row<'_>, index: usize) -> Result<Digest> {
    let bytes = row.get_ref(index)?.as_blob()?;
    bytes.try_into().map(Digest::from_bytes).map_err(|error| odd(index, error))
}

/// A UUID.
pub(crate) fn uuid(row: &Row<'_>, index: usize) -> Result<Uuid> {
    id16(row, index).map(Uuid::from_bytes)
}

/// A prediction's id.
pub(crate) fn id16(row: &Row<'_>, index: usize) -> Result<[u8; 16]> {
    let bytes = row.get_ref(index)?.as_blob()?;
    bytes.try_into().map_err(|error| odd(index, error))
}

/// A word that stands for one of several things.
pub(crate) fn word<T>(row: &Row<'_>, index: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T> {
    let word = row.get_ref(index)?.as_str()?;
    parse(word).ok_or_else(|| odd(index, format!("`{word}` is an unknown word")))
}

/// A UUID that may be absent.
pub(crate) fn uuid_or_null(row: &Row<'_>, index: usize) -> Result<Option<Uuid>> {
    let bytes: Option<[u8; 16]> = row.get(index)?;
    Ok(bytes.map(Uuid::from_bytes))
}

/// A name that may be absent.
pub(crate) fn name_or_null(row: &Row<'_>, index: usize) -> Result<Option<Name>> {
    match row.get_ref(index)? {
        ValueRef::Null => Ok(None),
        _ => name(row, index).map(Some),
    }
}
