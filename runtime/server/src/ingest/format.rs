//! The formats in which rows come, and their media types.

/// A format of a body of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON object or an array of them.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// An Arrow IPC stream (a file in the Arrow IPC file format is taken too).
    ArrowStream,
    /// A Parquet file.
    Parquet,
}

const MEDIA_TYPES: [(&str, Format); 9] = [
    ("application/json", Format::Json),
    ("application/x-ndjson", Format::Ndjson),
    ("text/csv", Format::Csv),
    ("application/vnd.apache.arrow.stream", Format::ArrowStream),
    ("application/vnd.apache.parquet", Format::Parquet),
    ("application/ndjson", Format::Ndjson),
    ("application/jsonl", Format::Ndjson),
    ("application/vnd.apache.arrow.file", Format::ArrowStream),
    ("application/x-parquet", Format::Parquet),
];

impl Format {
    /// The media types that documentation and messages name, one a format.
    pub const SUPPORTED: &str = "application/json, application/x-ndjson, text/csv, \
                                 application/vnd.apache.arrow.stream, application/vnd.apache.parquet";

    /// The format of a `Content-Type` header, whose parameters don't matter.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let known = MEDIA_TYPES.iter().find(|(media_type, _)| media_type.eq_ignore_ascii_case(essence));
        known.map(|(_, format)| *format)
    }

    /// The media type to send.
    pub fn media_type(self) -> &'static str {
        MEDIA_TYPES.iter().find(|(_, format)| *format == self).map_or("", |(media_type, _)| media_type)
    }

    /// Whether it is JSON text, whose bodies have the smaller limit.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }
}
