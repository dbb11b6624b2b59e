//! The window of a query string.

use driftline_core::{Span, Time, Window};

use crate::{problem::Problem, wire::Instant};

/// The window of two optional bounds; `None` without any.
///
/// # Errors
/// 422 when it ends before it starts.
pub fn window(start: Option<Instant>, end: Option<Instant>) -> Result<Option<Window>, Problem> {
    if start.is_none() && end.is_none() {
        return Ok(None);
    }
    let for_ever = Span::from_micros(i64::MAX).map(|span| (Time::EPOCH.before(span), Time::EPOCH.after(span)));
    let (earliest, latest) = for_ever.unwrap_or((Time::EPOCH, Time::EPOCH));
    let window = Window::new(start.map_or(earliest, |start| start.0), end.map_or(latest, |end| end.0));
    window.map(Some).map_err(|error| Problem::invalid("invalid_window", error.to_string()).at("end"))
}
