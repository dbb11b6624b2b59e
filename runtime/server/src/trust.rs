//! Whose plugins may run: signatures over digests, and the keys that an operator lists.

mod key;
mod signature;

pub use key::{PublicKey, SecretKey};
pub use signature::Signature;

use std::{path::Path, sync::Arc};

use axum::http::StatusCode;
use driftline_core::Digest;
use driftline_storage::{PluginSignature, Storage};

use crate::{Error, problem::Problem, standard_plugins};

/// The keys that an operator trusts, if any are asked for. Clones are the same.
#[derive(Clone, Default)]
pub struct Trust(Option<Arc<Vec<Listed>>>);

/// A listed key, and what it is called.
struct Listed {
    key: PublicKey,
    name: String,
}

impl Trust {
    /// The keys of a file, one a line: `ed25519:…` and a name; lines that start with `#` say nothing. Without a file
    /// every plugin may run.
    ///
    /// # Errors
    /// When the file can't be read, or a line is no key.
    pub fn read(file: Option<&Path>) -> Result<Self, Error> {
        let Some(file) = file else { return Ok(Self(None)) };
        let wrong = |reason: String| Error::PluginKeys { file: file.to_owned(), reason };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
        let lines = text.lines().zip(1..).map(|(line, number)| (line.trim(), number));
        let keys = lines
            .filter(|(line, _)| !line.is_empty() && !line.starts_with('#'))
            .map(|(line, number)| listed(line).map_err(|reason| wrong(format!("line {number}: {reason}"))));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(wrong("it lists no key, so that no plugin could run".to_owned()));
        }
        Ok(Self(Some(Arc::new(keys))))
    }

    /// Whether plugins must be signed.
    pub fn is_required(&self) -> bool {
        self.0.is_some()
    }

    /// What the listed key is called; `None` when it is not listed.
    pub fn name_of(&self, key: &PublicKey) -> Option<&str> {
        self.0.iter().flat_map(|keys| keys.iter()).find(|listed| listed.key == *key).map(|listed| listed.name.as_str())
    }

    /// Decides about an upload with this signature, or none.
    ///
    /// # Errors
    /// 422 when the signature is none of these bytes, 403 when keys are listed and it is missing or by another.
    pub fn check_upload(&self, digest: &Digest, signature: Option<&Signature>) -> Result<(), Problem> {
        if let Some(signature) = signature
            && !signature.is_of(digest)
        {
            let detail = format!(
                "the signature is not one of {digest} by its key: sign these very bytes with `driftline plugin sign`"
            );
            return Err(Problem::invalid("signature_invalid", detail).at(Signature::HEADER));
        }
        match signature {
            _ if !self.is_required() || standard_plugins::is_standard(digest) => Ok(()),
            Some(signature) => self.name_of(signature.key()).map(drop).ok_or_else(|| unlisted(signature.key())),
            None => Err(missing("this server takes only plugins signed by a key that it lists")),
        }
    }

    /// Decides whether an installed plugin may run. Blocks on the catalog.
    ///
    /// # Errors
    /// 403 when keys are listed and none of them has signed it.
    pub fn check_run(&self, storage: &Storage, digest: &Digest) -> Result<(), Problem> {
        if !self.is_required() || standard_plugins::is_standard(digest) {
            return Ok(());
        }
        let kept = storage.plugin_signatures(digest)?;
        let is_sound = |kept: &PluginSignature| {
            let signature = Signature::from(kept);
            self.name_of(signature.key()).is_some() && signature.is_of(digest)
        };
        if kept.iter().any(is_sound) {
            return Ok(());
        }
        Err(missing("this server runs only plugins signed by a key that it lists, and none has signed this one"))
    }
}

fn listed(line: &str) -> Result<Listed, String> {
    let (key, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = name.trim();
    let key: PublicKey = key.parse()?;
    Ok(Listed { name: if name.is_empty() { key.to_string() } else { name.to_owned() }, key })
}

fn missing(reason: &str) -> Problem {
    let detail = format!("{reason}: upload it again with `driftline plugin push --sign KEY`");
    Problem::new(StatusCode::FORBIDDEN, "signature_required", detail).at(Signature::HEADER)
}

fn unlisted(key: &PublicKey) -> Problem {
    let detail = format!(
        "the plugin is signed by {key}, which this server does not list: sign it with a listed key, or ask its operator to list yours"
    );
    Problem::new(StatusCode::FORBIDDEN, "signer_unlisted", detail).at(Signature::HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(text: &str) -> Result<Trust, Error> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        Trust::read(Some(file.path()))
    }

    #[test]
    fn only_what_a_listed_key_signed_is_taken() {
        let (ours, theirs) = (SecretKey::new().expect("random"), SecretKey::new().expect("random"));
        let trust = trust(&format!("# ours\n\n{} the team\n", ours.public())).expect("a list");
        assert_eq!(trust.name_of(&ours.public()), Some("the team"));
        let (digest, other) = (Digest::of(b"a plugin"), Digest::of(b"another"));
        let sign = |key: &SecretKey, digest: &Digest| Some(Signature::new(key, digest));
        for (signature, code) in [
            (sign(&ours, &digest), None),
            (sign(&theirs, &digest), Some("signer_unlisted")),
            (sign(&ours, &other), Some("signature_invalid")),
            (None, Some("signature_required")),
        ] {
            let found = trust.check_upload(&digest, signature.as_ref());
            assert_eq!(found.err().map(|problem| problem.code).as_deref(), code);
        }
        let anyone = Trust::default();
        assert!(anyone.check_upload(&digest, None).is_ok());
        assert!(anyone.check_upload(&digest, sign(&theirs, &digest).as_ref()).is_ok());
        assert!(anyone.check_upload(&digest, sign(&theirs, &other).as_ref()).is_err(), "a wrong one is never taken");
    }

    #[test]
    fn a_list_that_is_none_says_where() {
        for (text, word) in
            [("", "no key"), ("# only\n", "no key"), ("\nrsa:00 us\n", "line 2"), ("ed25519:00", "line 1")]
        {
            let error = trust(text).err().expect("refused").to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(Trust::read(Some(Path::new("/nowhere/keys"))).is_err());
    }
}
