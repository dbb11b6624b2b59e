//! States of several definitions brought to coarser grains: all of them, or as few as room demands.

use std::cmp::Reverse;

use driftline_core::Window;
use driftline_storage::{Coarsened, DefinitionKey, Grain, KeptFile, KeptState, Room};

use super::keeping::Keeping;
use crate::Error;

/// What a state takes up besides its bytes and its slice: the time, the counts of rows.
const STATE_BYTES: usize = 24;

/// The states of one definition.
pub(super) struct Held {
    key: DefinitionKey,
    states: Vec<KeptState>,
    /// What merges them; `None` when nothing can any more.
    keeping: Option<Keeping>,
    /// How recently it was evaluated, 0 for the last; `None` for what only the standard summary computes.
    rank: Option<usize>,
    /// The grain of the finest of the states, as far as they merge.
    grain: Grain,
}

impl Held {
    pub fn new(key: DefinitionKey, states: Vec<KeptState>, keeping: Option<Keeping>, rank: Option<usize>) -> Self {
        let grain = states.iter().map(|kept| Grain::of(kept.window)).min().unwrap_or(Grain::Month);
        Self { key, states, keeping, rank, grain }
    }

    fn raise(&mut self, grain: Grain) {
        if let Some(keeping) = &self.keeping {
            self.states = keeping.coarser(grain, std::mem::take(&mut self.states));
        }
        self.grain = self.grain.max(grain);
    }

    /// About how many bytes the states are, before they are compressed.
    fn bytes(&self) -> usize {
        self.states.iter().map(|kept| kept.state.len() + kept.slice.len() + STATE_BYTES).sum()
    }

    /// From the start of the first to the end of the last.
    fn hull(&self) -> Option<Window> {
        let start = self.states.iter().map(|kept| kept.window.start()).min()?;
        Window::new(start, self.states.iter().map(|kept| kept.window.end()).max()?).ok()
    }
}

/// All states brought to `grain`.
pub(super) fn all(mut held: Vec<Held>, grain: Grain) -> Result<Coarsened, Error> {
    held.iter_mut().for_each(|held| held.raise(grain));
    written(held, grain, Vec::new())
}

/// States brought to coarser grains, no further than `grain`, until they fit: what was evaluated into half of the
/// room, least recently first, the rest into what that leaves, up to half, by the month even before it is over. Once
/// the month is over, what fits at no grain is dropped; of what was evaluated only as much as would take up more than
/// the rows did.
pub(super) fn within(held: Vec<Held>, grain: Grain, room: Room) -> Result<Coarsened, Error> {
    // Compression is told by what it made of these states so far.
    let total: usize = held.iter().map(Held::bytes).sum();
    let packed = room.taken_bytes as f64 / total.max(1) as f64;
    let size = |held: &[Held]| packed * held.iter().map(Held::bytes).sum::<usize>() as f64;
    let (room_bytes, half, rows_bytes) = (room.bytes as f64, room.bytes as f64 / 2.0, room.bytes as f64 * 2.0);

    let (mut evaluated, mut standard): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.rank.is_some());
    evaluated.sort_by_key(|held| Reverse(held.rank));
    standard.sort_by_key(|held| Reverse(held.bytes()));
    let mut has_changed = raise(&mut evaluated, grain, |held| size(held) > half);
    let mut dropped = Vec::new();
    if room.month_is_over {
        drop_until(&mut evaluated, &mut dropped, |held| size(held) <= rows_bytes);
    }
    let rest = half.min(room_bytes - size(&evaluated));
    has_changed |= raise(&mut standard, Grain::Month, |held| size(held) > rest);
    if room.month_is_over {
        drop_until(&mut standard, &mut dropped, |held| size(held) <= rest);
    }
    for dropped in &dropped {
        let (definition, bytes) = (dropped.keeping.as_ref().map(|k| &k.definitions[0].text), dropped.bytes());
        tracing::warn!(definition, bytes, room_bytes, "states take too much room beside their rows: they are not kept");
    }
    evaluated.append(&mut standard);
    let reached = evaluated.iter().map(|held| held.grain).min().unwrap_or(grain).min(grain);
    let dropped = dropped.iter().filter_map(|dropped| Some((dropped.key, dropped.hull()?))).collect();
    // What did not become coarser now will not the next time.
    written(evaluated, if has_changed { reached } else { grain }, dropped)
}

/// Brings states to days, then to months, one definition after the other, while they are too large; tells whether any
/// became coarser.
fn raise(held: &mut [Held], coarsest: Grain, is_too_large: impl Fn(&[Held]) -> bool) -> bool {
    let mut has_changed = false;
    for grain in [Grain::Day, Grain::Month].into_iter().filter(|grain| *grain <= coarsest) {
        for at in 0..held.len() {
            if !is_too_large(held) {
                return has_changed;
            }
            if held[at].grain < grain {
                held[at].raise(grain);
                has_changed = true;
            }
        }
    }
    has_changed
}

/// Moves the first to `dropped` until the others fit.
fn drop_until(held: &mut Vec<Held>, dropped: &mut Vec<Held>, fits: impl Fn(&[Held]) -> bool) {
    while !held.is_empty() && !fits(held) {
        dropped.push(held.remove(0));
    }
}

fn written(mut held: Vec<Held>, grain: Grain, dropped: Vec<(DefinitionKey, Window)>) -> Result<Coarsened, Error> {
    let mut file = KeptFile::new()?;
    held.sort_by_key(|held| held.key);
    for held in held {
        file.add(held.key, &held.states)?;
    }
    Ok(Coarsened { file, grain, dropped })
}

#[cfg(test)]
mod tests {
    use driftline_core::Time;
    use driftline_storage::Definition;

    use super::*;

    fn key(name: &str) -> DefinitionKey {
        Definition::new(name.into()).key
    }

    /// States of so many bytes by the hour, which nothing can merge.
    fn held(name: &str, bytes: usize, rank: Option<usize>) -> Held {
        let window = Grain::Hour.around(Time::EPOCH);
        let state = vec![0; bytes - STATE_BYTES];
        Held::new(key(name), vec![KeptState { window, slice: String::new(), rows: [1; 3], state }], None, rank)
    }

    #[test]
    fn what_does_not_fit_becomes_coarse_and_goes_in_the_end() {
        use Grain::{Day, Hour, Month};
        // The room is 1000 bytes, and the rows took 2000.
        for (why, states, month_is_over, grain, dropped) in [
            ("each half fits", vec![("new", 500, Some(0)), ("std", 500, None)], true, Month, &[][..]),
            ("what nobody evaluated has half at most", vec![("std", 501, None)], true, Month, &["std"]),
            ("or less", vec![("new", 900, Some(0)), ("small", 90, None), ("std", 200, None)], true, Month, &["std"]),
            ("what was evaluated may take what rows took", vec![("new", 2000, Some(0))], true, Month, &[]),
            ("but no more", vec![("new", 1500, Some(0)), ("old", 501, Some(7))], true, Month, &["old"]),
            ("a month that goes on keeps all", vec![("new", 2500, Some(0)), ("std", 900, None)], false, Day, &[]),
            ("what is evaluated stays as it is", vec![("new", 400, Some(0)), ("std", 900, None)], false, Hour, &[]),
        ] {
            let taken_bytes = states.iter().map(|(_, bytes, _)| *bytes as u64).sum();
            let room = Room { taken_bytes, bytes: 1000, month_is_over };
            let states = states.into_iter().map(|(name, bytes, rank)| held(name, bytes, rank)).collect();
            let coarsened = within(states, if month_is_over { Month } else { Day }, room).expect("written");
            let gone: Vec<_> = coarsened.dropped.iter().map(|(key, _)| *key).collect();
            assert_eq!(gone, dropped.iter().map(|name| key(name)).collect::<Vec<_>>(), "{why}");
            assert_eq!(coarsened.grain, grain, "{why}");
        }
    }
}
