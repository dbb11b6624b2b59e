//! Signatures of plugins as they came; whether a key may be trusted is not storage's question.

use driftline_core::{Digest, Time};
use rusqlite::params;

use crate::{Error, PluginRef, Storage, catalog, plugin};

/// A signature over a plugin's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSignature {
    /// The public key, 32 bytes.
    pub key: [u8; 32],
    /// The signature, 64 bytes.
    pub signature: [u8; 64],
    /// When it came.
    pub added: Time,
}

impl Storage {
    /// Keeps a signature of an installed plugin, in place of an earlier one by the same key.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the plugin is not installed.
    pub fn sign_plugin(&self, digest: &Digest, key: [u8; 32], signature: [u8; 64]) -> Result<(), Error> {
        let digest = *digest;
        self.inner.writer.call(move |group| {
            if plugin::find(group.connection, &PluginRef::Digest(digest))?.is_none() {
                return Err(Error::not_found("plugin", digest));
            }
            group
                .connection
                .prepare_cached(
                    "INSERT INTO plugin_signatures (digest, key, signature, added) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (digest, key) DO UPDATE SET signature = ?3, added = ?4",
                )?
                .execute(params![digest.as_bytes(), key, signature, group.now.micros()])?;
            Ok(())
        })
    }

    /// The signatures of a plugin, in the order of their keys.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Failed`].
    pub fn plugin_signatures(&self, digest: &Digest) -> Result<Vec<PluginSignature>, Error> {
        self.inner.catalog.read(|view| {
            let mut statement = view
                .prepare_cached("SELECT key, signature, added FROM plugin_signatures WHERE digest = ?1 ORDER BY key")?;
            let found = statement.query_map([digest.as_bytes()], |row| {
                let blob = |index: usize| row.get_ref(index)?.as_blob().map_err(rusqlite::Error::from);
                let key = blob(0)?.try_into().map_err(|error| catalog::odd(0, error))?;
                let signature = blob(1)?.try_into().map_err(|error| catalog::odd(1, error))?;
                Ok(PluginSignature { key, signature, added: catalog::time(row, 2)? })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}
