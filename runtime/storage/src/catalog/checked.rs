//! SQLite's access to the catalog's file, with a checksum in every page.
//!
//! SQLite reaches files through a table of functions (a VFS). This one is the system's, but for the catalog's main
//! file: each page is stamped when it is written (by a checkpoint) and checked when it is read. SQLite itself
//! checks the frames of its write-ahead log. A changed byte is thus an I/O error whatever it is part of: a row, an index, a
//! pointer between pages. Other programs can read the file; what they write is not stamped and therefore refused.
#![allow(unsafe_code, reason = "SQLite takes a VFS only as a table of C functions")]

use std::{
    ffi::{CStr, c_char, c_int, c_void},
    ptr, slice,
    sync::OnceLock,
};

use rusqlite::{
    Connection,
    ffi::{
        self, SQLITE_CANTOPEN, SQLITE_FCNTL_RESERVE_BYTES, SQLITE_IOCAP_SUBPAGE_READ, SQLITE_IOERR, SQLITE_IOERR_DATA,
        SQLITE_OK, SQLITE_OPEN_MAIN_DB, sqlite3_file, sqlite3_io_methods, sqlite3_vfs,
    },
};

use super::page;
use crate::Error;

/// The name under which SQLite knows this VFS.
pub(crate) const NAME: &CStr = c"driftline";

/// What is below: the system's VFS, and the functions of its files.
struct Below {
    system: *mut sqlite3_vfs,
    files: OnceLock<Files>,
}

struct Files {
    plain: &'static sqlite3_io_methods,
    checked: &'static sqlite3_io_methods,
}

// SAFETY: SQLite's tables of functions never change once they are registered, and every thread may call them.
unsafe impl Send for Below {}
unsafe impl Sync for Below {}

static BELOW: OnceLock<Option<Below>> = OnceLock::new();

/// Makes the VFS known to SQLite.
///
/// # Errors
/// [`Error::Failed`] when SQLite has no VFS for this system.
pub(crate) fn register() -> Result<(), Error> {
    match BELOW.get_or_init(registered) {
        Some(_) => Ok(()),
        None => Err(Error::failed("preparing SQLite", "it can't reach files on this system")),
    }
}

fn registered() -> Option<Below> {
    // SAFETY: the found VFS is valid for as long as the process lives, and so is the leaked copy of it.
    unsafe {
        let system = ffi::sqlite3_vfs_find(ptr::null());
        let copy = sqlite3_vfs { zName: NAME.as_ptr(), xOpen: Some(open), pNext: ptr::null_mut(), ..*system.as_ref()? };
        let code = ffi::sqlite3_vfs_register(Box::leak(Box::new(copy)), 0);
        (code == SQLITE_OK).then(|| Below { system, files: OnceLock::new() })
    }
}

/// Has the next database that `connection` makes, itself or by `VACUUM INTO`, leave room for the checksums.
pub(crate) fn reserve(connection: &Connection) -> Result<(), Error> {
    let mut bytes = c_int::from(page::RESERVED);
    // SAFETY: the handle is open, and this operation reads and writes one int.
    let code = unsafe {
        let bytes = ptr::from_mut(&mut bytes).cast::<c_void>();
        ffi::sqlite3_file_control(connection.handle(), c"main".as_ptr(), SQLITE_FCNTL_RESERVE_BYTES, bytes)
    };
    if code == SQLITE_OK { Ok(()) } else { Err(Error::failed("preparing SQLite", ffi::Error::new(code))) }
}

/// Opens a file as the system does; the main file of a database then goes through [`read`] and [`write`].
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let Some(Some(below)) = BELOW.get() else { return SQLITE_CANTOPEN };
    // SAFETY: SQLite's own arguments are handed on; after SQLITE_OK the file has the system's functions.
    unsafe {
        let Some(system_open) = (*below.system).xOpen else { return SQLITE_CANTOPEN };
        let code = system_open(below.system, name, file, flags, out_flags);
        if code != SQLITE_OK || flags & SQLITE_OPEN_MAIN_DB == 0 {
            return code;
        }
        let Some(plain) = (*file).pMethods.as_ref() else { return SQLITE_CANTOPEN };
        let files = below.files.get_or_init(|| Files { plain, checked: Box::leak(Box::new(checked(plain))) });
        if !ptr::eq(plain, files.plain) {
            return SQLITE_CANTOPEN;
        }
        (*file).pMethods = files.checked;
        SQLITE_OK
    }
}

/// The functions of a checked file: those below, but for reading and writing. No memory maps, which would pass them by.
fn checked(plain: &sqlite3_io_methods) -> sqlite3_io_methods {
    sqlite3_io_methods {
        iVersion: plain.iVersion.min(2),
        xRead: Some(read),
        xWrite: Some(write),
        xDeviceCharacteristics: Some(traits),
        xFetch: None,
        xUnfetch: None,
        ..*plain
    }
}

fn plain() -> Option<&'static sqlite3_io_methods> {
    Some(BELOW.get()?.as_ref()?.files.get()?.plain)
}

fn page_number(bytes: c_int, offset: i64) -> Option<u64> {
    page::number(usize::try_from(bytes).ok()?, u64::try_from(offset).ok()?)
}

unsafe extern "C" fn read(file: *mut sqlite3_file, into: *mut c_void, bytes: c_int, offset: i64) -> c_int {
    let Some(below) = plain().and_then(|plain| plain.xRead) else { return SQLITE_IOERR };
    // SAFETY: SQLite hands in a buffer of `bytes` bytes, which is filled after SQLITE_OK.
    unsafe {
        let code = below(file, into, bytes, offset);
        match page_number(bytes, offset).filter(|_| code == SQLITE_OK) {
            Some(number) if !page::is_whole(slice::from_raw_parts(into.cast(), bytes as usize), number) => {
                SQLITE_IOERR_DATA
            }
            _ => code,
        }
    }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, from: *const c_void, bytes: c_int, offset: i64) -> c_int {
    let Some(below) = plain().and_then(|plain| plain.xWrite) else { return SQLITE_IOERR };
    // SAFETY: SQLite hands in a buffer of `bytes` bytes; it stays as it is, for it is part of SQLite's cache.
    unsafe {
        let Some(number) = page_number(bytes, offset) else { return below(file, from, bytes, offset) };
        let mut page = slice::from_raw_parts(from.cast::<u8>(), bytes as usize).to_vec();
        page::stamp(&mut page, number);
        below(file, page.as_ptr().cast(), bytes, offset)
    }
}

/// What the file can do; not reading parts of pages, whose checksums could not be checked.
unsafe extern "C" fn traits(file: *mut sqlite3_file) -> c_int {
    let Some(below) = plain().and_then(|plain| plain.xDeviceCharacteristics) else { return 0 };
    // SAFETY: the file is open.
    unsafe { below(file) & !SQLITE_IOCAP_SUBPAGE_READ }
}
