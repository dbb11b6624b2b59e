//! Large lists of numbers in a state: `#[serde(with = "driftline_sdk::bulk")]`.
//!
//! The list is written as one block of little-endian bytes and read with one
//! copy, where plain serde would visit every element. `u64`, `u32`, `i64` and
//! `f64` are supported.

use core::{fmt, marker::PhantomData};

use serde::{Deserializer, Serializer, de};

/// A number that is its own little-endian bytes.
pub trait Number: Copy {
    /// Its width in bytes.
    const BYTES: usize;

    /// Writes it into `bytes`, which is [`BYTES`](Self::BYTES) long.
    fn write(self, bytes: &mut [u8]);

    /// Reads it from `bytes`, which is [`BYTES`](Self::BYTES) long.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! number {
    ($($type:ty),*) => {$(
        impl Number for $type {
            const BYTES: usize = size_of::<$type>();

            fn write(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }

            fn read(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$type>()];
                array.copy_from_slice(bytes);
                Self::from_le_bytes(array)
            }
        }
    )*};
}

number!(u32, u64, i64, f64);

/// The numbers as little-endian bytes.
pub fn to_bytes<N: Number>(numbers: &[N]) -> Vec<u8> {
    let mut bytes = vec![0; numbers.len() * N::BYTES];
    for (chunk, number) in bytes.chunks_exact_mut(N::BYTES).zip(numbers) {
        number.write(chunk);
    }
    bytes
}

/// Numbers from little-endian bytes; `None` unless they are whole.
pub fn from_bytes<N: Number>(bytes: &[u8]) -> Option<Vec<N>> {
    bytes.len().is_multiple_of(N::BYTES).then(|| bytes.chunks_exact(N::BYTES).map(N::read).collect())
}

/// Serializes a list as one block of bytes.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<N: Number, S: Serializer>(numbers: &[N], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(&to_bytes(numbers))
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
        write!(f, "a block of {}-byte numbers", N::BYTES)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        from_bytes(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}
