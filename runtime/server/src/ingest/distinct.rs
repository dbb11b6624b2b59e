//! Whether the ids of a large body differ: sorted in runs on disk, so that any number of them takes the same memory.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{self, BufWriter, Read, Write},
};

use uuid::Uuid;

use super::{
    keys,
    piece::Failure,
    spool::{Section, Spool},
};

/// How many ids are sorted in memory: 32 MiB of them.
const RUN: usize = 1 << 20;
/// The bytes of an id and its row on disk.
const ENTRY: usize = 24;

/// The ids seen so far, with the numbers of their rows.
pub struct Distinct {
    run: Vec<(u128, u64)>,
    limit: usize,
    file: Option<BufWriter<File>>,
    /// Where the sorted runs end in the file.
    ends: Vec<u64>,
}

impl Distinct {
    /// None seen yet; `file` is an empty one for more than fit into memory.
    pub fn new(file: File) -> Self {
        Self::with_limit(file, RUN)
    }

    fn with_limit(file: File, limit: usize) -> Self {
        Self { run: Vec::new(), limit, file: Some(BufWriter::with_capacity(ENTRY << 10, file)), ends: Vec::new() }
    }

    /// Takes in the id of a row.
    pub fn add(&mut self, row: usize, id: Uuid) -> io::Result<()> {
        self.run.push((id.as_u128(), row as u64));
        if self.run.len() >= self.limit { self.spill() } else { Ok(()) }
    }

    /// Refuses the first row whose id came before, naming both.
    pub fn finish(mut self) -> Result<(), Failure> {
        let mut twins = Twins::default();
        if self.ends.is_empty() {
            self.run.sort_unstable();
            self.run.iter().for_each(|entry| twins.see(*entry));
        } else {
            self.spill()?;
            for entry in Merged::new(self.file.take(), &self.ends)? {
                twins.see(entry?);
            }
        }
        twins.found.map_or(Ok(()), |(id, first, row)| Err(keys::repeated(id, first, row).into()))
    }

    fn spill(&mut self) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        self.run.sort_unstable();
        for (id, row) in self.run.drain(..) {
            file.write_all(&id.to_be_bytes())?;
            file.write_all(&row.to_be_bytes())?;
        }
        let written = self.ends.last().copied().unwrap_or_default() + (ENTRY * self.limit) as u64;
        self.ends.push(written);
        Ok(())
    }
}

/// Looks for neighbours with the same id in sorted entries; keeps the one with the smallest row.
#[derive(Default)]
struct Twins {
    last: Option<(u128, u64)>,
    found: Option<(Uuid, u64, u64)>,
}

impl Twins {
    fn see(&mut self, entry: (u128, u64)) {
        if let Some((id, first)) = self.last.filter(|(id, _)| *id == entry.0)
            && self.found.is_none_or(|(_, _, row)| entry.1 < row)
        {
            self.found = Some((Uuid::from_u128(id), first, entry.1));
        }
        self.last = Some(entry);
    }
}

/// All runs of a file as one sorted sequence.
struct Merged {
    runs: Vec<io::BufReader<Section>>,
    heads: BinaryHeap<Reverse<((u128, u64), usize)>>,
}

impl Merged {
    fn new(file: Option<BufWriter<File>>, ends: &[u64]) -> io::Result<Self> {
        let Some(file) = file else { return Ok(Self { runs: Vec::new(), heads: BinaryHeap::new() }) };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let bytes = file.metadata()?.len();
        let spool = Spool::new(file, bytes);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let runs = starts.zip(ends).map(|(start, end)| spool.section(start, (*end).min(bytes), ENTRY << 8)).collect();
        let mut merged = Self { runs, heads: BinaryHeap::new() };
        (0..ends.len()).try_for_each(|run| merged.pull(run))?;
        Ok(merged)
    }

    fn pull(&mut self, run: usize) -> io::Result<()> {
        let mut entry = [0; ENTRY];
        let Some(reader) = self.runs.get_mut(run) else { return Ok(()) };
        if reader.read(&mut entry[..1])? == 1 {
            reader.read_exact(&mut entry[1..])?;
            let (id, row) = entry.split_at(16);
            let id = id.try_into().map_or(0, u128::from_be_bytes);
            let row = row.try_into().map_or(0, u64::from_be_bytes);
            self.heads.push(Reverse(((id, row), run)));
        }
        Ok(())
    }
}

impl Iterator for Merged {
    type Item = io::Result<(u128, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((entry, run)) = self.heads.pop()?;
        Some(self.pull(run).map(|()| entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(ids: &[u128], limit: usize) -> Option<String> {
        let mut distinct = Distinct::with_limit(tempfile::tempfile().expect("a file"), limit);
        for (row, id) in ids.iter().enumerate() {
            distinct.add(row, Uuid::from_u128(*id)).expect("written");
        }
        distinct.finish().err().map(|failure| failure.to_string())
    }

    #[test]
    fn finds_the_first_repetition_however_many_runs_there_are() {
        let ids: Vec<u128> = (0..50).map(|n| n * 7919 % 50).collect();
        let mut twice = ids.clone();
        twice[40] = twice[39];
        twice[31] = twice[2];
        for limit in [1, 2, 7, 49, 50, 51, 1000] {
            assert_eq!(refused(&ids, limit), None, "{limit}");
            let words = refused(&twice, limit).expect("twice");
            assert!(words.contains("rows 2 and 31"), "{limit}: {words}");
        }
        assert_eq!(refused(&[], 3), None);
    }
}
