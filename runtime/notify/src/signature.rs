//! How a receiver of webhooks knows that a notice is ours, whole, and not an old one sent again.
//!
//! The header `Driftline-Signature` is `t=<unix seconds>,v1=<hex>`, where `v1` is the HMAC-SHA-256, with the channel's
//! secret as the key, of the time in decimal, a full stop, and the body as received. Several `v1` may stand in one
//! header; one that fits is enough. A receiver computes it over the raw bytes, before parsing them, compares in
//! constant time, refuses what is more than a few minutes old, and drops a known `Idempotency-Key`. In Python:
//!
//! ```python
//! parts = [part.split("=", 1) for part in header.split(",")]
//! time = dict(parts)["t"]
//! expected = hmac.new(secret.encode(), time.encode() + b"." + body, "sha256").hexdigest()
//! ok = any(hmac.compare_digest(expected, v) for k, v in parts if k == "v1") and abs(now - int(time)) <= 300
//! ```

use std::{fmt::Write, time::Duration};

use ring::hmac;

/// The header that carries it.
pub const HEADER: &str = "Driftline-Signature";

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not of the form `t=…,v1=…`.
    #[error("the signature is not of the form t=<unix seconds>,v1=<hex>")]
    Malformed,
    /// The notice is too old, or from the future.
    #[error("the signature's time is too far from now")]
    Expired,
    /// The body or the time was changed, or another secret used.
    #[error("the signature does not fit the body and secret")]
    Mismatch,
}

/// The header's value for a `body` sent at `time`, in Unix seconds.
pub fn sign(secret: &str, time: i64, body: &[u8]) -> String {
    let tag = hmac::sign(&key(secret), &signed(time, body));
    let mut header = format!("t={time},v1=");
    for byte in tag.as_ref() {
        // Writing to a string can't fail.
        _ = write!(header, "{byte:02x}");
    }
    header
}

/// Takes the `header` of a `body` that arrived at `now`, in Unix seconds, when both are at most `tolerance` apart.
///
/// # Errors
/// Why not.
pub fn verify(secret: &str, header: &str, body: &[u8], now: i64, tolerance: Duration) -> Result<(), SignatureError> {
    let parts: Vec<_> = header.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let time = parts.iter().find(|(name, _)| *name == "t").and_then(|(_, time)| time.parse::<i64>().ok());
    let mut tags = parts.iter().filter(|(name, _)| *name == "v1").filter_map(|(_, tag)| bytes(tag)).peekable();
    let (Some(time), Some(_)) = (time, tags.peek()) else { return Err(SignatureError::Malformed) };
    if now.abs_diff(time) > tolerance.as_secs() {
        return Err(SignatureError::Expired);
    }
    let (key, signed) = (key(secret), signed(time, body));
    match tags.any(|tag| hmac::verify(&key, &signed, &tag).is_ok()) {
        true => Ok(()),
        false => Err(SignatureError::Mismatch),
    }
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

fn signed(time: i64, body: &[u8]) -> Vec<u8> {
    [time.to_string().as_bytes(), b".", body].concat()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = hex.as_bytes().chunks(2).map(|pair| match *pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    });
    pairs.collect::<Option<Vec<u8>>>().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"event":"opened"}"#;
    const TIME: i64 = 1_700_000_000;

    #[test]
    fn is_what_others_compute() {
        // printf '1700000000.{"event":"opened"}' | openssl dgst -sha256 -hmac geheim
        let expected = "t=1700000000,v1=d4fdf93dffe0088c798eeb0a4918171e2562e22640950b92491c40afb5315899";
        assert_eq!(sign("geheim", TIME, BODY), expected);
    }

    #[test]
    fn takes_what_is_signed_and_nothing_else() {
        let good = sign("geheim", TIME, BODY);
        let tag = good.split_once("v1=").expect("signed").1;
        let (time, late, early) = (TIME, TIME + 301, TIME - 301);
        let (ok, malformed) = (Ok(()), Err(SignatureError::Malformed));
        let (expired, mismatch) = (Err(SignatureError::Expired), Err(SignatureError::Mismatch));
        for (secret, header, body, now, expected) in [
            ("geheim", good.clone(), BODY, time, ok),
            ("geheim", good.clone(), BODY, time + 300, ok),
            ("geheim", good.clone(), BODY, time - 300, ok),
            ("geheim", good.clone(), BODY, late, expired),
            ("geheim", good.clone(), BODY, early, expired),
            ("geheim", good.clone(), BODY, i64::MIN, expired),
            ("Geheim", good.clone(), BODY, time, mismatch),
            ("", good.clone(), BODY, time, mismatch),
            ("geheim", good.clone(), &br#"{"event":"opened"} "#[..], time, mismatch),
            ("geheim", format!("t={},v1={tag}", TIME + 1), BODY, time, mismatch),
            ("geheim", format!("t={TIME}, v1=00, v1={tag}"), BODY, time, ok),
            ("geheim", format!("v1={tag},t={TIME},v2=future"), BODY, time, ok),
            ("geheim", format!("t={TIME},v1={}", tag.to_uppercase()), BODY, time, ok),
            ("geheim", format!("t={TIME},v1={}", &tag[..62]), BODY, time, mismatch),
            ("geheim", format!("t={TIME},v1={}", &tag[..63]), BODY, time, malformed),
            ("geheim", format!("t={TIME},v1="), BODY, time, malformed),
            ("geheim", format!("t={TIME},v1=zz"), BODY, time, malformed),
            ("geheim", format!("t={TIME},v0={tag}"), BODY, time, malformed),
            ("geheim", format!("t=now,v1={tag}"), BODY, time, malformed),
            ("geheim", format!("v1={tag}"), BODY, time, malformed),
            ("geheim", String::new(), BODY, time, malformed),
        ] {
            assert_eq!(verify(secret, &header, body, now, Duration::from_secs(300)), expected, "{header} at {now}");
        }
    }
}
