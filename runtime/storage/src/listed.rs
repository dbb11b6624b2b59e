//! Every file that the catalog lists: what must be there, and all that must.

use driftline_core::Digest;
use object_store::path::Path;
use rusqlite::Connection;

use crate::{Error, dataset, plugin, rollup, segment};

/// A file and what is recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedFile {
    pub path: Path,
    pub bytes: u64,
    pub digest: Digest,
}

/// All of them.
pub(crate) fn all(view: &Connection) -> Result<Vec<ListedFile>, Error> {
    let mut files = segment::files(view)?;
    files.extend(rollup::files(view)?);
    files.extend(dataset::files(view)?);
    files.extend(plugin::files(view)?);
    Ok(files)
}
