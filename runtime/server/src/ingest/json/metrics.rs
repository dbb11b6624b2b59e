//! The `metrics` of a row: cells into columns, nested objects into dotted ones.

use std::borrow::Cow;

use driftline_core::is_exact_as_float;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Reader;
use crate::ingest::{
    columns::{Cell, place, rounded},
    refusal::{Fault, Refusal},
    scalar::Scalar,
};

/// A key of an object, borrowed from the body where it has no escapes.
pub(super) struct Key<'de>(pub(super) Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.into())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The `metrics` object, and every object nested in it.
pub(super) struct Metrics<'r>(pub(super) &'r mut Reader);

impl<'de> DeserializeSeed<'de> for Metrics<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.name.clear();
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Metrics<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of metrics such as {\"age\": 41}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let prefix = reader.name.len();
        while let Some(Key(key)) = map.next_key()? {
            if prefix > 0 {
                reader.name.push('.');
            }
            reader.name.push_str(&key);
            map.next_value_seed(Value(reader))?;
            reader.name.truncate(prefix);
        }
        Ok(())
    }
}

/// The value of a metric.
struct Value<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a number, text, boolean, null, list of numbers or object")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.0.put(Cell::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.0.put(Cell::Boolean(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.0.put(Cell::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.0.put(Cell::Integer(value)),
            Err(_) => {
                let place = place(self.0.columns.row(), &self.0.name);
                let detail =
                    format!("the integer {value} does not fit into 64 bits with a sign: send it as text or as a float");
                Err(self.0.refuse(Refusal::at(Fault::IntegerOutOfRange, place, detail)))
            }
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.0.suspect(value, |reader| place(reader.columns.row(), &reader.name));
        self.0.put(Cell::Float(value))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.0.put(Cell::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut list = std::mem::take(&mut reader.list);
        list.clear();
        while let Some(item) = items.next_element::<Scalar<'de>>()? {
            let place = |reader: &Reader| format!("{}[{}]", place(reader.columns.row(), &reader.name), list.len());
            match item {
                Scalar::Integer(value) if is_exact_as_float(value) => list.push(value as f64),
                Scalar::Integer(value) => return Err(reader.refuse(rounded(value, place(reader)))),
                Scalar::Float(value) => {
                    reader.suspect(value, place);
                    list.push(value);
                }
                _ => {
                    let detail =
                        format!("a list may only hold numbers, got {}: use text or separate metrics", item.described());
                    return Err(reader.refuse(Refusal::at(Fault::TypeMismatch, place(reader), detail)));
                }
            }
        }
        let outcome = reader.put(Cell::List(&list));
        reader.list = list;
        outcome
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.0.name.is_empty() {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            let refusal =
                Refusal::at(Fault::InvalidColumn, self.0.place("metrics"), "a metric has no name: give it one");
            return Err(self.0.refuse(refusal));
        }
        Metrics(self.0).visit_map(map)
    }
}
