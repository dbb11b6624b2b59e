//! One JSON value where a single cell is wanted.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use uuid::Uuid;

use super::{
    instant,
    refusal::{Fault, excerpt},
};

/// A JSON value; what is inside lists and objects is not kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'de> {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A whole number that fits into 64 bits with a sign.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(Cow<'de, str>),
    /// `[…]`
    List,
    /// `{…}`
    Object,
}

/// What is wrong with a value.
type Mistake = (Fault, String);

impl Scalar<'_> {
    /// The value as a UUID; null is none.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn id(&self) -> Result<Option<Uuid>, Mistake> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Uuid::try_parse(text).map(Some).map_err(|_| (Fault::InvalidId, not_an_id(text))),
            _ => Err((Fault::TypeMismatch, format!("expected a UUID as text, got {}", self.described()))),
        }
    }

    /// The value as an instant in microseconds; null is none.
    ///
    /// # Errors
    /// When it is neither RFC 3339 text nor whole epoch milliseconds.
    pub fn time(&self) -> Result<Option<i64>, Mistake> {
        let invalid = |error: driftline_core::TimeError| (Fault::InvalidTime, error.to_string());
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => instant::from_text(text).map(Some).map_err(invalid),
            Self::Integer(millis) => instant::from_millis(*millis).map(Some).map_err(invalid),
            _ => Err((
                Fault::InvalidTime,
                format!(
                    "expected RFC 3339 text or whole epoch milliseconds, got {}: write 2001-02-01T00:00:00Z or 980985600000",
                    self.described()
                ),
            )),
        }
    }

    /// The value as text; null is none.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn text(&self) -> Result<Option<String>, Mistake> {
        match self {
            Self::Null => Ok(None),
            Self::Text(text) => Ok(Some(text.clone().into_owned())),
            _ => Err((Fault::TypeMismatch, format!("expected text, got {}", self.described()))),
        }
    }

    /// What came, for a message.
    pub fn described(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => format!("the boolean {value}"),
            Self::Integer(value) => format!("the integer {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(text) => format!("the text \"{}\"", excerpt(text)),
            Self::List => "a list".into(),
            Self::Object => "an object".into(),
        }
    }
}

/// The message for a text that is no UUID.
pub fn not_an_id(text: &str) -> String {
    format!(
        "\"{}\" is not a UUID: send 32 hexadecimal digits as 8-4-4-4-12, or leave `id` out of a prediction and one is made",
        excerpt(text)
    )
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        Ok(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Object)
    }
}
