//! `driftline plugin key` and `sign`: keys, and signatures beside files.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use driftline_core::Digest;

use crate::{
    cli::output::say,
    trust::{SecretKey, Signature},
};

/// Makes a key to sign plugins with
///
/// The secret key goes to the file; the line that it prints belongs into the
/// list that `driftline serve --plugin-keys` reads.
#[derive(Debug, Args)]
pub struct Key {
    /// The file of the secret key; it must not exist
    file: PathBuf,
    /// What the key is called in the list
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
}

/// Signs a plugin: writes FILE.sig, which `driftline plugin push` sends along
#[derive(Debug, Args)]
pub struct Sign {
    /// The plugin
    file: PathBuf,
    /// The file of the secret key
    #[arg(long, value_name = "KEY")]
    key: PathBuf,
}

/// Makes a key.
///
/// # Errors
/// When the file exists or can't be written.
pub fn make_key(key: &Key) -> anyhow::Result<()> {
    let secret = SecretKey::new().map_err(anyhow::Error::msg)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key.file)
        .with_context(|| format!("{} can't be made", key.file.display()))?;
    file.write_all(secret.text().as_bytes()).with_context(|| format!("{} can't be written", key.file.display()))?;
    say(format_args!("{} {}", secret.public(), key.name).to_string().trim_end())
}

/// Signs a file.
///
/// # Errors
/// When the key or the file can't be read, or the signature can't be written.
pub fn sign(sign: &Sign) -> anyhow::Result<()> {
    let wasm = fs::read(&sign.file).with_context(|| format!("{} can't be read", sign.file.display()))?;
    let signature = Signature::new(&secret(&sign.key)?, &Digest::of(&wasm));
    let beside = beside(&sign.file);
    fs::write(&beside, format!("{signature}\n")).with_context(|| format!("{} can't be written", beside.display()))?;
    say(format_args!("{} is signed by {} in {}", sign.file.display(), signature.key(), beside.display()))
}

/// Where the signature of a file is.
pub fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// The secret key in a file.
///
/// # Errors
/// When it can't be read.
pub fn secret(file: &Path) -> anyhow::Result<SecretKey> {
    let text = fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    let key = text.parse().map_err(anyhow::Error::msg);
    key.with_context(|| format!("{} is no secret key", file.display()))
}
