//! A place in a model's rows as text.

use std::{fmt, str::FromStr};

use driftline_eval::Position;
use uuid::Uuid;

/// A place in the order of time and id, as text: microseconds, a dash, the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub Position);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.0.time_micros, Uuid::from_bytes(self.0.id).simple())
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (time, id) = text.split_once('_').ok_or(())?;
        let id = Uuid::try_parse(id).map_err(|_| ())?.into_bytes();
        Ok(Self(Position { time_micros: time.parse().map_err(|_| ())?, id }))
    }
}
