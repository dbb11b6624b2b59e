//! How a metric fails on purpose.

/// An expected failure, shown to the user as written.
///
/// Say what was wrong, where, and what to do about it. A panic is reported as a
/// defect of the plugin instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The parameters fit the schema but make no sense together.
    #[error("{0}")]
    Parameters(String),
    /// The rows or a saved state cannot be used.
    #[error("{0}")]
    Data(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// The result of everything that can fail on purpose.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// The parameters make no sense together.
    pub fn parameters(message: impl Into<String>) -> Self {
        Self::Parameters(message.into())
    }

    /// The rows or a saved state cannot be used.
    pub fn data(message: impl Into<String>) -> Self {
        Self::Data(message.into())
    }

    /// Something else went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}
