//! Checks the pages of the catalog's file, those too that SQLite does not use at present.

use std::{fs::File, os::unix::fs::FileExt, path::Path};

use super::Verification;
use crate::{Error, catalog};

/// How often a page is read again before it counts as damaged: a running server may be writing it.
const TRIES: u32 = 5;

/// Checks every page of the file at `path`.
pub(super) fn check(path: &Path, report: &mut Verification) -> Result<(), Error> {
    let failed = |error| Error::failed("reading the catalog", error);
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let (mut page, page_bytes) = (vec![0; catalog::PAGE_BYTES], catalog::PAGE_BYTES as u64);
    for number in 0..bytes / page_bytes {
        let mut is_whole = false;
        for _ in 0..TRIES {
            file.read_exact_at(&mut page, number * page_bytes).map_err(failed)?;
            is_whole = catalog::is_whole(&page, number);
            if is_whole {
                break;
            }
            std::thread::yield_now();
        }
        report.pages += 1;
        if !is_whole {
            report.problem("catalog.db", format!("the checksum of page {} does not match", number + 1));
        }
    }
    if !bytes.is_multiple_of(page_bytes) {
        report.problem("catalog.db", "it ends within a page");
    }
    Ok(())
}
