//! Why a run has no results.

use std::time::Duration;

use axum::http::StatusCode;

use crate::problem::Problem;

/// Why a run has no results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It can't: data, plugin or definition are not as they must be.
    Cannot {
        /// The stable code, such as `no_data`.
        code: String,
        /// What is wrong.
        message: String,
    },
    /// Not now: it is worth trying again.
    Later(Duration),
}

impl Trouble {
    /// It can't run.
    pub fn cannot(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Cannot { code: code.into(), message: message.into() }
    }
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        let later = match (problem.status, &*problem.code) {
            (StatusCode::TOO_MANY_REQUESTS, _) => true,
            (StatusCode::SERVICE_UNAVAILABLE, "plugin_suspended") => false,
            (StatusCode::SERVICE_UNAVAILABLE | StatusCode::INSUFFICIENT_STORAGE, _) => true,
            _ => false,
        };
        if later {
            return Self::Later(Duration::from_secs(problem.retry_after_s.unwrap_or(1)));
        }
        let place = problem.field.as_ref().map(|field| format!(" (`{field}`)")).unwrap_or_default();
        Self::cannot(problem.code.into_owned(), format!("{}{place}", problem.detail))
    }
}

impl From<driftline_eval::Error> for Trouble {
    fn from(error: driftline_eval::Error) -> Self {
        Problem::from(error).into()
    }
}

impl From<driftline_storage::Error> for Trouble {
    fn from(error: driftline_storage::Error) -> Self {
        Problem::from(error).into()
    }
}
