//! Catalogs of releases before page checksums: how they are told apart, and brought up to date.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use rusqlite::Connection;

use super::{checked, migrate, page};
use crate::Error;

/// The last format in which pages had no checksums.
const LAST_UNCHECKED: u32 = 1;

const SENSELESS: &str = "the header of its first page makes no sense";

/// Whether the catalog at `path` is of a release before page checksums; `false` when there is none yet.
///
/// # Errors
/// [`Error::Corrupt`] when its header says so but for its format it can't be.
pub(crate) fn is_unchecked(path: &Path) -> Result<bool, Error> {
    let mut header = [0; 100];
    match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => {}
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof) => {
            return Ok(false);
        }
        Err(error) => return Err(Error::failed("reading the catalog", error)),
    }
    let [.., a, b, c, d] = header[..64] else { return Ok(false) };
    let format = u32::from_be_bytes([a, b, c, d]);
    match header[20] {
        0 if !header.starts_with(b"SQLite format 3\0") => Err(Error::corrupt("catalog.db", "it is no catalog")),
        0 if format <= LAST_UNCHECKED => Ok(true),
        0 => migrate::known(format).and_then(|()| Err(Error::corrupt("catalog.db", SENSELESS))),
        page::RESERVED => Ok(false),
        _ => Err(Error::corrupt("catalog.db", SENSELESS)),
    }
}

/// Copies the catalog at `path` page by page into one with checksums, which then takes its place.
/// A crash leaves either the one or the other.
pub(crate) fn add_checksums(path: &Path) -> Result<(), Error> {
    let fresh = path.with_extension("db.new");
    let failed = |error| Error::failed("adding checksums to the catalog", error);
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let old = Connection::open(path)?;
    copy(&old, &fresh)?;
    // The last connection takes the write-ahead log with it, which must not meet the new file.
    old.close().map_err(|(_, error)| error)?;
    fs::rename(&fresh, path).map_err(failed)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Copies what `catalog` holds to the new file `to`, whose pages have checksums, and syncs it.
pub(super) fn copy(catalog: &Connection, to: &Path) -> Result<(), Error> {
    checked::reserve(catalog)?;
    catalog.execute("VACUUM INTO ?1", [uri(to)])?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| Error::failed("copying the catalog", error))
}

/// The path as a URI that names our VFS.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?vfs=" + &checked::NAME.to_string_lossy()
}
