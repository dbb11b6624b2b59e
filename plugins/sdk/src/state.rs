//! The bytes of a saved summary, for metrics that save one in their own way.

use postcard::{
    ser_flavors::{Flavor, Size},
    serialize_with_flavor,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result};

/// Writes a summary into a list of just its size: one that grows would be copied again and again, and take twice the
/// memory.
///
/// # Errors
/// When it can't be saved.
pub fn to_bytes(summary: &impl Serialize) -> Result<Vec<u8>> {
    let write = |summary| {
        let size = serialize_with_flavor(summary, Size::default())?;
        serialize_with_flavor(summary, Bytes(Vec::with_capacity(size)))
    };
    write(summary).map_err(|error: postcard::Error| Error::failed(format!("the state can't be saved: {error}")))
}

/// A summary back from bytes, all of which must be its own.
///
/// # Errors
/// [`Error::Data`] when the bytes are not a saved summary.
pub fn from_bytes<T: DeserializeOwned>(state: &[u8]) -> Result<T> {
    match postcard::take_from_bytes(state) {
        Ok((summary, [])) => Ok(summary),
        Ok(_) => Err(Error::data("the saved state has bytes left over: it was not made by this plugin")),
        Err(error) => {
            Err(Error::data(format!("the saved state can't be read ({error}): it was not made by this plugin")))
        }
    }
}

struct Bytes(Vec<u8>);

impl Flavor for Bytes {
    type Output = Vec<u8>;

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}
