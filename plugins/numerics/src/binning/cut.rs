//! Where one bin ends and the next begins, and the cells between.

use super::Counts;
use crate::quantile::Ranks;

/// An end of a bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cut {
    /// The number itself belongs to the next bin.
    Before(f64),
    /// The number itself belongs to this bin.
    After(f64),
}

/// Counts between ascending cuts, from minus infinity to infinity.
pub(super) fn between(cuts: &[Cut], current: &Ranks, reference: &Ranks) -> Counts {
    let side = |ranks: &Ranks| {
        let up_to = cuts.iter().map(|cut| match cut {
            Cut::Before(edge) => ranks.below(*edge),
            Cut::After(edge) => ranks.at_most(*edge),
        });
        let mut before = 0.0;
        up_to.chain([ranks.total()]).map(|count| count - core::mem::replace(&mut before, count)).collect()
    };
    let ends: Vec<Option<Cut>> = [None].into_iter().chain(cuts.iter().copied().map(Some)).chain([None]).collect();
    let names = ends.windows(2).map(|ends| name(ends[0], ends[1])).collect();
    Counts { names, current: side(current), reference: side(reference), ..Counts::default() }
}

/// Counts between the edges of a histogram as NumPy makes it, the last bin closed; what lies outside is left out.
pub(super) fn within(edges: &[f64], current: &Ranks, reference: &Ranks) -> Counts {
    let (last, inner) = edges.split_last().unwrap_or((&f64::INFINITY, &[]));
    let cuts: Vec<Cut> = inner.iter().map(|edge| Cut::Before(*edge)).chain([Cut::After(*last)]).collect();
    let mut counts = between(&cuts, current, reference);
    for side in [&mut counts.current, &mut counts.reference] {
        side.pop();
        side.remove(0);
    }
    counts.names.pop();
    counts.names.remove(0);
    counts
}

fn name(from: Option<Cut>, to: Option<Cut>) -> String {
    let short = |edge: f64| format!("{edge:.5e}").parse::<f64>().unwrap_or(edge);
    let from = match from {
        None => "(-∞".to_owned(),
        Some(Cut::Before(edge)) => format!("[{}", short(edge)),
        Some(Cut::After(edge)) => format!("({}", short(edge)),
    };
    match to {
        None => format!("{from}, ∞)"),
        Some(Cut::Before(edge)) => format!("{from}, {})", short(edge)),
        Some(Cut::After(edge)) => format!("{from}, {}]", short(edge)),
    }
}
