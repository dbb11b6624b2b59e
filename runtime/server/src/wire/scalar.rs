//! Instants, lengths of time, names and ids as JSON has them.

use std::fmt;

use driftline_core::{Name, Span, Time};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Visitor},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// An instant: RFC 3339 text; epoch milliseconds are accepted too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2001-02-01T00:00:00Z"))]
pub struct Instant(pub Time);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyInstant;
        impl Visitor<'_> for AnyInstant {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time: RFC 3339 text such as \"2001-02-01T00:00:00Z\", or whole epoch milliseconds")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Instant, E> {
                // Query strings carry milliseconds as text.
                match text.parse::<i64>() {
                    Ok(millis) => self.visit_i64(millis),
                    Err(_) => text.parse().map(Instant).map_err(E::custom),
                }
            }

            fn visit_i64<E: Error>(self, millis: i64) -> Result<Instant, E> {
                Time::from_millis(millis).map(Instant).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, millis: u64) -> Result<Instant, E> {
                self.visit_i64(i64::try_from(millis).unwrap_or(i64::MAX))
            }
        }
        deserializer.deserialize_any(AnyInstant)
    }
}

/// A length of time such as `7d`, `12h`, `15m` or `30s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, examples("7d"))]
pub struct Length(pub Span);

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// A name of a model, plugin or dataset: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", examples("flights"))]
pub struct ItemName(pub Name);

impl Serialize for ItemName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ItemName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

/// An id: a UUID as 8-4-4-4-12 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ToSchema)]
#[schema(value_type = String, format = "uuid")]
pub struct Id(pub Uuid);

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let id = Uuid::try_parse(&text).map(Self);
        id.map_err(|_| D::Error::custom(format!("`{text}` is not an id: an id is a UUID such as an answer gave")))
    }
}
