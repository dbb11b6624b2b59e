//! The scans for what is not kept, and what they give.

use super::{Column, Pass, Wholes};
use crate::{
    scanning::{Scanned, Scanning},
    side::{Part, Side},
};

impl Pass<'_> {
    /// The scans for what is missing.
    pub(super) fn scans(&self, columns: &[Column], current: &Side, reference: Option<&Side>) -> Vec<Scanning> {
        let mut scans = Vec::new();
        for (number, side) in [Some(current), reference].into_iter().enumerate() {
            for (at, part) in side.iter().flat_map(|side| side.parts.iter().enumerate()) {
                let missing: Vec<Vec<usize>> =
                    columns.iter().map(|column| column.gathered.missing(number, at, part)).collect();
                let mut cells: Vec<usize> = missing.iter().flatten().copied().collect();
                cells.sort_unstable();
                cells.dedup();
                if cells.is_empty() {
                    self.context.progress.unit_done();
                    continue;
                }
                let lacking: Vec<usize> = (0..columns.len()).filter(|column| !missing[*column].is_empty()).collect();
                let spread = side.map_or(1, |_| spread(part, &cells));
                self.context.progress.expect_units(spread - 1);
                for cells in cells.chunks(cells.len().div_ceil(spread)) {
                    let Some(side) = side else { continue };
                    scans.push(self.scan(columns, (number, at), side, part, lacking.clone(), cells.to_vec()));
                }
            }
        }
        scans
    }

    fn scan(
        &self,
        columns: &[Column],
        (number, at): (usize, usize),
        side: &Side,
        part: &Part,
        lacking: Vec<usize>,
        cells: Vec<usize>,
    ) -> Scanning {
        let mut work = side.work(self.plan, self.columns.clone()).as_ref().clone();
        let bindings = lacking.iter().filter_map(|column| work.shape.bindings.get(*column).cloned()).collect();
        work.shape = work.shape.of_bindings(bindings);
        let keys = lacking.iter().map(|column| {
            let keys = &columns[*column].gathered.keys;
            let keys = if number == 0 { &keys.current[at] } else { &keys.compared[at] };
            cells.iter().filter_map(|cell| keys.get(*cell)).map(|(key, _)| *key).collect()
        });
        let keys = keys.collect();
        let (states, model) = (self.states(), self.plan.model.id);
        Scanning { side: number, at, part: part.clone(), work, columns: lacking, cells, keys, states, model }
    }
}

/// Into how many scans the missing cells of a part are cut: so many that all threads have something to do.
fn spread(part: &Part, cells: &[usize]) -> usize {
    const LARGE: u64 = 1 << 19;
    let rows = part.unit.extent().map_or(0, |extent| extent.rows);
    if rows >= LARGE { cells.len().clamp(1, 2) } else { 1 }
}

/// Takes in what a scan gave.
pub(super) fn take_in(columns: &mut [Column], scanned: Scanned, wholes: &mut Wholes, log: &mut Vec<String>) {
    let Scanned { side, at, columns: of, cells, states, whole, log: mut lines, read_clock, kept: _ } = scanned;
    log.append(&mut lines);
    for (column, read_clock) in of.iter().zip(read_clock) {
        columns[*column].read_clock |= read_clock && side == 1;
        columns[*column].computed += cells.len() as u64;
    }
    if let Some(whole) = whole {
        wholes.insert((side, at), (of, whole));
        return;
    }
    for (column, states) in of.into_iter().zip(states) {
        let column = &mut columns[column];
        match states {
            Ok(states) => {
                for (cell, states) in cells.iter().zip(states) {
                    column.gathered.states[side][at][*cell] = Some(states);
                }
            }
            Err(failure) => column.failure = column.failure.take().or(Some(failure)),
        }
    }
}
