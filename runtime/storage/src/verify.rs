//! Checks a data directory from outside: every checksum, every reference, every count.

mod files;
mod ids;
mod log_rows;
mod monitors;
mod pages;
mod report;
mod segments;

pub use report::{Problem, Verification};

use std::path::Path as DiskPath;

use rusqlite::Connection;

use crate::{
    Error, Kind, Options,
    backup_lock::Copying,
    catalog::{self, Catalog},
    claim::Claim,
    files::Files,
    listed::{self, ListedFile},
    model::{self, Model},
    segment::{self, Listing},
};

/// Checks the data directory `dir`, whose files are where `options` say. It changes nothing. A server may be running on it; what
/// that is doing meanwhile is no problem.
///
/// # Errors
/// When it can't be checked: there is no data directory, a later release wrote it, or the disk fails. What is wrong
/// with it is no error but a [`Problem`] of the answer.
pub fn verify(dir: &DiskPath, options: &Options) -> Result<Verification, Error> {
    let file = dir.join("catalog.db");
    if !file.exists() {
        return Err(Error::not_found("catalog", file.display()));
    }
    // Files that are listed now stay until this is done.
    let _copying = Copying::begin(dir)?;
    let mut report = Verification { in_use: Claim::is_taken(dir)?, ..Verification::default() };
    pages::check(&file, &mut report)?;
    match listed(dir, &mut report) {
        Ok(listed) => files::check(&Files::open(dir, options)?, listed, &mut report)?,
        Err(error) => report.damage(error)?,
    }
    Ok(report)
}

/// What the catalog lists.
struct Listed {
    models: Vec<Rows>,
    files: Vec<ListedFile>,
}

/// The rows of one model.
struct Rows {
    model: Model,
    /// The ids of its predictions in the log.
    logged: Vec<u128>,
    segments: Vec<(Kind, Listing)>,
}

/// Checks the catalog in one view of it and gives what it lists.
fn listed(dir: &DiskPath, report: &mut Verification) -> Result<Listed, Error> {
    // The mark first: a running server moves it on after each commit.
    let marked = catalog::marked(dir);
    Catalog::beside(dir)?.read(|view| {
        if let Err(error) = catalog::check_mark(marked, view) {
            report.damage(error)?;
        }
        consistent(view, report)?;
        monitors::check(view, report)?;
        let models = model::list(view, None, usize::MAX)?.into_iter().map(|model| rows(view, model, report));
        let listed = Listed { models: models.collect::<Result<_, _>>()?, files: listed::all(view)? };
        report.models = listed.models.len() as u64;
        Ok(listed)
    })
}

/// Has SQLite check its own structure, every index against its table, and references between tables.
fn consistent(view: &Connection, report: &mut Verification) -> Result<(), Error> {
    let mut statement = view.prepare("PRAGMA integrity_check")?;
    let mut lines = statement.query([])?;
    while let Some(line) = lines.next()? {
        let line: String = line.get(0)?;
        if line != "ok" {
            report.problem("catalog.db", line);
        }
    }
    let mut statement = view.prepare("PRAGMA foreign_key_check")?;
    let mut orphans = statement.query([])?;
    while let Some(orphan) = orphans.next()? {
        let (table, parent): (String, String) = (orphan.get(0)?, orphan.get(2)?);
        report.problem("catalog.db", format!("a row of {table} refers to a row of {parent} that is not there"));
    }
    Ok(())
}

fn rows(view: &Connection, model: Model, report: &mut Verification) -> Result<Rows, Error> {
    let mut logged = Vec::new();
    let mut segments = Vec::new();
    for kind in [Kind::Predictions, Kind::Delayed] {
        log_rows::check(view, &model, kind, &mut logged, report)?;
        segments.extend(segment::all(view, model.id, kind)?.into_iter().map(|listing| (kind, listing)));
    }
    Ok(Rows { model, logged, segments })
}
