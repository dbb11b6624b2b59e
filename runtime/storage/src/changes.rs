//! When what a model's rows say has changed last, by their time: of any window it is known whether something came since.
//!
//! Rows that come are noted with their append, rows that go with their deletion, delayed metrics when they are folded;
//! until then they are looked for among the predictions (`waiting`). Sealing, folding, merging and retention are no
//! changes, so that they leave no trace here.

mod note;
mod search;
mod touched;
mod waiting;

use std::sync::Arc;

use driftline_core::Window;
use rusqlite::{Connection, params};

use crate::{Error, Model, Storage, log, model::ModelId};

pub(crate) use note::{Columns, MOST_COLUMNS, is_watched, note, prune, settled};
pub(crate) use search::TouchedQuarters;
pub(crate) use touched::{Touched, quarter, quarters};

/// What has changed of a model's rows.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// By their starts.
    spans: Vec<Span>,
    /// The longest of them, in microseconds.
    longest: i64,
}

/// Rows of some time about which something came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// Of the first, in microseconds.
    pub start: i64,
    /// No row is as late as this.
    pub end: i64,
    /// The last place in the order of arrival of what came.
    pub place: i64,
    /// The columns that have changed; `None` when all may have.
    pub columns: Columns,
}

impl Storage {
    /// How far the order of arrival has come: what a reader sees who begins now came by then.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn arrived(&self) -> Result<i64, Error> {
        self.inner.catalog.read(log::last_seq)
    }

    /// What of the model's rows in some windows has changed after a place in the order of arrival. It reads records; of
    /// delayed metrics that came since and wait to be folded also ids, once for each segment that may hold them, and in no
    /// more than some millions of rows: beyond that, all rows of a segment count as changed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a damaged file, [`Error::Failed`].
    pub fn changes(&self, model: &Model, since: i64, windows: &[Window]) -> Result<Changes, Error> {
        let windows = merged(windows);
        let bounds = windows.first().zip(windows.last());
        let Some(Ok(within)) = bounds.map(|(first, last)| Window::new(first.start(), last.end())) else {
            return Ok(Changes::default());
        };
        let _pin = self.inner.pins.take();
        let (mut spans, waiting) = self.inner.catalog.read(|view| {
            let waiting = waiting::Waiting::read(&self.inner, view, model.id, (since, within), &windows)?;
            Ok((noted(view, model.id, since, within)?, waiting))
        })?;
        spans.extend(waiting.spans(&self.inner)?);
        Ok(Changes::of(spans))
    }
}

impl Changes {
    fn of(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable_by_key(|span| span.start);
        let longest = spans.iter().map(|span| span.end.saturating_sub(span.start)).max().unwrap_or_default();
        Self { spans, longest }
    }

    /// Whether anything came after the place that touches rows of the window in one of the columns; in any without some.
    pub fn touch(&self, window: Window, after: i64, columns: Option<&[String]>) -> bool {
        let (start, end) = (window.start().micros(), window.end().micros());
        let from = self.spans.partition_point(|span| span.start.saturating_add(self.longest) <= start);
        let read = |span: &Span| match (&span.columns, columns) {
            (Some(changed), Some(read)) => changed.iter().any(|column| read.contains(column)),
            _ => true,
        };
        let near = self.spans.iter().skip(from).take_while(|span| span.start < end);
        near.filter(|span| span.end > start && span.place > after).any(read)
    }
}

/// The same time in windows that do not touch each other, in order.
fn merged(windows: &[Window]) -> Vec<Window> {
    let mut sorted = windows.to_vec();
    sorted.sort_unstable_by_key(|window| window.start());
    let mut merged: Vec<Window> = Vec::new();
    for window in sorted {
        match merged.last_mut().filter(|last| window.start() <= last.end()) {
            Some(last) => *last = Window::new(last.start(), last.end().max(window.end())).unwrap_or(*last),
            None => merged.push(window),
        }
    }
    merged
}

/// What was noted.
fn noted(view: &Connection, model: ModelId, since: i64, within: Window) -> Result<Vec<Span>, Error> {
    let columns = |column: String| (!column.is_empty()).then(|| Arc::from([column]));
    let found = view
        .prepare_cached(
            r#"SELECT start, "end", place, "column" FROM changes
               WHERE model = ?1 AND place > ?2 AND "end" > ?3 AND start < ?4"#,
        )?
        .query_map(params![model.0, since, within.start().micros(), within.end().micros()], |row| {
            Ok(Span { start: row.get(0)?, end: row.get(1)?, place: row.get(2)?, columns: columns(row.get(3)?) })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use driftline_core::Time;

    use super::*;

    #[test]
    fn a_window_is_touched_by_what_came_later_in_its_time_and_columns() {
        let columns = |names: &[&str]| -> Columns { Some(names.iter().map(ToString::to_string).collect()) };
        let span = |start, end, place, columns| Span { start, end, place, columns };
        let changes = Changes::of(vec![
            span(40, 50, 7, columns(&["late", "other"])),
            span(10, 20, 5, None),
            span(12, 13, 9, columns(&["late"])),
            span(-touched::EVER, 5, 3, None),
            span(-touched::EVER, touched::EVER, 1, None),
        ]);
        let window = |start, end| {
            let time = |micros| Time::from_micros(micros).expect("a time");
            Window::new(time(start), time(end)).expect("a window")
        };
        let late = ["late".to_owned()];
        let score = ["score".to_owned()];
        for (start, end, after, read, expected) in [
            (0, 5, 2, None, true),
            (0, 5, 3, None, false),
            (5, 10, 0, None, true),
            (5, 10, 1, None, false),
            (19, 20, 4, Some(&score[..]), true),
            (19, 20, 5, Some(&score), false),
            (20, 40, 1, None, false),
            (10, 14, 8, Some(&late), true),
            (10, 14, 8, Some(&score), false),
            (10, 14, 8, None, true),
            (10, 14, 9, None, false),
            (49, 60, 6, Some(&late), true),
            (49, 60, 7, Some(&late), false),
            (50, 60, 1, None, false),
        ] {
            assert_eq!(changes.touch(window(start, end), after, read), expected, "{start} {end} {after} {read:?}");
        }
    }
}
