//! States of several definitions brought to coarser grains: all of them, or as few as room demands.

use std::cmp::Reverse;

use driftline_core::Window;
use driftline_storage::{Coarsened, DefinitionKey, Grain, KeptFile, KeptState, Room};

use super::keeping::Keeping;
use crate::Error;

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
    /// What the states take up in a file; 0 where nobody asks.
    bytes: u64,
}

impl Held {
    pub fn new(key: DefinitionKey, states: Vec<KeptState>, keeping: Option<Keeping>, rank: Option<usize>) -> Self {
        let grain = states.iter().map(|kept| Grain::of(kept.window)).min().unwrap_or(Grain::Month);
        Self { key, states, keeping, rank, grain, bytes: 0 }
    }

    fn raise(&mut self, grain: Grain) {
        if let Some(keeping) = &self.keeping {
            self.states = keeping.coarser(grain, std::mem::take(&mut self.states));
        }
        self.grain = self.grain.max(grain);
    }

    fn weigh(&mut self) -> Result<(), Error> {
        self.bytes = KeptFile::packed_bytes(&self.states)?;
        Ok(())
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
pub(super) fn within(mut held: Vec<Held>, grain: Grain, room: Room) -> Result<Coarsened, Error> {
    held.iter_mut().try_for_each(Held::weigh)?;
    fit(held, grain, room)
}

fn fit(held: Vec<Held>, grain: Grain, room: Room) -> Result<Coarsened, Error> {
    let (half, rows_bytes) = (room.bytes / 2, room.bytes * 2);
    let (mut evaluated, mut standard): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.rank.is_some());
    evaluated.sort_by_key(|held| Reverse(held.rank));
    standard.sort_by_key(|held| Reverse(held.bytes));
    let mut has_changed = raise(&mut evaluated, grain, half)?;
    let mut dropped = Vec::new();
    if room.month_is_over {
        drop_until(&mut evaluated, &mut dropped, rows_bytes);
    }
    let rest = half.min(room.bytes.saturating_sub(bytes(&evaluated)));
    has_changed |= raise(&mut standard, Grain::Month, rest)?;
    if room.month_is_over {
        drop_until(&mut standard, &mut dropped, rest);
    }
    for dropped in &dropped {
        let definition = dropped.keeping.as_ref().map(|keeping| &keeping.definitions[0].text);
        let (bytes, room_bytes) = (dropped.bytes, room.bytes);
        tracing::warn!(definition, bytes, room_bytes, "states take too much room beside their rows: they are not kept");
    }
    evaluated.append(&mut standard);
    let reached = evaluated.iter().map(|held| held.grain).min().unwrap_or(grain).min(grain);
    let dropped = dropped.iter().filter_map(|dropped| Some((dropped.key, dropped.hull()?))).collect();
    // What did not become coarser now will not the next time.
    written(evaluated, if has_changed { reached } else { grain }, dropped)
}

fn bytes(held: &[Held]) -> u64 {
    held.iter().map(|held| held.bytes).sum()
}

/// Brings states to days, then to months, one definition after the other, until they fit into `room_bytes`; tells
/// whether any became coarser.
fn raise(held: &mut [Held], coarsest: Grain, room_bytes: u64) -> Result<bool, Error> {
    let mut has_changed = false;
    for grain in [Grain::Day, Grain::Month].into_iter().filter(|grain| *grain <= coarsest) {
        for at in 0..held.len() {
            if bytes(held) <= room_bytes {
                return Ok(has_changed);
            }
            if held[at].grain < grain {
                held[at].raise(grain);
                if held[at].keeping.is_some() {
                    held[at].weigh()?;
                }
                has_changed = true;
            }
        }
    }
    Ok(has_changed)
}

/// Moves the first to `dropped` until the others fit into `room_bytes`.
fn drop_until(held: &mut Vec<Held>, dropped: &mut Vec<Held>, room_bytes: u64) {
    while bytes(held) > room_bytes {
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
    fn held(name: &str, bytes: u64, rank: Option<usize>) -> Held {
        let (window, slice, state) = (Grain::Hour.around(Time::EPOCH), String::new(), Vec::new());
        let states = vec![KeptState { window, slice, rows: [1; 3], state }];
        Held { bytes, ..Held::new(key(name), states, None, rank) }
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
            let room = Room { bytes: 1000, month_is_over };
            let states = states.into_iter().map(|(name, bytes, rank)| held(name, bytes, rank)).collect();
            let coarsened = fit(states, if month_is_over { Month } else { Day }, room).expect("written");
            let gone: Vec<_> = coarsened.dropped.iter().map(|(key, _)| *key).collect();
            assert_eq!(gone, dropped.iter().map(|name| key(name)).collect::<Vec<_>>(), "{why}");
            assert_eq!(coarsened.grain, grain, "{why}");
        }
    }
}
