//! Why a body of rows is refused.

use driftline_core::SchemaError;

/// What is wrong with a body of rows: a stable code, the place and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// What kind of thing is wrong.
    pub fault: Fault,
    /// Where: `rows[3].metrics.age` for a cell, `age` for a whole column; absent when the whole body is meant.
    pub field: Option<String>,
    /// What was expected, what came, and what to do about it.
    pub detail: String,
}

/// The kinds of things that can be wrong with a body of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON.
    InvalidJson,
    /// Not CSV with a header and rows of equal length.
    InvalidCsv,
    /// Not an Arrow IPC stream.
    InvalidArrow,
    /// Not a Parquet file.
    InvalidParquet,
    /// A field or column that the format does not have.
    UnknownField,
    /// A field or column that must be there.
    MissingField,
    /// The same field twice in one row, or the same column twice in one table.
    DuplicateField,
    /// A cell of another type than its column, or a column of a type that can't be kept.
    TypeMismatch,
    /// A whole number beyond 64 bits.
    IntegerOutOfRange,
    /// Not a UUID.
    InvalidId,
    /// The same id in two rows of one request.
    DuplicateId,
    /// Not a time.
    InvalidTime,
    /// A name that can't name a column, or too many columns.
    InvalidColumn,
    /// Rows that share hardly any column.
    TooSparse,
}

impl Fault {
    /// The stable code in answers.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidCsv => "invalid_csv",
            Self::InvalidArrow => "invalid_arrow",
            Self::InvalidParquet => "invalid_parquet",
            Self::UnknownField => "unknown_field",
            Self::MissingField => "missing_field",
            Self::DuplicateField => "duplicate_field",
            Self::TypeMismatch => "type_mismatch",
            Self::IntegerOutOfRange => "integer_out_of_range",
            Self::InvalidId => "invalid_id",
            Self::DuplicateId => "duplicate_id",
            Self::InvalidTime => "invalid_time",
            Self::InvalidColumn => "invalid_column",
            Self::TooSparse => "rows_too_sparse",
        }
    }

    /// Whether the body can't even be read in its format.
    pub fn is_malformed(self) -> bool {
        matches!(self, Self::InvalidJson | Self::InvalidCsv | Self::InvalidArrow | Self::InvalidParquet)
    }
}

impl Refusal {
    /// A refusal of the whole body.
    pub fn whole(fault: Fault, detail: impl Into<String>) -> Self {
        Self { fault, field: None, detail: detail.into() }
    }

    /// A refusal of the named place; the detail begins with the place.
    pub fn at(fault: Fault, field: impl Into<String>, detail: impl AsRef<str>) -> Self {
        let field = field.into();
        Self { fault, detail: format!("`{field}`: {}", detail.as_ref()), field: Some(field) }
    }

    /// A refusal of a column by the schema, found at `field`.
    pub fn schema(error: &SchemaError, field: impl Into<String>) -> Self {
        let fault = match error {
            SchemaError::TypeChange { .. } | SchemaError::Rounded { .. } => Fault::TypeMismatch,
            _ => Fault::InvalidColumn,
        };
        Self::at(fault, field, error.to_string())
    }
}

/// At most the first 60 characters of a text that a message quotes.
pub fn excerpt(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
