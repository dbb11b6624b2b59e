//! One round of folding: delayed metrics go into the segments of their predictions.

mod due;
mod places;
mod stretch;
mod target;

pub(crate) use due::due;
pub(crate) use stretch::ready;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use driftline_core::{Span, Time};

use crate::{
    Error, Step,
    compact::seqs,
    draft::{NewSegment, Origin},
    id_range::overlap,
    latest::{Arrived, Latest},
    model::ModelId,
    replace::{Replacement, replace},
    segment::Listing,
    storage::Inner,
};
use places::Met;
use stretch::Stretch;

/// Whether values of the delayed metrics may still have to go into the segment.
pub(crate) fn concerns(file: &Listing, segment: &Listing) -> bool {
    segment.generation > file.applied && overlap(file.ids, segment.ids)
}

/// Folds the model's oldest delayed metrics, at most about `fold_bytes` of them;
/// tells whether there were any to fold or to expire.
///
/// Every segment that holds one of their ids is written anew, and what belongs
/// to no prediction yet is written to a remainder; one transaction puts all of
/// them in the places of the old files. Whatever happens before it, nothing has changed.
pub(crate) fn round(inner: &Inner, id: ModelId) -> Result<bool, Error> {
    inner.options.faults.pass(Step::FoldRead)?;
    let expired_before = expired_before(inner);
    let Some(stretch) = stretch::oldest(inner, id, expired_before)? else { return Ok(false) };
    let (latest, places, schema) = stretch.latest(inner)?;
    let Folded { mut old, mut new, matched, met } = Folded::of(inner, &stretch, &latest, &schema)?;
    let remainder = Remainder::of(&latest, &matched, expired_before, &stretch);
    tracing::debug!(
        model = %stretch.model.name, ids = latest.len(), segments = new.len(),
        unmatched = remainder.rows.len(), expired = remainder.expired, "folding delayed metrics"
    );
    if old.is_empty() && remainder.expired == 0 && stretch.files.len() == 1 {
        // Nothing of the file is of use yet, so it stays as it is.
        let looked_at = !stretch.segments.is_empty();
        let applied = (stretch.files.iter().map(|file| file.id).collect(), stretch.generation);
        if looked_at {
            replace(inner, Replacement { model: id, old, new, applied, expired: 0, touched: Vec::new() })?;
        }
        return Ok(looked_at);
    }
    let generation = stretch.files.iter().map(|file| file.generation).max().unwrap_or_default();
    let origin = Origin { model: id, seqs: seqs(&stretch.files), generation, applied: stretch.generation };
    new.extend(latest.store(&schema, &remainder.rows, inner.options.segment_rows, &inner.files, origin)?);
    old.extend(stretch.files);
    let touched = places.touched(&met);
    let expired = remainder.expired;
    replace(inner, Replacement { model: id, old, new, applied: Default::default(), expired, touched })?;
    Ok(true)
}

/// Segments that are written anew.
struct Folded {
    old: Vec<Listing>,
    new: Vec<NewSegment>,
    /// For each slot of the delayed metrics whether its prediction was found.
    matched: Vec<bool>,
    met: Met,
}

impl Folded {
    fn of(inner: &Inner, stretch: &Stretch, latest: &Arc<Latest>, schema: &SchemaRef) -> Result<Self, Error> {
        let (old, new, matched) = (Vec::new(), Vec::new(), vec![false; latest.len()]);
        let mut folded = Self { old, new, matched, met: Met::new() };
        for segment in &stretch.segments {
            inner.go_on()?;
            if target::mark_matches(inner, segment, latest, &mut folded.matched)? {
                inner.options.faults.pass(Step::FoldRewrite)?;
                let (new, met) = target::rewrite(inner, &stretch.model, segment, latest, schema)?;
                folded.new.extend(new);
                folded.met.extend(met);
                folded.old.push(segment.clone());
            }
        }
        Ok(folded)
    }
}

/// Delayed metrics that arrived before this are kept no longer without a prediction.
fn expired_before(inner: &Inner) -> Time {
    let now = inner.options.clock.now();
    let kept = i64::try_from(inner.options.unmatched_age.as_micros()).ok().and_then(Span::from_micros);
    kept.map_or(now, |kept| now.before(kept))
}

/// What found no prediction.
struct Remainder {
    rows: Vec<Arrived>,
    expired: u64,
}

impl Remainder {
    fn of(latest: &Latest, matched: &[bool], expired_before: Time, stretch: &Stretch) -> Self {
        let unmatched = latest.arrived().into_iter().filter(|arrived| !matched[arrived.slot as usize]);
        // A prediction that is not sealed yet came in time, so its labels don't expire.
        let expires = |arrived: &Arrived| {
            arrived.received < expired_before.micros() && !stretch.unsealed.contains(&u128::from_be_bytes(arrived.id))
        };
        let (expired, rows): (Vec<_>, Vec<_>) = unmatched.partition(expires);
        Self { rows, expired: expired.len() as u64 }
    }
}
