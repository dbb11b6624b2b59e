//! The demo's data directory: never anyone else's.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

const MARKER: &str = "demo";
const LOADING: &str = "loading\n";
const LOADED: &str = "loaded\n";

/// A directory that is the demo's.
pub struct Directory {
    path: PathBuf,
    loaded: bool,
}

impl Directory {
    /// Takes an empty or missing directory, or an earlier demo's.
    ///
    /// # Errors
    /// When it holds anything else, or an earlier demo did not get through.
    pub fn claim(path: &Path) -> anyhow::Result<Self> {
        let marker = path.join(MARKER);
        let shown = path.display();
        let loaded = match fs::read_to_string(&marker) {
            Ok(text) if text == LOADED => true,
            Ok(_) => {
                bail!("an earlier demo in {shown} was cut off while it loaded: remove that directory and start again")
            }
            Err(_) if is_empty(path)? => false,
            Err(_) => bail!("{shown} is not empty and not a demo's: choose another directory with --data"),
        };
        if !loaded {
            fs::create_dir_all(path).with_context(|| format!("{shown} can't be made"))?;
            fs::write(&marker, LOADING).with_context(|| format!("{} can't be written", marker.display()))?;
        }
        Ok(Self { path: path.to_owned(), loaded })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether an earlier demo has loaded its data.
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Notes that the data are loaded.
    ///
    /// # Errors
    /// When the directory can't be written.
    pub fn mark_loaded(&self) -> anyhow::Result<()> {
        let marker = self.path.join(MARKER);
        fs::write(&marker, LOADED).with_context(|| format!("{} can't be written", marker.display()))
    }
}

fn is_empty(path: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_empty_directories_and_its_own_and_no_others() {
        let dir = tempfile::tempdir().expect("a directory");
        let data = dir.path().join("data");
        assert!(Directory::claim(dir.path()).is_ok_and(|directory| !directory.is_loaded()));
        let fresh = Directory::claim(&data).expect("a missing one");
        assert!(Directory::claim(&data).is_err(), "cut off while loading");
        fresh.mark_loaded().expect("writes");
        assert!(Directory::claim(&data).is_ok_and(|directory| directory.is_loaded()));
        let other = dir.path().join("other");
        fs::create_dir(&other).expect("a directory");
        fs::write(other.join("thesis.txt"), "precious").expect("writes");
        assert!(Directory::claim(&other).is_err());
    }
}
