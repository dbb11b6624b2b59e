//! UUIDs as JSON texts; for `#[serde(with = "id")]`.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use uuid::Uuid;

pub(crate) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom(format_args!("`{text}` is not a UUID")))
}

/// The same for ids that may be absent.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Error, Serializer, Uuid};

    pub(crate) fn serialize<S: Serializer>(id: &Option<Uuid>, serializer: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => super::serialize(id, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Uuid>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let parse = |text: String| text.parse().map_err(|_| D::Error::custom(format_args!("`{text}` is not a UUID")));
        text.map(parse).transpose()
    }
}
