//! A case: a folder with rows and a request.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde_json::{Map, Value};

const REQUEST: &str = "request.json";

/// A case of a test.
#[derive(Debug)]
pub struct Case {
    /// Its folder's name.
    pub name: String,
    /// The rows to measure.
    pub data: PathBuf,
    /// The rows to compare with.
    pub reference: Option<PathBuf>,
    folder: PathBuf,
}

impl Case {
    fn of(folder: PathBuf) -> anyhow::Result<Self> {
        let name = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let name = name.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let entries = entries(&folder)?;
        let file = |stem: &str| {
            let named = |path: &&PathBuf| path.file_stem().is_some_and(|found| found == stem) && path.is_file();
            entries.iter().find(named).cloned()
        };
        let data = file("data").with_context(|| format!("{} has no data.csv, data.ndjson, …", folder.display()))?;
        Ok(Self { name, data, reference: file("reference"), folder })
    }

    /// What is asked.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn request(&self) -> anyhow::Result<Map<String, Value>> {
        let path = self.folder.join(REQUEST);
        let text = fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not a JSON object", path.display()))
    }

    /// The file with what is expected.
    pub fn expected(&self) -> PathBuf {
        self.folder.join("expected.json")
    }
}

/// The cases in a folder, by their names.
///
/// # Errors
/// When there is none.
pub fn all(dir: &Path) -> anyhow::Result<Vec<Case>> {
    let is_case = |folder: &Path| folder.join(REQUEST).is_file();
    if is_case(dir) {
        return Ok(vec![Case::of(dir.to_owned())?]);
    }
    let nested = dir.join("cases");
    let mut folders = entries(if nested.is_dir() { &nested } else { dir })?;
    folders.retain(|folder| is_case(folder));
    if folders.is_empty() {
        bail!(
            "{} has no cases: make a folder `cases`, and in it a folder with data.csv, {REQUEST} and expected.json",
            dir.display()
        );
    }
    folders.into_iter().map(Case::of).collect()
}

/// What is in a folder, in order.
pub fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>());
    let mut paths = listed.with_context(|| format!("{} can't be read", folder.display()))?;
    paths.sort();
    Ok(paths)
}
