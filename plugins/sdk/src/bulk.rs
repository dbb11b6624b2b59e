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
    match bytemuck::try_cast_slice(bytes) {
        Ok(numbers) => Some(numbers.to_vec()),
        // Into room that nobody has set to zero before.
        Err(_) if bytes.len().is_multiple_of(size_of::<N>()) => {
            Some(bytes.chunks_exact(size_of::<N>()).map(bytemuck::pod_read_unaligned).collect())
        }
        Err(_) => None,
    }
}

/// A list of numbers, or the little-endian bytes in which it came where these can be read in place.
#[derive(Debug, Clone)]
pub enum Held<N: Number> {
    /// The numbers.
    Numbers(Vec<N>),
    /// Their bytes, whole and aligned.
    Bytes(Vec<u8>),
}

impl<N: Number> Held<N> {
    /// The numbers that bytes stand for; `None` unless they are whole.
    pub fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        match bytemuck::try_cast_slice::<u8, N>(&bytes) {
            Ok(_) => Some(Self::Bytes(bytes)),
            Err(_) => from_bytes(&bytes).map(Self::Numbers),
        }
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[N] {
        match self {
            Self::Numbers(numbers) => numbers,
            Self::Bytes(bytes) => bytemuck::try_cast_slice(bytes).unwrap_or_default(),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_bytes_that_lie_in_any_way() {
        let numbers = [1.5, -0.0, f64::INFINITY];
        for before in 0..8 {
            let mut bytes = vec![0; before];
            bytes.extend_from_slice(to_bytes(&numbers));
            assert_eq!(from_bytes::<f64>(&bytes[before..]).as_deref(), Some(&numbers[..]));
            let held = Held::<f64>::of_bytes(bytes[before..].to_vec()).expect("whole numbers");
            assert_eq!(held.as_slice(), numbers);
            assert_eq!(Held::<f64>::of_bytes(bytes).is_some(), before == 0);
        }
    }
}
