//! States and reports as bytes.

mod reader;
mod report;

pub(crate) use self::report::{read_results, write_results};

use std::{collections::BTreeMap, sync::Arc};

use self::reader::Reader;
use crate::{outcome::Rows, unit::GroupState};

/// The states of one cell or of several, by slice.
pub(crate) type SliceMap<T> = BTreeMap<Arc<[u8]>, T>;

/// The states of a cell.
pub(crate) fn write_states(states: &SliceMap<GroupState>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (slice, group) in states {
        put(&mut bytes, slice);
        put_rows(&mut bytes, group.rows);
        put(&mut bytes, &group.state);
    }
    bytes
}

/// The states of a cell; `None` when these are none.
pub(crate) fn read_states(bytes: &[u8]) -> Option<SliceMap<GroupState>> {
    let mut reader = Reader(bytes);
    let mut states = BTreeMap::new();
    while !reader.is_at_end() {
        let slice = reader.bytes()?.into();
        let rows = reader.rows()?;
        states.insert(slice, GroupState { rows, state: reader.bytes()?.to_vec() });
    }
    Some(states)
}

/// The states of a reference, of each slice in the order in which they merge.
pub(crate) fn write_reference(states: &SliceMap<Vec<Vec<u8>>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (slice, states) in states {
        put(&mut bytes, slice);
        put_number(&mut bytes, states.len() as u64);
        states.iter().for_each(|state| put(&mut bytes, state));
    }
    bytes
}

/// The states of a reference; `None` when these are none.
pub(crate) fn read_reference(bytes: &[u8]) -> Option<SliceMap<Vec<Vec<u8>>>> {
    let mut reader = Reader(bytes);
    let mut all = BTreeMap::new();
    while !reader.is_at_end() {
        let slice = reader.bytes()?.into();
        let states = (0..reader.number()?).map(|_| reader.bytes().map(<[u8]>::to_vec)).collect::<Option<_>>()?;
        all.insert(slice, states);
    }
    Some(all)
}

fn put(bytes: &mut Vec<u8>, value: &[u8]) {
    put_number(bytes, value.len() as u64);
    bytes.extend_from_slice(value);
}

fn put_number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put_rows(bytes: &mut Vec<u8>, rows: Rows) {
    rows.counts().into_iter().for_each(|count| put_number(bytes, count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_come_back_and_what_is_cut_off_does_not() {
        let rows = Rows { read: 3, used: 2, missing: 1 };
        let group = |state: &[u8]| GroupState { state: state.to_vec(), rows };
        let states: SliceMap<_> = [(Arc::from(*b""), group(b"one")), (Arc::from(*b"eu"), group(b""))].into();
        let bytes = write_states(&states);
        let read = read_states(&bytes).expect("reads");
        let plain = |states: &SliceMap<GroupState>| {
            states.iter().map(|(slice, group)| (slice.clone(), group.state.clone(), group.rows)).collect::<Vec<_>>()
        };
        assert_eq!(plain(&read), plain(&states));
        assert!(
            (1..bytes.len())
                .filter(|cut| *cut != 43)
                .all(|cut| read_states(&bytes[..cut]).is_none_or(|read| read.len() < 2))
        );
        let reference: SliceMap<_> = [(Arc::from(*b"eu"), vec![vec![1], vec![]]), (Arc::from(*b"us"), vec![])].into();
        assert_eq!(read_reference(&write_reference(&reference)), Some(reference));
        assert!(read_reference(&[255; 9]).is_none());
    }
}
