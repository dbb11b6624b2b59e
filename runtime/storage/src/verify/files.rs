//! Checks the files beside the catalog against what it lists.

use std::collections::HashSet;

use object_store::path::Path;

use super::{Listed, Verification, segments};
use crate::{Error, files::Files, listed::ListedFile};

/// Checks every listed file, and looks for others.
pub(super) fn check(files: &Files, listed: Listed, report: &mut Verification) -> Result<(), Error> {
    for rows in &listed.models {
        segments::check(files, rows, report)?;
    }
    let segments: HashSet<Path> =
        listed.models.iter().flat_map(|rows| &rows.segments).map(|(_, listing)| listing.path()).collect();
    for file in listed.files.iter().filter(|file| !segments.contains(&file.path)) {
        whole(files, file, report)?;
    }
    let known: HashSet<Path> = listed.files.into_iter().map(|file| file.path).collect();
    report.unlisted = files.present()?.into_iter().filter(|path| !known.contains(path)).collect();
    report.unlisted.sort();
    Ok(())
}

fn whole(files: &Files, file: &ListedFile, report: &mut Verification) -> Result<(), Error> {
    report.other_files += 1;
    let mut bytes = 0;
    let counted = files.copy(&file.path, &file.digest, |piece| {
        bytes += piece.len() as u64;
        Ok(())
    });
    match counted {
        Ok(()) => {
            report.bytes += bytes;
            report.compare(file.path.as_ref(), "bytes", file.bytes, bytes);
            Ok(())
        }
        Err(error) => report.damage(error),
    }
}
