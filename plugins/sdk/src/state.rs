//! The bytes of a saved summary.

use postcard::{
    Result,
    ser_flavors::{Flavor, Size},
    serialize_with_flavor,
};
use serde::Serialize;

/// Writes a summary into a list of just its size: one that grows would be copied again and again, and take twice the
/// memory.
pub(crate) fn to_bytes(summary: &impl Serialize) -> Result<Vec<u8>> {
    let size = serialize_with_flavor(summary, Size::default())?;
    serialize_with_flavor(summary, Bytes(Vec::with_capacity(size)))
}

struct Bytes(Vec<u8>);

impl Flavor for Bytes {
    type Output = Vec<u8>;

    fn try_extend(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> Result<Vec<u8>> {
        Ok(self.0)
    }
}
