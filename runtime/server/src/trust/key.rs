//! Ed25519 keys as text: `ed25519:` and hexadecimal digits.

use std::{fmt, str::FromStr};

use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair},
};

const KIND: &str = "ed25519:";
const SECRET: &str = "ed25519-secret:";

/// Who signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// What signs. It is shown to nobody.
pub struct SecretKey {
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl SecretKey {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new() -> Result<Self, String> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| "the system gives no randomness".to_owned())?;
        Self::from_seed(seed)
    }

    fn from_seed(seed: [u8; 32]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| error.to_string())?;
        Ok(Self { seed, pair })
    }

    /// What others know of it.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.pair.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Its file.
    pub fn text(&self) -> String {
        format!("{SECRET}{}\n", hex(&self.seed))
    }

    /// Signs.
    pub(super) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(self.pair.sign(message).as_ref());
        bytes
    }
}

impl FromStr for SecretKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.trim().strip_prefix(SECRET).ok_or("a secret key starts with `ed25519-secret:`")?;
        Self::from_seed(bytes(digits).ok_or("a secret key has 64 hexadecimal digits")?)
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix(KIND).ok_or("a public key starts with `ed25519:`")?;
        bytes(digits).map(Self).ok_or_else(|| "a public key has 64 hexadecimal digits".to_owned())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", hex(&self.0))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecretKey").field(&self.public()).finish()
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as exactly `N` bytes.
pub(super) fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, at) in bytes.iter_mut().zip((0..digits.len()).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, the first test.
    #[test]
    fn keys_and_signatures_are_those_of_the_standard() {
        let secret: SecretKey =
            "ed25519-secret:9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60".parse().expect("a key");
        let public = "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(secret.public().to_string(), public);
        assert_eq!(public.parse::<PublicKey>(), Ok(secret.public()));
        assert!(hex(&secret.sign(b"")).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"));
        assert_eq!(secret.text().parse::<SecretKey>().expect("its own text").public(), secret.public());
        assert!(!format!("{secret:?}").contains("9d61"), "a secret is shown to nobody");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "ed25519:", "ed25519:00", &format!("ed25519:{}", "g".repeat(64)), &"0".repeat(64)] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
            assert!(text.parse::<SecretKey>().is_err(), "{text}");
        }
    }
}
