//! Compiled plugins on disk: a file is used only when its checksum is right.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use driftline_core::Digest;

use crate::Error;

const MAGIC: &[u8; 16] = b"driftline cwasm1";

/// A directory of artifacts, named by the plugin's digest and by what machine code depends on.
///
/// A file is the magic word, the SHA-256 over digest, compatibility word and
/// artifact, then the artifact. The checksum guards against torn and rotten
/// files and against files put under another name; who may write into the
/// directory may run code in this process anyway.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
    compatibility: String,
}

impl Cache {
    pub(crate) fn open(dir: &Path, compatibility: String) -> Result<Self, Error> {
        fs::create_dir_all(dir)
            .map_err(|error| Error::io(format!("the plugin cache {} could not be made", dir.display()), error))?;
        Ok(Self { dir: dir.to_owned(), compatibility })
    }

    /// The artifact of a plugin, if there is a sound one.
    pub(crate) fn read(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = self.path(digest);
        let mut bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a compiled plugin could not be read; it is compiled again");
                return None;
            }
        };
        let head = MAGIC.len() + 32;
        let sound = bytes.len() >= head
            && bytes.starts_with(MAGIC)
            && bytes[MAGIC.len()..head] == *self.checksum(digest, &bytes[head..]).as_bytes();
        if !sound {
            tracing::warn!(path = %path.display(), "a compiled plugin is damaged; it is compiled again");
            return None;
        }
        bytes.drain(..head);
        Some(bytes)
    }

    /// Keeps an artifact: whole or not at all.
    pub(crate) fn write(&self, digest: &Digest, artifact: &[u8]) -> Result<(), Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let path = self.path(digest);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let draft = self.dir.join(format!(".{}-{number}.tmp", std::process::id()));
        let written = (|| {
            let mut file = fs::File::create(&draft)?;
            file.write_all(MAGIC)?;
            file.write_all(self.checksum(digest, artifact).as_bytes())?;
            file.write_all(artifact)?;
            fs::rename(&draft, &path)
        })();
        written.map_err(|error| {
            // The draft may not even exist; the error that counts is the first one.
            let _ = fs::remove_file(&draft);
            Error::io(format!("the compiled plugin {} could not be kept", path.display()), error)
        })
    }

    /// Forgets an artifact, if there is one.
    pub(crate) fn remove(&self, digest: &Digest) -> Result<(), Error> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io(format!("the compiled plugin {} could not be removed", path.display()), error))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{}-{}.cwasm", digest.hex(), self.compatibility))
    }

    fn checksum(&self, digest: &Digest, artifact: &[u8]) -> Digest {
        Digest::of_parts([&digest.as_bytes()[..], self.compatibility.as_bytes(), artifact])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_only_what_is_sound() {
        let dir = tempfile::tempdir().expect("a directory");
        let cache = Cache::open(&dir.path().join("made"), "x".into()).expect("opened");
        let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
        assert_eq!(cache.read(&one), None);
        cache.write(&one, b"artifact").expect("written");
        assert_eq!(cache.read(&one).as_deref(), Some(&b"artifact"[..]));

        fs::copy(cache.path(&one), cache.path(&other)).expect("copied");
        assert_eq!(cache.read(&other), None, "a file under another plugin's name");
        let whole = fs::read(cache.path(&one)).expect("read");
        let mut flipped = whole.clone();
        flipped[whole.len() - 1] ^= 1;
        for damaged in [&whole[..whole.len() - 1], &whole[..20], b"", &flipped] {
            fs::write(cache.path(&one), damaged).expect("damaged");
            assert_eq!(cache.read(&one), None);
        }
        let newer = Cache::open(&dir.path().join("made"), "y".into()).expect("opened");
        fs::write(newer.path(&one), &whole).expect("copied");
        assert_eq!(newer.read(&one), None, "a file of another compiler");
        cache.remove(&one).expect("removed");
        cache.remove(&one).expect("nothing to remove");
        assert_eq!(fs::read_dir(dir.path().join("made")).expect("listed").count(), 2, "no drafts are left");
    }
}
