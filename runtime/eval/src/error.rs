//! What can go wrong outside a plugin.

/// Why an evaluation or a read cannot be done.
///
/// Failures of a plugin are not errors: they are recorded in the results.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something named in the request does not exist.
    #[error("{message}")]
    NotFound {
        /// The stable code, such as `model_not_found`.
        code: &'static str,
        /// Where the request names it.
        field: String,
        /// What is missing and what to do.
        message: String,
    },
    /// The request makes no sense for this model and plugin.
    #[error("{message}")]
    Invalid {
        /// The stable code, such as `unknown_column`.
        code: &'static str,
        /// The place in the request, such as `inputs.score`.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The caller cancelled it.
    #[error("the evaluation was cancelled")]
    Cancelled,
    /// The stored facts could not be read.
    #[error(transparent)]
    Storage(#[from] driftline_storage::Error),
    /// The plugin could not be prepared.
    #[error(transparent)]
    Sandbox(#[from] driftline_sandbox::Error),
    /// The query engine failed.
    #[error("the rows could not be computed: {0}")]
    Query(#[from] datafusion::error::DataFusionError),
    /// A worker ended without an answer.
    #[error("a worker ended without an answer: {0}")]
    Worker(String),
}

impl Error {
    pub(crate) fn invalid(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { code, field: field.into(), message: message.into() }
    }

    pub(crate) fn not_found(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::NotFound { code, field: field.into(), message: message.into() }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Query(error.into())
    }
}
