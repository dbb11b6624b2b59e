//! Which neighbouring segments are worth merging.

use std::ops::Range;

use crate::{parquet_file::SCAN_GROUP, segment::Listing};

/// How large a segment may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub rows: u64,
    pub bytes: u64,
}

/// The most files merged at once.
const MAX_FILES: usize = 128;

/// What is known of a run of neighbours.
struct Run {
    rows: u64,
    bytes: u64,
    largest: u64,
    first: i64,
    last: i64,
}

impl Run {
    fn of(listing: &Listing) -> Self {
        let (first, last) = span(listing);
        Self { rows: listing.rows, bytes: listing.bytes, largest: listing.rows, first, last }
    }

    fn add(&mut self, listing: &Listing) {
        let (first, last) = span(listing);
        self.rows += listing.rows;
        self.bytes += listing.bytes;
        self.largest = self.largest.max(listing.rows);
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    fn fits(&self, limits: Limits) -> bool {
        self.rows <= limits.rows && self.bytes <= limits.bytes
    }

    /// Each row is then rewritten at most once for each doubling of its file: the
    /// work stays within the logarithm of a segment's size.
    fn doubles(&self) -> bool {
        self.rows >= self.largest.saturating_mul(2)
    }

    /// Whether `next` lies so far away that one file would stand in for a time in which
    /// it has nothing; of few rows that does not matter.
    fn is_far_from(&self, next: &Listing) -> bool {
        let (first, last) = span(next);
        let gap = first.saturating_sub(self.last);
        let covered = self.last.saturating_sub(self.first).max(last.saturating_sub(first));
        self.rows + next.rows > SCAN_GROUP as u64 && gap > covered.max(MONTH_MICROS)
    }
}

const MONTH_MICROS: i64 = 31 * 86_400_000_000;

fn span(listing: &Listing) -> (i64, i64) {
    listing.times.map_or((0, 0), |(first, last)| (first.micros(), last.micros()))
}

/// A run of predictions to merge, from `listings` in the order of their first times.
pub(crate) fn of_predictions(listings: &[Listing], limits: Limits) -> Option<Range<usize>> {
    (0..listings.len()).find_map(|start| longest(listings, start, limits, |run, next| !run.is_far_from(next)))
}

/// A run of delayed metrics to merge, from `listings` in the order of their arrival; only those that are `settled`.
pub(crate) fn of_delayed(
    listings: &[Listing],
    limits: Limits,
    settled: impl Fn(&Listing) -> bool,
) -> Option<Range<usize>> {
    let starts = (0..listings.len()).filter(|start| settled(&listings[*start]));
    starts.into_iter().find_map(|start| longest(listings, start, limits, |_, next| settled(next)))
}

/// The longest run from `start` on that fits and doubles.
fn longest(
    listings: &[Listing],
    start: usize,
    limits: Limits,
    may_join: impl Fn(&Run, &Listing) -> bool,
) -> Option<Range<usize>> {
    let mut run = Run::of(listings.get(start)?);
    let mut found = None;
    for (at, next) in listings.iter().enumerate().skip(start + 1).take(MAX_FILES - 1) {
        if !may_join(&run, next) {
            break;
        }
        run.add(next);
        if !run.fits(limits) {
            break;
        }
        if run.doubles() {
            found = Some(start..at + 1);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use driftline_core::{Digest, Time};
    use uuid::Uuid;

    use super::*;
    use crate::model::ModelId;

    const LIMITS: Limits = Limits { rows: 1 << 20, bytes: 256 << 20 };

    fn file(rows: u64, first: i64, last: i64) -> Listing {
        let time = |micros: i64| Time::from_micros(micros).expect("a time");
        Listing {
            id: Uuid::nil(),
            model: ModelId(1),
            rows,
            bytes: rows * 100,
            times: Some((time(first), time(last))),
            ids: Default::default(),
            seqs: (0, 0),
            digest: Digest::of(b""),
            created: Time::EPOCH,
            generation: 1,
            applied: 0,
            received: None,
            rolled: None,
            rolled_rows: 0,
        }
    }

    /// Seals `seals` files of `rows` rows one after the other and merges whenever it is
    /// worth it; gives the largest number of files, the final sizes, and how often a row was written.
    fn history(seals: i64, rows: u64) -> (usize, Vec<u64>, f64) {
        let hour = 3_600_000_000;
        let (mut files, mut most, mut written) = (Vec::new(), 0, 0);
        for seal in 0..seals {
            files.push(file(rows, seal * 6 * hour, (seal + 1) * 6 * hour - 1));
            written += rows;
            while let Some(run) = of_predictions(&files, LIMITS) {
                let mut merged = Run::of(&files[run.start]);
                files[run.start + 1..run.end].iter().for_each(|file| merged.add(file));
                written += merged.rows;
                files.splice(run, [file(merged.rows, merged.first, merged.last)]);
            }
            most = most.max(files.len());
        }
        (most, files.iter().map(|file| file.rows).collect(), written as f64 / (rows as f64 * seals as f64))
    }

    #[test]
    fn a_slow_model_keeps_few_files_and_rewrites_little() {
        let (most, files, written) = history(3 * 365 * 4, 25);
        assert_eq!(files.iter().sum::<u64>(), 109_500);
        assert!(most <= 13, "one file for each doubling of 25 rows to 109,500, not {most}");
        assert!(written <= 13.0, "each row is written once for each doubling, not {written} times");
    }

    #[test]
    fn a_fast_model_ends_in_full_files() {
        let (_, files, written) = history(400, 69_000);
        let (full, rest) = files.split_at(files.len() - 4);
        assert!(full.iter().all(|rows| *rows >= LIMITS.rows / 2), "{files:?}");
        assert!(rest.iter().sum::<u64>() <= LIMITS.rows * 4, "{files:?}");
        assert!(written <= 6.0, "{written}");
    }

    #[test]
    fn what_would_not_fit_or_not_double_stays() {
        let day = 86_400_000_000;
        for (files, expected) in [
            (vec![file(10, 0, 9), file(10, 10, 19)], Some(0..2)),
            (vec![file(10, 0, 9), file(9, 10, 19)], None),
            (vec![file(10, 0, 9), file(9, 10, 19), file(1, 20, 29)], Some(0..3)),
            (vec![file(600_000, 0, 9), file(600_000, 10, 19)], None),
            (vec![file(5, 0, 9), file(3_000_000, 10, 19), file(5, 0, 9)], None),
            (vec![file(10, 0, 9), file(10, 9_000 * day, 9_000 * day)], Some(0..2)),
            (vec![file(100_000, 0, 9), file(100_000, 9_000 * day, 9_000 * day)], None),
        ] {
            let sizes: Vec<_> = files.iter().map(|file| file.rows).collect();
            assert_eq!(of_predictions(&files, LIMITS), expected, "{sizes:?}");
        }
        let files = [file(10, 0, 0), file(10, 0, 0), file(10, 0, 0)];
        assert_eq!(of_delayed(&files, LIMITS, |_| true), Some(0..3));
        assert_eq!(of_delayed(&files, LIMITS, |_| false), None);
    }
}
