//! Which ids can be in a segment: its row groups' ranges and bloom filters, kept in memory.

use std::sync::{Arc, Mutex};

use parquet::bloom_filter::Sbbf;
use uuid::Uuid;

use crate::{Error, held, id_range::IdRange};

/// What is known of the ids in a file.
pub(crate) struct Filters {
    pub groups: Vec<Group>,
}

/// What is known of the ids in a row group.
pub(crate) struct Group {
    /// The smallest and the largest.
    pub ids: IdRange,
    pub filter: Option<Sbbf>,
}

impl Group {
    /// Whether the group can have the id; seldom wrong when it says yes, never when it says no.
    pub fn may_hold(&self, id: &[u8; 16]) -> bool {
        self.ids.0 <= *id && *id <= self.ids.1 && self.filter.as_ref().is_none_or(|filter| filter.check(&id[..]))
    }
}

impl Filters {
    fn bytes(&self) -> usize {
        let blocks = self.groups.iter().filter_map(|group| group.filter.as_ref()).map(Sbbf::num_blocks);
        blocks.sum::<usize>() * 32 + self.groups.len() * size_of::<Group>()
    }
}

/// The filters used last, newest at the end.
pub(crate) struct FilterCache {
    limit: usize,
    kept: Mutex<Vec<(Uuid, Arc<Filters>)>>,
}

impl FilterCache {
    /// An empty cache of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    /// The filters of a segment, if they are kept.
    pub fn get(&self, segment: Uuid) -> Option<Arc<Filters>> {
        let mut kept = held(&self.kept);
        let at = kept.iter().position(|(held, _)| *held == segment)?;
        let found = kept.remove(at);
        let filters = found.1.clone();
        kept.push(found);
        Some(filters)
    }

    /// The filters of a segment, read by `load` unless they are kept.
    pub fn get_or_load(
        &self,
        segment: Uuid,
        load: impl FnOnce() -> Result<Filters, Error>,
    ) -> Result<Arc<Filters>, Error> {
        if let Some(filters) = self.get(segment) {
            return Ok(filters);
        }
        let filters = Arc::new(load()?);
        let mut kept = held(&self.kept);
        kept.push((segment, filters.clone()));
        let mut bytes: usize = kept.iter().map(|(_, filters)| filters.bytes()).sum();
        while bytes > self.limit && !kept.is_empty() {
            bytes -= kept.remove(0).1.bytes();
        }
        Ok(filters)
    }
}
