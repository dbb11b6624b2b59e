//! Labels of a category column as codes that stay the same for the life of an instance.

use arrow::array::{Array, StringArray};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher;

/// The code of a missing cell.
pub(crate) const NULL_CODE: u32 = u32::MAX;

/// Labels in the order in which they first came; a code is a place in that order.
#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    text: String,
    ends: Vec<usize>,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// The labels take more room than they may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// How many labels there were.
    pub(crate) labels: usize,
}

impl Dictionary {
    /// How many labels are known.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The label of a code.
    pub(crate) fn label(&self, code: usize) -> Option<&str> {
        label(&self.text, &self.ends, code)
    }

    /// About how much room the labels take.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<usize>() + self.codes.capacity() * 2 * size_of::<u32>()
    }

    /// The codes of a column's cells; new labels get new codes.
    pub(crate) fn encode(&mut self, cells: &StringArray, limit_bytes: usize) -> Result<Vec<u32>, Full> {
        let mut last: Option<(&str, u32)> = None;
        let mut codes = Vec::with_capacity(cells.len());
        for cell in cells {
            let code = match (cell, last) {
                (None, _) => NULL_CODE,
                (Some(text), Some((before, code))) if text == before => code,
                (Some(text), _) => {
                    let code = self.code(text, limit_bytes)?;
                    last = Some((text, code));
                    code
                }
            };
            codes.push(code);
        }
        Ok(codes)
    }

    fn code(&mut self, text: &str, limit_bytes: usize) -> Result<u32, Full> {
        let hash = self.hasher.hash_one(text);
        let same = |code: &u32| label(&self.text, &self.ends, *code as usize) == Some(text);
        if let Some(code) = self.codes.find(hash, same) {
            return Ok(*code);
        }
        self.add(text, hash, limit_bytes)
    }

    #[cold]
    fn add(&mut self, text: &str, hash: u64, limit_bytes: usize) -> Result<u32, Full> {
        let full = Full { labels: self.ends.len() };
        let code = u32::try_from(self.ends.len()).map_err(|_| Full { ..full })?;
        if code == NULL_CODE || self.bytes() + text.len() > limit_bytes {
            return Err(full);
        }
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let Self { text, ends, codes, hasher } = self;
        codes.insert_unique(hash, code, |code| hasher.hash_one(label(text, ends, *code as usize).unwrap_or_default()));
        Ok(code)
    }
}

fn label<'a>(text: &'a str, ends: &[usize], code: usize) -> Option<&'a str> {
    let end = *ends.get(code)?;
    let start = code.checked_sub(1).map_or(0, |before| ends[before]);
    text.get(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable_and_follow_the_first_appearance() {
        let mut dictionary = Dictionary::default();
        let batch = |cells: &[Option<&str>]| StringArray::from(cells.to_vec());
        let first = batch(&[Some("b"), None, Some("a"), Some("a"), Some("")]);
        assert_eq!(dictionary.encode(&first, 1000), Ok(vec![0, NULL_CODE, 1, 1, 2]));
        assert_eq!(dictionary.encode(&batch(&[Some("c"), Some("b"), Some("")]), 1000), Ok(vec![3, 0, 2]));
        assert_eq!((0..5).filter_map(|code| dictionary.label(code)).collect::<Vec<_>>(), ["b", "a", "", "c"]);
        assert_eq!(dictionary.len(), 4);
    }

    #[test]
    fn many_labels_stay_apart_and_too_many_are_refused() {
        let cells = StringArray::from_iter_values((0..10_000).map(|i| format!("label {i}")));
        let mut dictionary = Dictionary::default();
        assert_eq!(dictionary.encode(&cells, 1 << 20), Ok((0..10_000).collect()));
        assert_eq!(dictionary.encode(&cells, 1 << 20), Ok((0..10_000).collect()));
        assert!(Dictionary::default().encode(&cells, 50_000).is_err());
    }
}
