//! What is wrong with a setting, and where.

/// A field that can't be used as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {message}")]
pub struct Invalid {
    /// The field, such as `url`, `headers.Authorization` or `to[1]`.
    pub field: String,
    /// What is wrong with it and what to write instead; reads on after the field's name, holds no secrets.
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}
