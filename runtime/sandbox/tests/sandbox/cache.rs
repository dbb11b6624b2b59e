//! Compiled plugins on disk are used when sound and made again when not.

use std::{fs, path::PathBuf};

use driftline_core::{Digest, Kind};
use driftline_sandbox::{Error, Limits, Options, Sandbox};

use crate::guest::{Place, SUM, options, wasm};

fn artifacts(place: &Place) -> Vec<PathBuf> {
    let files = fs::read_dir(place.dir.path()).expect("listed");
    files.map(|file| file.expect("listed").path()).collect()
}

fn absent() -> Result<Vec<u8>, String> {
    Err("the bytes were asked for".into())
}

#[test]
fn a_new_sandbox_finds_what_an_old_one_compiled() {
    let place = Place::new(Limits::default());
    let digest = place.sandbox.inspect(&wasm(&[("UPDATE", SUM)])).expect("accepted").digest;
    assert_eq!(artifacts(&place).len(), 1);
    let later = Sandbox::new(options(place.dir.path(), Limits::default())).expect("a sandbox");
    let plugin = later.load(&digest, absent).expect("from the cache");
    assert_eq!(plugin.digest(), &digest);
    assert!(matches!(later.load(&Digest::of(b"other"), absent), Err(Error::Fetch(_))));
}

#[test]
fn a_damaged_or_foreign_file_is_compiled_again() {
    let place = Place::new(Limits::default());
    let bytes = wasm(&[("UPDATE", SUM)]);
    let digest = place.sandbox.inspect(&bytes).expect("accepted").digest;
    let file = artifacts(&place).remove(0);
    let sound = fs::read(&file).expect("read");
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 0x40;
    for damaged in [&b""[..], b"\x7fELF", &sound[..sound.len() / 2], &flipped] {
        fs::write(&file, damaged).expect("damaged");
        let later = Sandbox::new(options(place.dir.path(), Limits::default())).expect("a sandbox");
        assert!(matches!(later.load(&digest, absent), Err(Error::Fetch(_))), "a damaged file is not used");
        later.load(&digest, || Ok::<_, String>(bytes.clone())).expect("compiled again");
        assert_eq!(fs::read(&file).expect("read"), sound, "compiling gives the same bytes again");
    }
}

#[test]
fn bytes_of_another_plugin_are_not_taken() {
    let place = Place::new(Limits::default());
    let wanted = Digest::of(b"wanted");
    let found = wasm(&[]);
    let error = place.sandbox.load(&wanted, || Ok::<_, String>(found.clone())).expect_err("others");
    assert!(matches!(error, Error::Digest { .. }), "{error}");
}

#[test]
fn a_forgotten_plugin_is_gone_and_its_instances_go_on() {
    let place = Place::new(Limits::default());
    let mut metric = place.start(&[("UPDATE", SUM)], &[Kind::Number]);
    let digest = Digest::of(&wasm(&[("UPDATE", SUM)]));
    place.sandbox.forget(&digest).expect("forgotten");
    place.sandbox.forget(&digest).expect("nothing to forget");
    assert!(artifacts(&place).is_empty());
    assert!(place.sandbox.load(&digest, absent).is_err());
    assert!(metric.open("{}").is_ok());
}

#[test]
fn many_plugins_compile_at_once_one_after_another() {
    let place = Place::new(Limits::default());
    let guests: Vec<_> =
        (0..6).map(|i| wasm(&[("EXTRA", &format!("(func $n (result i32) i32.const {})", i % 3))])).collect();
    std::thread::scope(|scope| {
        for bytes in &guests {
            let sandbox = place.sandbox.clone();
            scope.spawn(move || sandbox.inspect(bytes).expect("accepted"));
        }
    });
    assert_eq!(artifacts(&place).len(), 3);
}

#[test]
fn only_as_much_machine_code_stays_in_memory_as_may() {
    let place = Place::new(Limits::default());
    let small = Options { loaded_bytes: 1, ..options(place.dir.path(), Limits::default()) };
    let sandbox = Sandbox::new(small).expect("a sandbox");
    let older = sandbox.inspect(&wasm(&[])).expect("accepted").digest;
    let newer = sandbox.inspect(&wasm(&[("UPDATE", SUM)])).expect("accepted").digest;
    for file in artifacts(&place) {
        fs::remove_file(file).expect("removed");
    }
    assert!(sandbox.load(&newer, absent).is_ok(), "the newest is in memory");
    assert!(matches!(sandbox.load(&older, absent), Err(Error::Fetch(_))), "the older one is not");
}
