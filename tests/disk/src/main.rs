//! A disk for tests that forgets what was not synced when its power fails.
//!
//! It is a file system in memory, mounted through FUSE. Each file and each name exists twice: as programs see it, and as
//! it would be found after a power failure; `fsync` of a file or a folder, and nothing else, brings the second up to the
//! first. It is stricter than real ones: syncing a file does not keep its name, nor syncing a folder the folder's own.
//!
//! `forgetful-disk FOLDER honest|lying` mounts it there and takes commands line by line, each answered with `done`:
//!
//! | command | does |
//! |---|---|
//! | `fail N` | lets the power fail at the `N`th change or sync from now, then says `failed`: that request and all later ones get no answer |
//! | `off` | takes the power away: whoever waits for the disk gets an error |
//! | `restart LOSS SEED` | ends the failure: what was not synced is lost, and the disk is mounted anew. `LOSS` is `everything`, or `tail BYTES` or `scattered BYTES` with the size of a sector, and spares some of it |
//! | `settle` | keeps everything as it is now |
//!
//! At the end of its input it unmounts itself.

mod bytes;
mod disk;
mod fuse;
mod image;
mod loss;
mod names;
mod power;
#[cfg(test)]
mod tests;

use std::{
    io::{self, BufRead},
    path::Path,
    sync::Arc,
    thread,
};

use disk::{Disk, Honesty};
use loss::Loss;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (folder, honesty) = match words[..] {
        [folder, "honest"] => (folder, Honesty::Honest),
        [folder, "lying"] => (folder, Honesty::Lying),
        _ => return Err(unknown("forgetful-disk FOLDER honest|lying")),
    };
    let mut disk = Disk::mount(Path::new(folder), honesty)?;
    let power = Arc::clone(disk.power());
    thread::spawn(move || power.watch(|| println!("failed")));
    println!("done");
    for line in io::stdin().lock().lines() {
        obey(&mut disk, &line?)?;
        println!("done");
    }
    Ok(())
}

fn obey(disk: &mut Disk, command: &str) -> io::Result<()> {
    let words: Vec<&str> = command.split(' ').collect();
    match words[..] {
        ["fail", changes] => disk.power().fail_after(number(changes)?),
        ["off"] => disk.power().off(),
        ["settle"] => disk.settle(),
        ["restart", "everything", seed] => restart(disk, Loss::Everything, seed)?,
        ["restart", "tail", bytes, seed] => restart(disk, Loss::Tail(number(bytes)? as usize), seed)?,
        ["restart", "scattered", bytes, seed] => restart(disk, Loss::Scattered(number(bytes)? as usize), seed)?,
        _ => return Err(unknown(command)),
    }
    Ok(())
}

fn restart(disk: &mut Disk, loss: Loss, seed: &str) -> io::Result<()> {
    disk.restart(loss, &mut fastrand::Rng::with_seed(number(seed)?))
}

fn number(word: &str) -> io::Result<u64> {
    word.parse().map_err(|_| unknown(word))
}

fn unknown(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("not understood: {what}"))
}
