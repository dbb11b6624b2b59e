//! Large lists of numbers in a state: `#[serde(with = "driftline_sdk::bulk")]`.
//!
//! The list is written as one block of little-endian bytes and read with one
//! copy, where plain serde would visit every element. `u64`, `u32`, `i64` and
//! `f64` are supported.

use core::{fmt, marker::PhantomData};

use bytemuck::Pod;
use serde::{Deserializer, Serializer, de};

/// A number that is its own bytes.
pub trait Number: Pod {}

impl Number for u32 {}
impl Number for u64 {}
impl Number for i64 {}
impl Number for f64 {}

// WebAssembly is little-endian, and so is every machine a native host is built for.
const _: () = assert!(cfg!(target_endian = "little"), "states are little-endian");

/// The numbers as little-endian bytes.
pub fn to_bytes<N: Number>(numbers: &[N]) -> &[u8] {
    bytemuck::cast_slice(numbers)
}

/// Numbers from little-endian bytes; `None` unless they are whole.
pub fn from_bytes<N: Number>(bytes: &[u8]) -> Option<Vec<N>> {
    bytes.len().is_multiple_of(size_of::<N>()).then(|| bytemuck::allocation::pod_collect_to_vec(bytes))
}

/// Serializes a list as one block of bytes.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<N: Number, S: Serializer>(numbers: &[N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(to_bytes(numbers))
}

/// Deserializes a list from one block of bytes.
///
/// # Errors
/// When the block is not a whole number of elements.
pub fn deserialize<'de, N: Number, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<N>, D::Error> {
    deserializer.deserialize_bytes(Visitor(PhantomData))
}

struct Visitor<N>(PhantomData<N>);

impl<N: Number> de::Visitor<'_> for Visitor<N> {
    type Value = Vec<N>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a block of {}-byte numbers", size_of::<N>())
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        from_bytes(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}
