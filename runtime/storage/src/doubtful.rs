//! Files of which a failure left open whether a record lists them.

use std::{collections::HashSet, sync::Mutex};

use object_store::path::Path;

use crate::{Error, catalog, held, listed, plugin, storage::Inner, writer::Group};

/// They wait until that is known: a failed commit may have reached the disk, and half a file may have its name.
#[derive(Default)]
pub(crate) struct Doubtful {
    paths: Mutex<Vec<Path>>,
}

impl Doubtful {
    /// Takes in files. Those of plugins are named by their bytes: the next to install the same needs them.
    pub fn extend(&self, paths: impl IntoIterator<Item = Path>) {
        held(&self.paths).extend(paths.into_iter().filter(|path| !plugin::is_path(path)));
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        held(&self.paths).is_empty()
    }
}

impl Inner {
    /// Runs a transaction that lists some of these files or unlists them, and waits for it to be durable.
    pub fn relist<T: Send + 'static>(
        &self,
        files: Vec<Path>,
        work: impl FnOnce(&mut Group<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.writer.call(work).inspect_err(|_| self.files.doubtful.extend(files))
    }

    /// Hands the doubtful files that no record lists to those who delete replaced ones.
    ///
    /// # Errors
    /// What keeps the catalog from being written; the files stay doubtful then.
    pub fn settle(&self) -> Result<(), Error> {
        let doubtful = std::mem::take(&mut *held(&self.files.doubtful.paths));
        if doubtful.is_empty() {
            return Ok(());
        }
        // A transaction that comes after the failed one overwrites whatever that left in the write-ahead log.
        let settled = self.writer.call(|group| catalog::advance(group.connection)).and_then(|_| {
            self.catalog.read(|view| Ok(listed::all(view)?.into_iter().map(|file| file.path).collect::<HashSet<_>>()))
        });
        match settled {
            Ok(listed) => {
                self.pins.replaced(doubtful.into_iter().filter(|path| !listed.contains(path)));
                Ok(())
            }
            Err(error) => {
                self.files.doubtful.extend(doubtful);
                Err(error)
            }
        }
    }
}
