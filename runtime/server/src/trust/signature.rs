//! Signatures as text: the key, a colon, and hexadecimal digits.

use std::{fmt, str::FromStr};

use driftline_core::Digest;
use driftline_storage::PluginSignature;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::key::{PublicKey, SecretKey, bytes, hex};

/// A signature of a plugin: by a key, over its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    key: PublicKey,
    bytes: [u8; 64],
}

impl Signature {
    /// The header of an upload that carries it.
    pub const HEADER: &str = "x-plugin-signature";

    /// Signs the plugin with this digest.
    pub fn new(key: &SecretKey, digest: &Digest) -> Self {
        Self { key: key.public(), bytes: key.sign(message(digest).as_bytes()) }
    }

    /// Who signed.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The 64 bytes.
    pub fn bytes(&self) -> &[u8; 64] {
        &self.bytes
    }

    /// Whether it is a signature of the plugin with this digest by its key.
    pub fn is_of(&self, digest: &Digest) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key.0).verify(message(digest).as_bytes(), &self.bytes).is_ok()
    }
}

/// What is signed: it says what it is, so that it can't pass for a signature of something else.
fn message(digest: &Digest) -> String {
    format!("driftline-plugin:{digest}")
}

impl From<&PluginSignature> for Signature {
    fn from(kept: &PluginSignature) -> Self {
        Self { key: PublicKey(kept.key), bytes: kept.signature }
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.key, hex(&self.bytes))
    }
}

impl FromStr for Signature {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, digits) =
            text.trim().rsplit_once(':').ok_or("a signature is a public key, a colon, and 128 hexadecimal digits")?;
        let bytes = bytes(digits).ok_or("a signature ends in 128 hexadecimal digits")?;
        Ok(Self { key: key.parse()?, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_its_text_and_no_change() {
        let key = SecretKey::new().expect("random");
        let digest = Digest::of(b"a plugin");
        let signature = Signature::new(&key, &digest);
        assert!(signature.is_of(&digest));
        assert!(!signature.is_of(&Digest::of(b"another")));
        assert_eq!(signature.to_string().parse(), Ok(signature.clone()));
        let mut changed = signature.clone();
        changed.bytes[5] ^= 1;
        assert!(!changed.is_of(&digest));
        for text in ["", "ed25519:00", &format!("ed25519:{}:00", "0".repeat(64))] {
            assert!(text.parse::<Signature>().is_err(), "{text}");
        }
    }
}
