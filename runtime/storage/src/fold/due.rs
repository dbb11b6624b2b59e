//! When folding is worth its while.

use std::time::Duration;

use driftline_core::{Span, Time};
use rusqlite::Connection;

use super::{concerns, stretch};
use crate::{
    Error, Kind, Options,
    model::ModelId,
    segment::{self, Listing},
};

/// Rewriting more rows than this for each delayed one waits for the longer age.
const COSTLY: u64 = 20;
/// Expired ids are dropped once a day, so that a trickle does not rewrite their file each time.
const EXPIRY: Duration = Duration::from_secs(86_400);

/// From when on the model's delayed metrics are to be folded; `None` when nothing waits.
pub(crate) fn due(view: &Connection, id: ModelId, options: &Options) -> Result<Option<Time>, Error> {
    let files = stretch::ready(view, id)?;
    if files.is_empty() {
        return Ok(None);
    }
    let segments = segment::all(view, id, Kind::Predictions)?;
    let waits = waiting(&files, &segments).map(|waiting| waiting.due(options));
    let kept = options.unmatched_age.saturating_add(EXPIRY);
    let expiry = files.iter().filter_map(|file| file.received).map(|(first, _)| later(first, kept)).min();
    Ok([waits, expiry].into_iter().flatten().min())
}

/// What waits to be folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiting {
    /// Rows that may belong to a segment.
    rows: u64,
    /// Those of them that were never folded.
    fresh_rows: u64,
    /// Rows of the segments they may belong to.
    touched_rows: u64,
    /// Since when.
    since: Time,
}

fn waiting(files: &[Listing], segments: &[Listing]) -> Option<Waiting> {
    let asking = |file: &&Listing| segments.iter().any(|segment| concerns(file, segment));
    let asking: Vec<&Listing> = files.iter().filter(asking).collect();
    let touched: Vec<&Listing> =
        segments.iter().filter(|segment| asking.iter().any(|file| concerns(file, segment))).collect();
    let fresh = asking.iter().filter(|file| file.applied == 0);
    let arrived = fresh.clone().filter_map(|file| file.received).map(|(first, _)| first).min();
    // Labels that came before their predictions wait since these were sealed.
    let since = arrived.or_else(|| touched.iter().map(|segment| segment.created).min())?;
    Some(Waiting {
        rows: asking.iter().map(|file| file.rows).sum(),
        fresh_rows: fresh.map(|file| file.rows).sum(),
        touched_rows: touched.iter().map(|segment| segment.rows).sum(),
        since,
    })
}

impl Waiting {
    fn due(self, options: &Options) -> Time {
        if self.touched_rows > self.rows.saturating_mul(COSTLY) {
            later(self.since, options.fold_max_age)
        } else if self.fresh_rows >= options.fold_rows {
            self.since
        } else {
            later(self.since, options.fold_age)
        }
    }
}

fn later(time: Time, by: Duration) -> Time {
    let span = i64::try_from(by.as_micros()).ok().and_then(Span::from_micros);
    span.map_or(time, |span| time.after(span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_labels_are_folded_at_once_few_later_and_costly_ones_last() {
        let options = Options {
            fold_rows: 100,
            fold_age: Duration::from_secs(10),
            fold_max_age: Duration::from_secs(60),
            ..Options::default()
        };
        let since = Time::EPOCH;
        for (rows, fresh_rows, touched_rows, seconds) in [
            (100, 100, 2_000, 0),
            (100, 100, 2_001, 60),
            (99, 99, 1_000, 10),
            (1, 1, 20, 10),
            (1, 1, 1_000_000, 60),
            // What was looked at before waits for its age, however much it is.
            (1_000, 50, 5_000, 10),
        ] {
            let waiting = Waiting { rows, fresh_rows, touched_rows, since };
            let due = later(since, Duration::from_secs(seconds));
            assert_eq!(waiting.due(&options), due, "{rows} rows, {fresh_rows} of them fresh, touch {touched_rows}");
        }
    }
}
